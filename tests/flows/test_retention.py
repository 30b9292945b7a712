"""Results and runs do not pile up, and what is still needed stays."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tasks.result_storage import FOLDER
from tasks.results import TYPE
from tasks.retention import TAG
from tests.flows.ageing import Ageing, run_of_others
from tests.flows.catching import await_true, ids_of
from tests.flows.listener import Listener
from tests.flows.test_faults import letter, under_one_artist
from tests.flows.test_serve import Served, served
from tests.simulator.process import Simulator

__all__ = ["served"]


def stored(listener: Listener, run: dict[str, Any]) -> list[Path]:
    """Return the files of all results of a run."""
    folder = listener.folder / "prefect" / "storage" / FOLDER / run["id"]
    return sorted(path for path in folder.rglob("*") if path.is_file())


def tasks_of(served: Served, run: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tasks of a run, as often as they were begun; at most 200."""
    of_run = {"flow_runs": {"id": {"any_": [run["id"]]}}}
    return served.api.post("/task_runs/filter", json=of_run).json()


def ended_tasks_of(served: Served, run: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all tasks of a run that is over; the server notes them by and by."""
    ended = {"COMPLETED", "FAILED"}
    counts: list[int] = []

    def are_noted() -> bool:
        time.sleep(1)
        tasks = tasks_of(served, run)
        counts.append(len(tasks))
        are_ended = all(task["state_type"] in ended for task in tasks)
        return are_ended and counts[-2:] == [len(tasks)] * 2

    await_true(are_noted)
    return tasks_of(served, run)


def traces(served: Served, run: dict[str, Any]) -> int:
    """Count what the server still knows of a run."""
    logs = {"logs": {"flow_run_id": {"any_": [run["id"]]}}}
    artifacts = {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}}
    return sum(
        (
            served.api.get(f"/flow_runs/{run['id']}").is_success,
            len(tasks_of(served, run)),
            len(served.api.post("/logs/filter", json=logs).json()),
            len(served.api.post("/artifacts/filter", json=artifacts).json()),
        )
    )


@pytest.mark.parametrize("plex", [{"synthetic": 400}], indirect=True)
def test_runs_and_results_go_when_they_are_of_no_more_use_and_others_stay(
    plex: Simulator, listener: Listener, served: Served
) -> None:
    before = plex.dump()
    failing, keys = under_one_artist(before)
    fault = {"match": {"method": "PUT", "ratingKeys": keys}, "do": "status"}
    plex.faults([fault | {"code": 500}])
    offers = served.await_offers()
    ageing = Ageing(listener.folder / "prefect" / "prefect.db")
    not_ours = listener.folder / "prefect" / "storage" / "result-of-others"

    failed = served.run(offers["infer"], dry_run=False)
    kept = [json.loads(path.read_bytes()) for path in stored(listener, failed)]
    not_ours.write_bytes(b"anything")
    others = [
        run_of_others(served, "verify", ["plexbayes"]),
        run_of_others(served, "import", ["plexbayes", TAG]),
    ]
    for run in (failed, *others):
        ageing.age(run["id"], 30)
    dry = served.run(offers["infer"])

    assert failed["state_type"] == "FAILED"
    assert TAG in served.api.get(f"/flow_runs/{failed['id']}").json()["tags"]
    assert {record["metadata"]["serializer"]["type"] for record in kept} == {TYPE}
    assert len(stored(listener, failed)) == len(kept)
    assert dry["state_type"] == "COMPLETED"
    assert stored(listener, dry) == []

    first_tasks = {task["id"] for task in ended_tasks_of(served, failed)}
    plex.faults([])
    plex.clear_log()
    retried = served.retry(failed["id"])
    again = [t for t in ended_tasks_of(served, failed) if t["id"] not in first_tasks]
    afresh = {t["name"] for t in again if t["state_name"] != "Cached"}
    touched = {k for r in plex.log() if r["writes"] for k in ids_of(r)}

    assert retried["state_type"] == "COMPLETED"
    assert {letter(before, key) for key in touched} == {failing}
    assert len(again) > 10
    assert {name for name in afresh if "read" not in name} == {f"{failing} · write"}
    assert stored(listener, retried) == []

    for run in (failed, *others):
        ageing.age(run["id"], 61)
    served.run(offers["verify"])
    await_true(lambda: traces(served, failed) == 0)

    assert traces(served, dry) > 10
    assert [traces(served, run) for run in others] == [1, 1]
    assert not_ours.read_bytes() == b"anything"
