"""Two processes are taken for one another in no container and on no system."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace

import psutil
import pytest

from engine.errors import LibraryHeld
from tasks.record.lease import Lease, ProcessIdentity, lease
from tests.tasks.test_lease import dead_process, hold, holder

__all__ = ["dead_process"]

PATIENCE = 60.0
OWN = ProcessIdentity.of_this_process()
OPEN = """
import sys
from engine.library import Identity
from tasks.record.lease import lease
from tasks.record.store import ShadowStore
mine = Identity("server", "uuid", "1", "Music")
with ShadowStore.open(sys.argv[1], mine, create=True) as store:
"""
HOLD = f"""{OPEN}
    with lease(store, "first"):
        print("held", flush=True)
        sys.stdin.read()
"""
TAKE = f"""{OPEN}
    try:
        with lease(store, "second"):
            print("taken")
    except Exception as held:
        print(type(held).__name__, held)
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


def test_a_long_host_name_fits_into_its_column():
    named = replace(OWN, host="h" * 150, started="9" * 20)

    assert len(named.written) <= 255


@pytest.mark.parametrize(
    ("facts", "lives"), [({}, True), ({"started": ""}, True), ({"started": "1"}, False)]
)
def test_this_process_may_live_and_a_later_one_with_its_id_is_another(facts, lives):
    assert replace(OWN, **facts).may_live(OWN) is lives


@pytest.mark.parametrize("unknown", ["boot", "namespace"])
def test_where_processes_may_be_hidden_nobody_is_declared_dead(unknown):
    hidden = replace(OWN, process=2**22 + 1, started="1", **{unknown: ""})

    assert hidden.may_live(replace(OWN, **{unknown: ""}))


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_systems_are_known_by_their_boot_time(platform):
    known = ProcessIdentity.of_this_process(platform)

    assert abs(float(known.boot) * 60 - psutil.boot_time()) <= 60
    assert all(known.place)


def test_a_later_process_with_the_id_of_a_dead_one_does_not_hold_the_lease(store):
    hold(store, host=replace(OWN, started="1").written)

    with lease(store, "run 2"):
        assert holder(store).run_id == "run 2"


def test_a_process_that_ended_and_was_not_yet_cleaned_up_is_dead(store):
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    hold(store, process=child.pid, host=replace(OWN, started="").written)

    with lease(store, "run 2"):
        assert holder(store).run_id == "run 2"
    child.wait()


@pytest.mark.parametrize(
    "host",
    [
        replace(OWN, boot="another").written,
        replace(OWN, namespace="another").written,
        OWN.host,
    ],
    ids=["another boot", "another container", "a bare host name"],
)
def test_of_a_process_that_cannot_be_seen_only_its_silence_is_known(
    store, dead_process, host
):
    hold(store, process=dead_process, host=host)

    with pytest.raises(LibraryHeld, match=f"on {OWN.host}"):
        Lease(store, "run 2").take()


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
    said = "LibraryHeld Run first has been writing to this library since"
    assert second.stdout.startswith(said)
    assert first.returncode == 0
