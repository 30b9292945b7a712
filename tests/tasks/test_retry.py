"""What may pass is waited for: for minutes, ever longer, and never past a stop."""

import pytest

from engine.errors import LibraryChanging, PlexRefused, PlexUnreachable, RunStopped
from tasks.config.settings import Settings
from tasks.runtime.cancellation import CancellationToken
from tasks.runtime.retry import LONGEST, call_with_retry, delay
from tests.state_machine.accounts import settings_for

MINUTES = 60.0


class Waiting(CancellationToken):
    """Sleeps without losing time; it can cancel itself in a sleep."""

    def __init__(self, stops_at=None):
        super().__init__()
        self.rests = []
        self._stops_at = stops_at

    def sleep(self, seconds):
        self.rests.append(seconds)
        if len(self.rests) == self._stops_at:
            self.cancel()


def delays(settings):
    """Return all waits between the attempts that the settings allow."""
    return [delay(settings, attempt + 1) for attempt in range(settings.retries)]


@pytest.fixture
def settings_of(tmp_path):
    return lambda **wishes: settings_for("http://plex", tmp_path / "db", **wishes)


def failing(*faults):
    """Return what fails so many times, and then says that it is done."""
    left = iter(faults)

    def act():
        for fault in left:
            raise fault
        return "done"

    return act


def test_what_passes_is_waited_for(settings_of):
    cancellation, told = Waiting(), []
    act = failing(PlexUnreachable("Plex is busy."), LibraryChanging("It grows."))

    result = call_with_retry(
        act, settings_of(retries=2, retry_delay=2), cancellation, told.append
    )

    assert result == "done"
    assert cancellation.rests == [2, 4]
    assert told == [
        "Plex is busy. Trying again in 2 s.",
        "It grows. Trying again in 4 s.",
    ]


def test_by_default_a_server_may_be_away_for_minutes(settings_of):
    plain = Settings.model_fields
    names = ("retries", "retry_delay")
    waits = delays(settings_of(**{name: plain[name].default for name in names}))

    assert sum(waits) >= 4 * MINUTES
    assert max(waits) == LONGEST


@pytest.mark.parametrize("first", [0, 0.5, 7, 60, 600])
def test_waits_never_shrink_and_end_at_the_longest(settings_of, first):
    waits = delays(settings_of(retries=20, retry_delay=first))

    assert waits[0] == first
    assert waits == sorted(waits)
    assert max(waits) == (max(first, LONGEST) if first else 0)


@pytest.mark.parametrize(
    ("error", "stops_at", "raised", "said", "rests"),
    [
        pytest.param(PlexUnreachable, None, PlexUnreachable, "3", [1, 2, 4], id="away"),
        pytest.param(PlexRefused, None, PlexRefused, "0", [], id="does not pass"),
        pytest.param(PlexUnreachable, 2, RunStopped, "stopped", [1, 2], id="stopped"),
    ],
)
def test_who_never_comes_back_is_given_up(
    settings_of, error, stops_at, raised, said, rests
):
    cancellation = Waiting(stops_at)
    act = failing(*[error(str(n)) for n in range(9)])
    settings = settings_of(retries=3, retry_delay=1)

    with pytest.raises(raised, match=said):
        call_with_retry(act, settings, cancellation, lambda _: None)

    assert cancellation.rests == rests
