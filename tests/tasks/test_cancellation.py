"""A run can be held and stopped between two writes, and only there."""

import threading
import time
from collections.abc import Callable

import pytest

from engine.errors import RunStopped
from tasks.runtime.cancellation import CancellationToken

A_MOMENT = 0.05
LONG = 60.0


class Walker:
    """Somebody in a thread of their own, on the way through."""

    def __init__(self, walk: Callable[[], None]) -> None:
        self.error: Exception | None = None
        self._walk = walk
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._walk()
        except RunStopped as stopped:
            self.error = stopped

    def is_still_there(self, seconds: float = A_MOMENT) -> bool:
        """Whether they have not come through after so long."""
        self._thread.join(seconds)
        return self._thread.is_alive()


@pytest.fixture
def cancellation() -> CancellationToken:
    return CancellationToken()


def test_an_untouched_gate_lets_everybody_pass(cancellation):
    cancellation.checkpoint()

    assert not cancellation.is_cancelled


@pytest.mark.parametrize("way_out", ["resume", "cancel"])
def test_a_paused_run_waits_until_it_is_resumed(cancellation, way_out):
    cancellation.pause()
    walker = Walker(cancellation.checkpoint)
    was_held = walker.is_still_there()

    getattr(cancellation, way_out)()

    assert was_held
    assert not walker.is_still_there(LONG)
    assert isinstance(walker.error, RunStopped) == (way_out == "cancel")


def test_a_stopped_run_stays_stopped_when_the_gate_is_opened(cancellation):
    cancellation.cancel()
    cancellation.resume()

    with pytest.raises(RunStopped, match="what it wrote is recorded"):
        cancellation.checkpoint()
    assert cancellation.is_cancelled


def test_a_rest_takes_its_time_even_where_nobody_may_pass(cancellation):
    cancellation.pause()
    begun = time.monotonic()

    cancellation.sleep(A_MOMENT)

    assert time.monotonic() - begun >= A_MOMENT / 2


def test_a_rest_ends_at_once_when_the_run_is_stopped(cancellation):
    walker = Walker(lambda: cancellation.sleep(LONG))
    was_resting = walker.is_still_there()

    cancellation.cancel()

    assert was_resting
    assert not walker.is_still_there(LONG / 2)
