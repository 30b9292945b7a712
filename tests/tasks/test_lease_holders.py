"""A holder of the lease is declared dead only if that is certain."""

import subprocess
import sys
import time
from dataclasses import replace

import psutil
import pytest

from engine.errors import LibraryHeld
from tasks.record.lease import Lease, lease
from tests.tasks.test_lease import HERE, HOST, dead_process, hold, holder

__all__ = ["dead_process"]


def test_a_later_process_with_the_id_of_a_dead_one_does_not_hold_the_lease(store):
    hold(store, host=replace(HERE, started="1").written)

    with lease(store, "run 2"):
        assert holder(store).run_id == "run 2"


def test_a_process_that_ended_and_was_not_yet_cleaned_up_is_dead(store):
    child = subprocess.Popen([sys.executable, "-c", ""])
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    hold(store, process=child.pid, host=replace(HERE, started="").written)

    with lease(store, "run 2"):
        assert holder(store).run_id == "run 2"
    child.wait()


@pytest.mark.parametrize("unlike", ["boot", "namespace"])
def test_of_another_container_with_this_host_name_only_its_silence_is_known(
    store, dead_process, unlike
):
    place = replace(HERE.place, **{unlike: "another"})
    hold(store, process=dead_process, host=replace(HERE, place=place).written)

    with pytest.raises(LibraryHeld, match=f"on {HOST}"):
        Lease(store, "run 2").take()


def test_a_lease_that_says_nothing_but_a_host_name_is_waited_for(store, dead_process):
    hold(store, process=dead_process, host=HOST)

    with pytest.raises(LibraryHeld, match=f"on {HOST}"):
        Lease(store, "run 2").take()
