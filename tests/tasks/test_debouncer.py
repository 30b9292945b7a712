"""New ratings lead to the letters of their artists, once it has become quiet."""

import threading
import time
from dataclasses import replace

from engine.errors import PlexUnreachable
from tasks.webhook import debouncer as webhook_listener
from tasks.webhook.debouncer import (
    MAX_REMEMBERED,
    MAX_WAIT,
    IgnoredEvents,
    RatingListener,
    SeenEvents,
)
from tasks.webhook.rating_event import Account, Event, event_of
from tests.tasks.payloads import payload

LONG = 30.0
UNHEARD: list[str] = []
RATED = event_of(payload())


class Ear:
    """What a listener acts on and says."""

    def __init__(self, fails: int = 0) -> None:
        self.fails = fails
        self.acted: list[list[Event]] = []
        self.said: list[str] = []
        self.ignored: list[str] = []
        self.done = threading.Event()

    def start(self, events: list[Event]) -> None:
        if self.fails:
            self.fails -= 1
            raise PlexUnreachable("Plex is away.")
        self.acted.append(events)
        self.done.set()


def listener_of(ear, quiet=0.05):
    """Return a listener that tells an ear."""
    return RatingListener(quiet, ear.start, ear.said.append, ear.ignored.append)


def test_several_ratings_become_one_run_with_the_last_of_each_item():
    ear = Ear()
    listener = listener_of(ear, 0.2)
    other = replace(RATED, guid="plex://track/34")
    last = replace(RATED, points=2.0)

    for event in (RATED, other, last):
        listener.hear(event)

    assert ear.done.wait(LONG)
    assert ear.acted == [[last, other]]


def test_the_rating_of_another_person_does_not_replace_the_owners():
    ear = Ear()
    listener = listener_of(ear)
    other = replace(RATED, account=Account(2, "guest", is_owner=False))

    for event in (RATED, other):
        listener.hear(event)

    assert ear.done.wait(LONG)
    assert ear.acted == [[RATED, other]]


def test_the_same_event_sent_again_starts_one_run():
    ear = Ear()
    listener = listener_of(ear)
    listener.hear(RATED)
    assert ear.done.wait(LONG)

    for _ in range(3):
        listener.hear(RATED)
    time.sleep(0.3)

    assert ear.acted == [[RATED]]
    assert ear.ignored == ["it came before"] * 3


def test_the_same_rating_given_at_another_time_starts_another_run():
    ear = Ear()
    listener = listener_of(ear)
    again = replace(RATED, date=RATED.date + 1)

    for event in (RATED, again):
        ear.done.clear()
        listener.hear(event)
        assert ear.done.wait(LONG)

    assert ear.acted == [[RATED], [again]]


def test_without_a_date_a_rating_is_new_if_it_differs_from_the_last_one():
    seen = SeenEvents()
    four, five = (replace(RATED, date=None, points=p) for p in (8.0, 10.0))
    told = [four, four, five, four, replace(four, guid="plex://track/34")]

    assert [seen.is_new(event) for event in told] == [True, False, True, True, True]


def test_only_so_many_events_are_remembered():
    seen = SeenEvents()
    for date in range(MAX_REMEMBERED + 1):
        assert seen.is_new(replace(RATED, date=date))

    assert not seen.is_new(replace(RATED, date=MAX_REMEMBERED))
    assert seen.is_new(replace(RATED, date=0))


def test_runs_are_started_one_after_the_other():
    timed = threading.Semaphore()
    overlaps = []
    done = threading.Event()

    def start(events):
        overlaps.append(not timed.acquire(blocking=False))
        time.sleep(0.2)
        timed.release()
        if len(overlaps) > 1:
            done.set()

    listener = RatingListener(0.01, start, UNHEARD.append, UNHEARD.append)
    listener.hear(RATED)
    time.sleep(0.1)
    listener.hear(replace(RATED, date=None))

    assert done.wait(LONG)
    assert overlaps == [False, False]


def test_constant_rating_starts_a_run_within_five_quiet_periods():
    ear = Ear()
    quiet = 0.2
    listener = listener_of(ear, quiet)
    begun = time.monotonic()

    for number in range(200):
        listener.hear(replace(RATED, guid=f"plex://track/{number}"))
        if ear.done.wait(quiet / 4):
            break
    listener.stop()

    assert ear.done.is_set()
    assert len(ear.acted[0]) > MAX_WAIT
    assert time.monotonic() - begun < 2 * MAX_WAIT * quiet


def test_what_could_not_be_done_is_kept_and_said_once(monkeypatch):
    monkeypatch.setattr(webhook_listener, "RETRY", 0.1)
    ear = Ear(fails=3)

    listener_of(ear).hear(RATED)

    assert ear.done.wait(LONG)
    assert ear.acted == [[RATED]]
    assert ear.said == ["New ratings wait, because: Plex is away."]


def test_what_could_not_be_done_is_not_tried_again_at_once():
    ear = Ear(fails=1)

    listener_of(ear, quiet=0).hear(RATED)

    assert not ear.done.wait(1)
    assert ear.said


def test_a_stopped_listener_forgets():
    ear = Ear()
    listener = listener_of(ear, 0.1)

    listener.hear(RATED)
    listener.stop()

    assert not ear.done.wait(0.3)


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
