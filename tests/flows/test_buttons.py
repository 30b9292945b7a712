"""Pause, Resume and Cancel of the Prefect UI, given over its API as it does."""

import collections
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.flows.catching import await_true, make_slow, rated, written
from tests.flows.expecting import inferred
from tests.flows.listener import Served, ratings
from tests.simulator.process import Simulator

CALM = 1.5
"""Seconds in which a run that goes on would write twice."""


def state_of(served: Served, run_id: str) -> dict[str, Any]:
    """Return in which state a run is."""
    return served.api.get(f"/flow_runs/{run_id}").json()["state"]


def states_of_tasks(served: Served, run_id: str) -> set[str]:
    """Return in which states the tasks of a run are."""
    return {task["state_type"] for task in served.of_run("task_runs", run_id)}


def holders(served: Served) -> int:
    """Count the processes that hold the library."""
    return served.listener.query("SELECT count(*) FROM lease")[0][0]


def await_more_writes(plex: Simulator) -> None:
    so_far = written(plex)
    await_true(lambda: written(plex) > so_far)


def is_calm(plex: Simulator) -> bool:
    """Whether nothing is written for a while."""
    so_far = written(plex)
    time.sleep(CALM)
    return written(plex) == so_far


def pause(plex: Simulator, served: Served, run_id: str) -> None:
    """Press Pause, leave its time-out of five minutes as it is, and look around."""
    timeout = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    details = {"pause_timeout": timeout, "pause_reschedule": True}
    facts = {"name": "Suspended", "state_details": details}
    served.set_state(run_id, "PAUSED", force=True, **facts)

    await_true(lambda: holders(served) == 0)
    assert is_calm(plex)
    state = state_of(served, run_id)
    assert (state["type"], state["state_details"]["pause_timeout"]) == ("PAUSED", None)
    assert "In the UI, press Resume." in state["message"]
    assert "go on with: plexbayes 0 --live" in state["message"]
    tasks = states_of_tasks(served, run_id)
    assert tasks
    assert not tasks & {"FAILED", "CRASHED"}


def hold(plex: Simulator, served: Served, run_id: str) -> None:
    """Pause as an automation or another program may, the process staying."""
    details = {"pause_reschedule": False}
    served.set_state(run_id, "PAUSED", name="Paused", state_details=details)

    await_true(lambda: is_calm(plex))
    assert (state_of(served, run_id)["type"], holders(served)) == ("PAUSED", 1)


def cancel(served: Served, run_id: str) -> None:
    """Press Cancel, and see it told in plain words and without any red."""
    served.set_state(run_id, "CANCELLING", name="Cancelling")

    cancelled = served.await_end(run_id)
    lines = served.logs(run_id)
    assert cancelled["state_type"] == "CANCELLED"
    for said in (
        "what was written is recorded",
        "press Retry",
        "go on with: plexbayes 0",
    ):
        assert said in cancelled["state"]["message"]
    assert not states_of_tasks(served, run_id) & {"FAILED", "CRASHED"}
    assert not [line for line in lines if "Traceback" in line["message"]]
    assert max(line["level"] for line in lines) < logging.ERROR


def test_a_run_is_paused_held_and_cancelled_from_the_ui_and_nothing_is_lost(
    plex: Simulator, served: Served
) -> None:
    before, expected = plex.dump(), inferred(plex)
    offers = served.await_offers()
    served.listener.acquaint()
    make_slow(plex, {"method": "PUT"}, 700)
    run_id = served.start(offers["infer"], dry_run=False)

    for stop in (pause, hold):
        await_more_writes(plex)
        stop(plex, served, run_id)
        served.post(f"/flow_runs/{run_id}/resume", {})
    await_more_writes(plex)
    cancel(served, run_id)
    plex.faults([])
    served.run(offers["verify"])  # begins when the process of the run is gone
    finished = served.retry(run_id)

    assert finished["state_type"] == "COMPLETED"
    times = collections.Counter(rated(plex))
    assert set(times.values()) == {1}
    expected = ratings(before) | expected
    assert ratings(plex.dump()) == pytest.approx(expected, abs=0.011)
