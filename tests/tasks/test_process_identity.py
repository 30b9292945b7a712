"""Two processes are taken for one another in no container and on no system."""

import shutil
import subprocess
import sys
from dataclasses import replace

import psutil
import pytest

from tasks.record.process_identity import Place, ProcessIdentity

PATIENCE = 60.0
OWN = ProcessIdentity.of_this_process()
HOLD = """
import sys, time
from tasks.record.lease import lease
from tasks.record.store import ShadowStore
from tests.tasks.building import MINE
with ShadowStore.open(sys.argv[1], MINE, create=True) as store:
    with lease(store, "first"):
        print("held", flush=True)
        sys.stdin.read()
"""
TAKE = """
import sys
from engine.errors import LibraryHeld
from tasks.record.lease import Lease
from tasks.record.store import ShadowStore
from tests.tasks.building import MINE
with ShadowStore.open(sys.argv[1], MINE, create=True) as store:
    try:
        Lease(store, "second").take()
    except LibraryHeld as held:
        print(held)
    else:
        print("taken")
"""
IN_A_NAMESPACE = ["unshare", "--map-root-user", "--pid", "--fork", "--mount-proc"]
"""What a container does with processes: it cannot see those of others."""
BEHIND_OTHERS = ["sh", "-c", 'for n in $(seq 99); do env true; done; "$@"; exit', "sh"]
"""Gives the process an id that the other namespace has given to none."""


def can_unshare() -> bool:
    """Return whether this machine lets us make PID namespaces."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*IN_A_NAMESPACE, "true"], check=False).returncode == 0


def test_an_identity_survives_being_written_down():
    assert ProcessIdentity.parse(OWN.written, OWN.process) == OWN
    assert len(OWN.written) < 255


def test_this_process_may_live_and_a_later_one_with_its_id_is_another():
    assert OWN.may_live(OWN.place)
    assert not replace(OWN, started="1").may_live(OWN.place)


def test_a_process_whose_start_is_unknown_may_live():
    assert replace(OWN, started="").may_live(OWN.place)


@pytest.mark.parametrize("unknown", ["boot", "namespace"])
def test_where_processes_may_be_hidden_nobody_is_declared_dead(unknown):
    place = replace(OWN.place, **{unknown: ""})

    assert ProcessIdentity(place, 2**22 + 1, "1").may_live(place)


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_systems_are_known_by_their_boot_time(platform):
    place = Place.of_this_process(platform)

    assert abs(float(place.boot) * 60 - psutil.boot_time()) <= 60
    assert place.is_certain


def test_a_long_host_name_fits_into_its_column():
    place = Place("h" * 150, OWN.place.boot, OWN.place.namespace)

    assert len(ProcessIdentity(place, 1, "9" * 20).written) <= 255


@pytest.mark.skipif(not can_unshare(), reason="PID namespaces cannot be made here")
def test_in_another_pid_namespace_a_living_holder_keeps_the_lease(tmp_path):
    address = f"sqlite:///{tmp_path / 'state.db'}"

    with subprocess.Popen(
        [*IN_A_NAMESPACE, *BEHIND_OTHERS, sys.executable, "-c", HOLD, address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as first:
        held = first.stdout.readline()
        second = subprocess.run(
            [*IN_A_NAMESPACE, sys.executable, "-c", TAKE, address],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
        first.communicate(timeout=PATIENCE)

    assert held == "held\n"
    assert "Run first has been writing to this library since" in second.stdout
    assert first.returncode == 0
