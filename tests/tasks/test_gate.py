"""A run can be held and stopped between two writes, and only there."""

import threading
import time
from collections.abc import Callable

import pytest

from engine.errors import RunStopped
from tasks.runtime.cancellation import Gate

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
def gate() -> Gate:
    return Gate()


def test_an_untouched_gate_lets_everybody_pass(gate):
    gate.pass_through()

    assert gate.is_open
    assert not gate.is_stopping


def test_a_closed_gate_holds_until_it_is_opened(gate):
    gate.close()
    walker = Walker(gate.pass_through)
    was_held = walker.is_still_there()

    gate.open()

    assert was_held
    assert not walker.is_still_there(LONG)
    assert walker.error is None


def test_a_stopped_gate_sends_everybody_away(gate):
    gate.stop()

    with pytest.raises(RunStopped, match="what it wrote is recorded"):
        gate.pass_through()
    assert gate.is_stopping


def test_whoever_is_held_leaves_when_the_run_is_stopped(gate):
    gate.close()
    walker = Walker(gate.pass_through)
    was_held = walker.is_still_there()

    gate.stop()

    assert was_held
    assert not walker.is_still_there(LONG)
    assert isinstance(walker.error, RunStopped)


def test_a_stopped_run_stays_stopped_when_the_gate_is_opened(gate):
    gate.stop()
    gate.open()

    with pytest.raises(RunStopped):
        gate.pass_through()


def test_a_rest_takes_its_time(gate):
    begun = time.monotonic()

    gate.rest(A_MOMENT)

    assert time.monotonic() - begun >= A_MOMENT / 2


def test_a_rest_ends_at_once_when_the_run_is_stopped(gate):
    walker = Walker(lambda: gate.rest(LONG))
    was_resting = walker.is_still_there()

    gate.stop()

    assert was_resting
    assert not walker.is_still_there(LONG / 2)


def test_a_rest_ends_even_where_nobody_may_pass(gate):
    gate.close()
    walker = Walker(lambda: gate.rest(A_MOMENT))

    assert not walker.is_still_there(LONG)
