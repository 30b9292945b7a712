"""Pause, Resume and Cancel of the Prefect UI, given over its API as it does."""

import collections
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.flows.catching import await_true, make_slow, rated, written
from tests.flows.expecting import inferred
from tests.flows.listener import Listener, ratings
from tests.flows.test_serve import Served, served
from tests.simulator.process import Simulator

pytestmark = pytest.mark.system

__all__ = ["served"]

CALM = 3.0
"""Seconds in which a run that goes on would write a lot."""


class Buttons:
    """The buttons of one run."""

    def __init__(self, served: Served, run_id: str) -> None:
        self.id = run_id
        self._served = served

    @property
    def run(self) -> dict[str, Any]:
        """What the server says of the run."""
        return self._served.api.get(f"/flow_runs/{self.id}").json()

    def pause(self) -> None:
        """Press Pause and leave its time-out of five minutes as it is."""
        timeout = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
        details = {"pause_timeout": timeout, "pause_reschedule": True}
        self._set("PAUSED", "Suspended", details, force=True)

    def hold(self) -> None:
        """Pause as an automation or another program may, the process staying."""
        self._set("PAUSED", "Paused", {"pause_reschedule": False})

    def resume(self) -> None:
        """Press Resume."""
        self._served.post(f"/flow_runs/{self.id}/resume", {})

    def cancel(self) -> None:
        """Press Cancel."""
        self._set("CANCELLING", "Cancelling", {})

    def _set(
        self, kind: str, name: str, details: dict[str, Any], *, force: bool = False
    ) -> None:
        state = {"type": kind, "name": name, "state_details": details}
        path = f"/flow_runs/{self.id}/set_state"
        self._served.post(path, {"state": state, "force": force})


def states_of_tasks(served: Served, run_id: str) -> set[str]:
    """Return in which states the tasks of a run are."""
    about = {"flow_runs": {"id": {"any_": [run_id]}}, "limit": 200}
    tasks = served.api.post("/task_runs/filter", json=about).raise_for_status().json()
    return {task["state_type"] for task in tasks}


def expect_an_orderly_pause(state: dict[str, Any], tasks: set[str]) -> None:
    """Expect a pause without an end, that says how it ends, and no red task."""
    assert (state["type"], state["state_details"]["pause_timeout"]) == ("PAUSED", None)
    assert "In the UI, press Resume." in state["message"]
    assert "go on with: plexbayes 0 --live" in state["message"]
    assert tasks
    assert not tasks & {"FAILED", "CRASHED"}


def writes_more(plex: Simulator) -> None:
    """Wait until something more is written."""
    so_far = written(plex)
    await_true(lambda: written(plex) > so_far)


def is_calm(plex: Simulator) -> bool:
    """Whether nothing is written for a while; a write under way may end before."""
    time.sleep(CALM)
    so_far = written(plex)
    time.sleep(CALM)
    return written(plex) == so_far


def test_a_run_is_paused_held_and_cancelled_from_the_ui_and_nothing_is_lost(
    plex: Simulator, listener: Listener, served: Served
) -> None:
    before, expected = plex.dump(), inferred(plex)
    infer = served.await_offers()["infer"]
    listener.acquaint()
    make_slow(plex, {"method": "PUT"}, 700)
    buttons = Buttons(served, served.start(infer, dry_run=False))

    writes_more(plex)
    buttons.pause()
    assert is_calm(plex)
    paused = buttons.run["state"]
    tasks_while_paused = states_of_tasks(served, buttons.id)
    holders_while_paused = listener.query("SELECT count(*) FROM lease")
    buttons.resume()
    writes_more(plex)
    buttons.hold()
    assert is_calm(plex)
    held = buttons.run["state"]
    buttons.resume()
    writes_more(plex)
    buttons.cancel()
    cancelled = served.await_end(buttons.id)
    plex.faults([])
    finished = served.run(infer, dry_run=False)

    expect_an_orderly_pause(paused, tasks_while_paused)
    assert holders_while_paused == [(0,)]
    assert held["type"] == "PAUSED"
    assert cancelled["state_type"] == "CANCELLED"
    assert "what was written is recorded" in cancelled["state"]["message"]
    assert finished["state_type"] == "COMPLETED"
    times = collections.Counter(rated(plex))
    assert set(times.values()) == {1}
    expected = ratings(before) | expected
    assert ratings(plex.dump()) == pytest.approx(expected, abs=0.011)
