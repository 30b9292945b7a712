"""Prefect's database behind its back: runs that are old, or not of our making."""

import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.flows.test_schedules import change
from tests.flows.test_serve import Served

PATIENCE = 60.0
"""Seconds to wait for a database that somebody else is writing to."""
TIMES = {
    "flow_run": ("start_time", "end_time", "expected_start_time", "created"),
    "flow_run_state": ("timestamp",),
    "task_run": ("start_time", "end_time", "expected_start_time", "created"),
    "artifact": ("created",),
    "log": ("timestamp",),
}
"""What is older when a run is older."""


class Ageing:
    """Makes runs older than they are."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def age(self, run_id: str, days: float) -> None:
        """Move all that is known of a run into the past."""
        with closing(sqlite3.connect(self._database, timeout=PATIENCE)) as database:
            for table, columns in TIMES.items():
                name = "id" if table == "flow_run" else "flow_run_id"
                changes = ", ".join(
                    f"{c} = strftime('%Y-%m-%d %H:%M:%f000', {c}, '-{days} days')"
                    for c in columns
                )
                database.execute(
                    f"update {table} set {changes} where {name} = ?",  # noqa: S608
                    [run_id],
                )
            database.commit()


def run_of_others(
    served: Served, flow: str, tags: Iterable[str], **state: Any
) -> dict[str, Any]:
    """Record a run of somebody else's flow; return it."""
    named = served.post("/flows/", {"name": flow})
    wanted = {
        "flow_id": named["id"],
        "tags": list(tags),
        "state": {"type": "COMPLETED"} | state,
    }
    return served.post("/flow_runs/", wanted)


def runs_that_never_began(
    served: Served, offer: dict[str, Any]
) -> list[dict[str, Any]]:
    """Cancel a run that waits, and have one crash that gets an unknown parameter."""
    later = {"type": "SCHEDULED", "state_details": {"scheduled_time": "2100-01-01"}}
    path = f"/deployments/{offer['id']}/create_flow_run"
    cancelled, crashed = (served.post(path, {"state": later}) for _ in range(2))
    paths = [f"/flow_runs/{run['id']}" for run in (cancelled, crashed)]
    change(served, paths[1], {"parameters": {"gone": 1}})
    states: list[dict[str, Any]] = [{"type": "CANCELLED"}, {"type": "SCHEDULED"}]
    for where, state in zip(paths, states, strict=True):
        served.post(f"{where}/set_state", {"state": state, "force": True})
    return [served.await_end(run["id"]) for run in (cancelled, crashed)]


def unfinished_runs(
    served: Served, tags: Iterable[str], results: Path
) -> list[dict[str, Any]]:
    """Record a Crashed, a Cancelled and a Suspended run with the results of another."""
    runs = []
    for state in ("CRASHED", "CANCELLED", "PAUSED"):
        run = run_of_others(served, "infer", tags, type="RUNNING")
        wanted = {"state": {"type": state}, "force": True}
        served.post(f"/flow_runs/{run['id']}/set_state", wanted)
        shutil.copytree(results, results.with_name(run["id"]))
        runs.append(run)
    return runs
