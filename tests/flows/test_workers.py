"""On several machines: PostgreSQL for all, one server, workers that come and go."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows import machines as several
from tests.flows.expecting import inferred
from tests.flows.listener import Listener, ratings, tagged
from tests.flows.machines import Machines, end, parent_of
from tests.flows.test_faults import await_writes
from tests.flows.test_schedules import (
    EVERY_MINUTE,
    NIGHTLY,
    add_schedule,
    await_completed,
    change,
    seen,
)
from tests.flows.test_undo import state
from tests.simulator.process import Simulator

pytestmark = pytest.mark.system

PAGE = (Path(__file__).parents[2] / "docs" / "workers.md").read_text("utf-8")
REFUSAL = re.compile("has been writing to this library since|took this library")
SLOW = {"match": {"method": "PUT"}, "do": "slow", "ms": 300}


@pytest.fixture(scope="module")
def machines(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: str
) -> Iterator[Machines]:
    """A server on PostgreSQL to which everything is deployed."""
    machines = Machines(tmp_path_factory.mktemp("machines"), postgres_server)
    yield machines
    machines.end()


def planned_from_memory(machines: Machines, run: dict[str, Any]) -> int:
    """Return how many tasks of a retried run were taken from their kept results."""
    of_run = {"flow_runs": {"id": {"any_": [run["id"]]}}}
    tasks = machines.post("/task_runs/filter", of_run)
    return sum(task["state_name"] == "Cached" for task in tasks)


def test_what_a_killed_worker_left_is_finished_by_another_and_undone(
    plex: Simulator, machines: Machines
) -> None:
    before, expected = plex.dump(), inferred(plex)
    machines.configure(plex)
    plex.faults([SLOW])

    with machines.workers(plex, "one", "two") as workers:
        offers = machines.await_offers()
        started = machines.start(offers["infer"], dry_run=False)
        await_writes(plex, 5)
        writer = machines.writer()
        its_worker = workers[parent_of(writer)]
        os.kill(writer, signal.SIGKILL)
        first = machines.await_end(started)
        end(its_worker)
        left = ratings(plex.dump())
        plex.faults([])
        second = machines.retry(first["id"])
        after = plex.dump()
        undone = machines.run(offers["undo"], dry_run=False)

    assert (first["state_type"], second["state_type"]) == ("CRASHED", "COMPLETED")
    assert "-9" in first["state"]["message"]
    assert 0 < len(set(left) - set(ratings(before))) < len(expected)
    assert planned_from_memory(machines, second) > 0
    assert ratings(after) == pytest.approx(ratings(before) | expected, abs=0.011)
    assert tagged(after) == set(expected)
    assert undone["state_type"] == "COMPLETED"
    assert state(plex.dump()) == state(before)


def test_of_three_runs_at_once_one_writes_and_the_others_refuse_or_wait(
    plex: Simulator, machines: Machines, tmp_path: Path
) -> None:
    before, expected = plex.dump(), inferred(plex)
    machines.configure(plex)
    desk = Listener(tmp_path, plex, machines.address, STATE_URL=machines.record)
    plex.faults([SLOW])

    with machines.workers(plex, "one"):
        offers = machines.await_offers()
        served = machines.start(offers["infer"], dry_run=False)
        typed = [desk.start("infer") for _ in range(2)]
        said = [command.communicate()[1] for command in typed]
        run = machines.await_end(served)

    statuses = sorted(command.returncode for command in typed)
    written = [c["ratingKey"] for c in plex.journal() if c["what"] == "rating"]
    assert statuses in ([0, 4], [4, 4])
    assert REFUSAL.search(said[0] + said[1])
    assert run["state_type"] == "COMPLETED"
    assert sorted(written) == sorted(expected)
    assert ratings(plex.dump()) == pytest.approx(ratings(before) | expected, abs=0.011)


def test_a_schedule_fires_on_a_worker_and_deploying_again_keeps_it(
    plex: Simulator, machines: Machines
) -> None:
    machines.configure(plex)
    offers = machines.deployed()
    shipped = {
        name: [seen(one) for one in o["schedules"]] for name, o in offers.items()
    }
    change(machines, f"/deployments/{offers['rank']['id']}", {"paused": True})
    defaults = {"rank": {"count": 3}, "weekly-up-live": {"dry_run": True}}
    for name, mine in defaults.items():
        change(machines, f"/deployments/{offers[name]['id']}", {"parameters": mine})
    added = add_schedule(machines, offers["verify"], schedule=EVERY_MINUTE)
    add_schedule(
        machines,
        offers["infer"],
        schedule=NIGHTLY,
        active=False,
        parameters={"dry_run": None, "gone": 1, "phases": "2"},
    )
    add_schedule(machines, offers["weekly-up-live"], schedule=NIGHTLY)

    with machines.workers(plex, "one"):
        await_completed(machines, added)
    machines.deploy()
    after = machines.deployed()

    kept = schedules_seen(after)
    weekly = (False, {"cron": "30 3 * * 1", "timezone": "UTC", "day_or": True}, {})
    assert shipped["weekly-up-live"] == [weekly]
    assert kept["verify"] == [(True, EVERY_MINUTE | {"day_or": True}, {})]
    assert kept["infer"] == [(False, NIGHTLY, {"dry_run": True, "phases": "2"})]
    assert sorted(kept["weekly-up-live"]) == [weekly, (True, NIGHTLY, {})]
    assert kept["monthly-full-live"] == shipped["monthly-full-live"]
    assert [one[0] for one in kept["monthly-full-live"]] == [False]
    assert {name for name, offer in after.items() if offer["paused"]} == {"rank"}
    assert {name: after[name]["parameters"] for name in defaults} == defaults


def schedules_seen(offers: dict[str, dict[str, Any]]) -> dict[str, list[Any]]:
    """Return what a person sees of the schedules of each deployment."""
    return {name: [seen(one) for one in o["schedules"]] for name, o in offers.items()}


@pytest.mark.parametrize("name", ["SERVER", "POOL", "DEPLOY", "WORKER"])
def test_the_documentation_names_the_very_commands(name: str) -> None:
    assert f"\n{getattr(several, name)}" in PAGE
