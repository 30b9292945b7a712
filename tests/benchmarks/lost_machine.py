"""A machine is lost in mid-write, worker and all: Prefect notices, another finishes.

Takes some two minutes, most of them silence; `make bench-workers` runs it.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.flows.listener import ratings
from tests.flows.test_faults import await_writes
from tests.flows.test_workers import SLOW, Machines, machines, parent_of
from tests.oracle import expected_ratings
from tests.simulator.process import Simulator
from tests.tasks.postgres import postgres_server

__all__ = ["machines", "postgres_server"]
ROOT = Path(__file__).parents[2]
HEARTBEAT, SILENCE = 30, 90
"""Seconds: the shortest that Prefect allows, and what we take for death."""


@pytest.fixture
def plex() -> Iterator[Simulator]:
    with Simulator.start(synthetic=120) as simulator:
        yield simulator


def automate(machines: Machines) -> None:
    """Make the automation of the docs, less patient than it is there."""
    document = yaml.safe_load((ROOT / "docs" / "automations.yaml").read_text("utf-8"))
    document["automations"][0]["trigger"]["within"] = SILENCE
    (machines.folder / "automations.yaml").write_text(yaml.safe_dump(document))
    command = (
        f"prefect automation create --from-file {machines.folder}/automations.yaml"
    )
    assert machines.begin(command, **machines.client).wait(60) == 0


def test_a_lost_machine_is_found_crashed_and_its_run_finished_by_another(
    plex: Simulator, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", str(HEARTBEAT))
    before = plex.dump()
    automate(machines)
    machines.configure(plex)
    plex.faults([SLOW])

    with machines.workers(plex, "one", "two"):
        started = machines.start(machines.await_offers()["infer"], dry_run=False)
        await_writes(plex, 5)
        writer = machines.writer()
        for process in (parent_of(writer), writer):
            os.kill(process, signal.SIGKILL)
        plex.faults([])
        first = machines.await_end(started)
        second = machines.retry(started)

    expected = ratings(before) | expected_ratings(before)
    assert (first["state_type"], second["state_type"]) == ("CRASHED", "COMPLETED")
    assert ratings(plex.dump()) == pytest.approx(expected, abs=0.011)
