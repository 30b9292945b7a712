"""A run may wait for another one, and no machine's wrong clock decides who lives."""

import socket
import time

import pytest

from engine.errors import LibraryHeld, RunStopped
from tasks.machine import Machine
from tasks.record.lease import LIFETIME, Lease, LeaseWait, lease
from tasks.runtime.cancellation import CancellationToken
from tests.tasks.test_lease import LONG, hold, holder


def wrong_clock(seconds):
    return Machine(now=lambda: time.time() + seconds)


@pytest.mark.parametrize("wrong", [-7200, 7200])
def test_a_clock_that_is_wrong_takes_nobody_for_dead(store, monkeypatch, wrong):
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(socket, "gethostname", lambda: "elsewhere")
        elsewhere.setattr(store, "machine", wrong_clock(wrong))
        first = Lease(store, "run 1")
        first.take()
        first.renew()

    with pytest.raises(LibraryHeld, match="on elsewhere"):
        Lease(store, "run 2").take()


@pytest.mark.parametrize("wrong", [-7200, 7200])
def test_a_clock_that_is_wrong_keeps_nobody_alive(store, monkeypatch, wrong):
    hold(store, host="elsewhere", heartbeat=time.time() - LIFETIME - 1)
    monkeypatch.setattr(store, "machine", wrong_clock(wrong))

    with lease(store, "run 2"):
        assert holder(store).run_id == "run 2"


def test_a_patient_run_is_told_once_for_whom_it_waits(store):
    first = Lease(store, "run 1")
    first.take()
    rests, said = iter(["wait", "wait", "come"]), []

    def rest(_seconds):
        if next(rests) == "come":
            first.give_back()

    with lease(store, "run 2", LeaseWait(LONG, rest, said.append)):
        assert holder(store).run_id == "run 2"
    assert [s.startswith("Run run 1 has been writing") for s in said] == [True]


def test_patience_has_an_end(store):
    with (
        lease(store, "run 1"),
        pytest.raises(LibraryHeld, match="run 1"),
        lease(store, "run 2", LeaseWait(0.05, time.sleep)),
    ):
        pass

    assert holder(store) is None


def test_who_waits_can_be_stopped(store):
    cancellation = CancellationToken()
    cancellation.cancel()

    with (
        lease(store, "run 1"),
        pytest.raises(RunStopped),
        lease(store, "run 2", LeaseWait(LONG, cancellation.sleep_or_raise)),
    ):
        pass
