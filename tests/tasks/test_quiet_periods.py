"""When a run starts after ratings is exact, by a clock that a test moves."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tasks.webhook import debouncer
from tests.tasks.test_debouncer import RATED, Ear, listener_of


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


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    threads = SimpleNamespace(Lock=threading.Lock, Timer=clock.timer)
    monkeypatch.setattr(debouncer, "time", clock)
    monkeypatch.setattr(debouncer, "threading", threads)
    return clock


def test_a_run_starts_exactly_when_five_quiet_periods_are_over(clock):
    ear = Ear()
    listener = listener_of(ear, quiet=60)
    begun = clock.now

    while not ear.acted:
        listener.hear(replace(RATED, guid=f"plex://track/{clock.now}"))
        clock.pass_by(10)
        assert clock.now - begun <= 5 * 60

    assert clock.now - begun == 5 * 60
    assert len(ear.acted[0]) == 30


def test_a_run_starts_exactly_when_one_quiet_period_is_over(clock):
    ear = Ear()

    listener_of(ear, quiet=60).hear(RATED)
    clock.pass_by(59)
    early = list(ear.acted)
    clock.pass_by(1)

    assert (early, ear.acted) == ([], [[RATED]])
