"""A run in the UI that plans, waits for a person, and then writes just that plan."""

from pathlib import Path

import pytest

from tests.flows.catching import await_true
from tests.flows.listener import Served, items, ratings
from tests.simulator.process import Simulator

pytestmark = pytest.mark.system


def waiting(served: Served, **parameters: str) -> str:
    """Start a run, and wait until it waits for a person; return its id."""
    offer = served.await_offers()["infer-with-approval"]
    run_id = served.start(offer, **parameters)
    served.awaited(lambda: state_of(served, run_id)["type"] in {"PAUSED", "FAILED"})
    assert state_of(served, run_id)["name"] == "Suspended", state_of(served, run_id)
    return run_id


def state_of(served: Served, run_id: str) -> dict:
    return served.api.get(f"/flow_runs/{run_id}").json()["state"]


def answer(served: Served, run_id: str, *, write: bool) -> dict:
    """Press Resume, and fill in the form."""
    order = {"run_input": {"write": write}}
    told = served.post(f"/flow_runs/{run_id}/resume", order)
    assert told["status"] == "ACCEPT", told
    return served.await_end(run_id)


def test_a_plan_waits_for_a_person_and_is_written_but_for_what_changed(
    plex: Simulator, served: Served
) -> None:
    before = plex.dump()

    run_id = waiting(served)
    saved = list((served.listener.folder / "reports").glob("plan-*.json"))
    held = plex.dump()
    recorded = Path(served.listener.state).exists()
    key = next(k for k in sorted(items(before)) if k not in ratings(before))
    plex.rate(key, 2.0)
    plan = [one["key"] for one in served.of_run("artifacts", run_id)]
    run = answer(served, run_id, write=True)

    assert held == before
    assert not recorded
    assert len(saved) == 1
    assert "plan" in plan
    assert run["state_type"] == "COMPLETED", run["state"]["message"]
    after = ratings(plex.dump())
    assert after[key] == 2.0
    assert after.keys() > ratings(before).keys()
    assert {k: after[k] for k in ratings(before)} == ratings(before)
    assert not saved[0].exists()


def test_a_plan_that_is_not_approved_is_not_written(
    plex: Simulator, served: Served
) -> None:
    before = plex.dump()

    run_id = waiting(served, phases="1")
    run = answer(served, run_id, write=False)

    assert run["state_type"] == "CANCELLED"
    assert plex.dump() == before
    await_true(lambda: plex.counts()["writes"] == 0)
