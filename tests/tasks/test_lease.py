"""One run at a time writes to a library, and a dead one does not bar the way."""

import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from sqlalchemy import create_engine, insert, select, update

from engine.errors import LibraryHeld
from tasks.record import lease as leasing
from tasks.record.lease import LIFETIME, RENEWAL, Lease, ProcessIdentity, lease
from tasks.record.store import ShadowStore
from tasks.record.tables import LeaseRow
from tests.tasks.building import MINE
from tests.tasks.postgres import await_waiting

HERE = ProcessIdentity.of_this_process()
HOST = socket.gethostname()
LONG = 30.0


def held_by_run_1(store, **facts):
    """Return the statement that writes down who holds the library."""
    now = time.time()
    known = {"host": HERE.written, "process": os.getpid(), "run_id": "run 1"}
    known |= {"since": now, "heartbeat": now, "library_id": store.library_id}
    return insert(LeaseRow).values(**(known | facts))


def hold(store, **facts):
    with store.database.writing() as connection:
        connection.execute(held_by_run_1(store, **facts))


def holder(store):
    with store.database.reading() as connection:
        of_library = LeaseRow.library_id == store.library_id
        return connection.execute(select(LeaseRow).where(of_library)).one_or_none()


def change(store, **facts):
    with store.database.writing() as connection:
        connection.execute(update(LeaseRow).values(**facts))


def taken(store):
    """Return a lease that is held."""
    held = Lease(store, "run 1")
    held.take()
    return held


@pytest.fixture
def lost(store):
    """Return a lease that another run has taken over."""
    held = taken(store)
    change(store, run_id="another")
    return held


@pytest.fixture
def dead_process():
    """Return the number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_who_takes_a_free_library_is_written_down(store):
    with lease(store, "run 1"):
        row = holder(store)

    assert (row.run_id, row.host, row.process) == ("run 1", HERE.written, os.getpid())
    assert abs(row.heartbeat - time.time()) < LONG


def test_a_second_run_is_told_who_holds_the_library_and_changes_nothing(store):
    with lease(store, "run 1") as first:
        with pytest.raises(LibraryHeld) as refused:
            Lease(store, "run 2").take()

        first.renew()
        assert holder(store).run_id == "run 1"
    sentence = str(refused.value)
    assert sentence.startswith("Run run 1 has been writing to this library since")
    assert f"(process {os.getpid()} on {HOST})" in sentence


def test_a_library_is_given_back_also_by_a_run_that_fails(store):
    with pytest.raises(KeyError), lease(store, "run 1"):
        raise KeyError

    assert holder(store) is None
    with lease(store, "run 2"):
        assert holder(store).run_id == "run 2"
    assert holder(store) is None


def test_two_libraries_can_be_held_at_once(address, store):
    with (
        ShadowStore.open(address, replace(MINE, uuid="2"), create=True) as other,
        lease(store, "run 1"),
        lease(other, "run 2"),
    ):
        assert holder(store).run_id == "run 1"
        assert holder(other).run_id == "run 2"


LONG_AGO = time.time() - LIFETIME - 1


@pytest.mark.parametrize(
    "facts",
    [{"process": None}, {"heartbeat": LONG_AGO}, {"heartbeat": LONG_AGO, "host": "x"}],
    ids=["dead", "silent for long", "silent for long, elsewhere"],
)
def test_a_dead_holder_is_succeeded_at_once(store, dead_process, facts):
    hold(store, **{k: dead_process if v is None else v for k, v in facts.items()})

    with lease(store, "run 2"):
        assert holder(store).run_id == "run 2"


def test_of_a_process_elsewhere_only_its_silence_is_known(store, dead_process):
    heartbeat = time.time() - 4 * RENEWAL  # a few signs of life may be missed
    hold(store, process=dead_process, host="elsewhere", heartbeat=heartbeat)

    with pytest.raises(LibraryHeld, match="on elsewhere"):
        Lease(store, "run 2").take()


def test_a_process_of_somebody_else_lives(store):
    hold(store, process=1, host=replace(HERE, started="").written)

    with pytest.raises(LibraryHeld, match=f"process 1 on {HOST}"):
        Lease(store, "run 2").take()


def test_a_sign_of_life_renews_the_lease_but_not_all_the_time(store):
    held = taken(store)
    change(store, heartbeat=0)

    held.check()
    assert holder(store).heartbeat == 0
    held.renew()
    assert abs(holder(store).heartbeat - time.time()) < LONG


def test_a_lost_lease_cannot_be_renewed_and_is_noticed_after_a_silence(
    lost, monkeypatch
):
    with pytest.raises(LibraryHeld, match="taken for dead"):
        lost.renew()

    monkeypatch.setattr(leasing, "RENEWAL", -1)
    with pytest.raises(LibraryHeld):
        lost.check()


def test_who_lost_the_lease_does_not_take_it_from_the_next(store, lost):
    lost.give_back()

    assert holder(store).run_id == "another"


def test_signs_of_life_come_by_themselves(store, monkeypatch):
    monkeypatch.setattr(leasing, "RENEWAL", 0.01)
    deadline = time.monotonic() + LONG

    with lease(store, "run 1"):
        row = holder(store)
        while row.heartbeat == row.since and time.monotonic() < deadline:
            row = holder(store)

    assert row.heartbeat > row.since


def test_signs_of_life_end_when_the_lease_is_lost(lost, monkeypatch):
    monkeypatch.setattr(leasing, "RENEWAL", 0.01)

    keeper = threading.Thread(target=lost.keep, args=[threading.Event()], daemon=True)
    keeper.start()
    keeper.join(LONG)

    assert not keeper.is_alive()


def test_of_two_runs_at_the_same_moment_the_second_is_refused(postgres):
    errors = []

    def come_second(store):
        try:
            Lease(store, "run 2").take()
        except Exception as error:  # noqa: BLE001 (whatever it is, it is judged below)
            errors.append(error)

    with ShadowStore.open(postgres, MINE, create=True) as store:
        first = create_engine(postgres)
        with first.begin() as connection:
            connection.execute(held_by_run_1(store))
            second = threading.Thread(target=come_second, args=[store])
            second.start()
            await_waiting(connection)
        second.join()
        first.dispose()

    assert [type(error) for error in errors] == [LibraryHeld]
