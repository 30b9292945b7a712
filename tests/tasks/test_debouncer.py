"""New ratings lead to one run once it is quiet, by a clock that a test moves."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest

from engine.errors import PlexUnreachable
from tasks.webhook import debouncer
from tasks.webhook.debouncer import (
    MAX_REMEMBERED,
    RETRY,
    IgnoredEvents,
    RatingListener,
    SeenEvents,
)
from tasks.webhook.rating_event import Account, event_of
from tests.tasks.payloads import payload

QUIET = 60
RATED = event_of(payload())
OTHER = replace(RATED, guid="plex://track/34")


class Clock:
    """Time that passes only when it is told to, and timers that go by it."""

    def __init__(self):
        self.now = 1000.0
        self.timers = []

    def monotonic(self):
        return self.now

    def timer(self, seconds, act):
        self.timers.append(FakeTimer(self.now + seconds, act))
        return self.timers[-1]

    def pass_by(self, seconds):
        self.now += seconds
        for timer in self.timers:
            if timer.is_on and timer.due <= self.now:
                timer.is_on = False
                timer.act()


class FakeTimer:
    """Acts once it is due, unless it was cancelled."""

    daemon = False

    def __init__(self, due, act):
        self.due, self.act, self.is_on = due, act, False

    def start(self):
        self.is_on = True

    def cancel(self):
        self.is_on = False


class Ear:
    """What a listener acts on and says."""

    def __init__(self):
        self.fails = 0
        self.acted = []
        self.said = []
        self.ignored = []
        self.listener = RatingListener(
            QUIET, self.start, self.said.append, self.ignored.append
        )
        self.hear = self.listener.hear

    def start(self, events):
        if self.fails:
            self.fails -= 1
            raise PlexUnreachable("Plex is away.")
        self.acted.append(events)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    threads = SimpleNamespace(Lock=threading.Lock, Timer=clock.timer)
    monkeypatch.setattr(debouncer, "time", clock)
    monkeypatch.setattr(debouncer, "threading", threads)
    return clock


@pytest.fixture
def ear(clock):
    return Ear()


def test_several_ratings_become_one_run_with_the_last_of_each_item(clock, ear):
    last = replace(RATED, points=2.0)

    for event in (RATED, OTHER, last):
        ear.hear(event)
    clock.pass_by(QUIET - 1)
    early = list(ear.acted)
    clock.pass_by(1)

    assert (early, ear.acted) == ([], [[last, OTHER]])


def test_a_run_starts_exactly_when_five_quiet_periods_are_over(clock, ear):
    begun = clock.now

    while not ear.acted:
        ear.hear(replace(RATED, guid=f"plex://track/{clock.now}"))
        clock.pass_by(10)
        assert clock.now - begun <= 5 * QUIET

    assert clock.now - begun == 5 * QUIET
    assert len(ear.acted[0]) == 30


def test_the_rating_of_another_person_does_not_replace_the_owners(clock, ear):
    other = replace(RATED, account=Account(2, "guest", is_owner=False))

    for event in (RATED, other):
        ear.hear(event)
    clock.pass_by(QUIET)

    assert ear.acted == [[RATED, other]]


def test_only_a_rating_given_at_another_time_starts_another_run(clock, ear):
    again = replace(RATED, date=RATED.date + 1)

    for event in (RATED, RATED, RATED, again):
        ear.hear(event)
        clock.pass_by(QUIET)

    assert ear.acted == [[RATED], [again]]
    assert ear.ignored == ["it came before"] * 2


def test_without_a_date_a_rating_is_new_if_it_differs_from_the_last_one():
    seen = SeenEvents()
    four, five = (replace(RATED, date=None, points=p) for p in (8.0, 10.0))
    told = [four, four, five, four, replace(five, date=1), five, replace(four, guid="")]

    news = [True, False, True, True, True, True, True]
    assert [seen.is_new(event) for event in told] == news


def test_only_so_many_events_are_remembered():
    seen = SeenEvents()
    for date in range(MAX_REMEMBERED + 1):
        assert seen.is_new(replace(RATED, date=date))

    assert not seen.is_new(replace(RATED, date=MAX_REMEMBERED))
    assert seen.is_new(replace(RATED, date=0))


def test_runs_are_started_one_after_the_other(clock):
    acted = []

    def start(events):
        acted.append(events)
        if events == [RATED]:
            listener.hear(OTHER)
            second.start()
            second.join(0.1)  # it would end in that time if nothing held it
            assert second.is_alive()
            assert acted == [[RATED]]

    second = threading.Thread(target=clock.pass_by, args=[QUIET])
    listener = RatingListener(QUIET, start, acted.append, acted.append)
    listener.hear(RATED)
    clock.pass_by(QUIET)
    second.join()

    assert acted == [[RATED], [OTHER]]


def test_what_could_not_be_done_is_kept_tried_again_later_and_said_once(clock, ear):
    ear.fails = 3
    later = max(QUIET, RETRY)

    ear.hear(RATED)
    clock.pass_by(QUIET)
    clock.pass_by(later - 1)
    tried_at_once = 3 - ear.fails
    clock.pass_by(1)
    for _ in range(2):
        clock.pass_by(later)

    assert tried_at_once == 1
    assert ear.acted == [[RATED]]
    assert ear.said == ["New ratings wait, because: Plex is away."]


def test_a_stopped_listener_forgets(clock, ear):
    ear.hear(RATED)
    ear.listener.stop()
    clock.pass_by(QUIET)

    assert ear.acted == []


def test_a_reason_to_ignore_is_told_now_and_then():
    said: list[str] = []
    ignore = IgnoredEvents(said.append)

    for _ in range(25):
        ignore("it is late")
    ignore("it is early")

    assert said == [
        "Webhook: an event is ignored, because it is late.",
        "Webhook: an event is ignored, because it is late (10 times so far).",
        "Webhook: an event is ignored, because it is early.",
    ]
