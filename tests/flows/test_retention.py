"""Results and runs do not pile up, and what is still needed stays."""

import json
import os
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect._internal.result_records import ResultRecord

from flows.deployments import OFFERS
from tasks.orchestration.results import FOLDER, TYPE
from tasks.orchestration.retention import FLOWS, TAG
from tests.flows.ageing import (
    Ageing,
    run_of_others,
    runs_that_never_began,
    unfinished_runs,
)
from tests.flows.catching import await_true, ids_of
from tests.flows.expecting import inferred
from tests.flows.listener import Listener, ratings
from tests.flows.machines import Machines
from tests.flows.test_faults import letter, under_one_artist
from tests.flows.test_schedules import change
from tests.flows.test_serve import Served, served
from tests.flows.test_workers import machines
from tests.simulator.process import Simulator
from tests.tasks.test_result_serializer import MALICIOUS

pytestmark = pytest.mark.system

__all__ = ["machines", "served"]


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
def test_a_retry_after_thirty_days_does_only_what_failed(
    plex: Simulator, listener: Listener, served: Served
) -> None:
    before = plex.dump()
    failing, keys = under_one_artist(before)
    fault = {"match": {"method": "PUT", "ratingKeys": keys}, "do": "status"}
    plex.faults([fault | {"code": 500}])
    offers = served.await_offers()

    failed = served.run(offers["infer"], dry_run=False)
    others = unfinished_runs(served, [TAG], stored(listener, failed)[0].parent)
    for run in (failed, *others):
        Ageing(listener.folder / "prefect" / "prefect.db").age(run["id"], 30)
    completed = served.run(offers["infer"])
    kept = [json.loads(path.read_bytes()) for path in stored(listener, failed)]
    first_tasks = {task["id"] for task in ended_tasks_of(served, failed)}
    plex.faults([])
    plex.clear_log()
    retried = served.retry(failed["id"])
    again = [t for t in ended_tasks_of(served, failed) if t["id"] not in first_tasks]

    states = [run["state_type"] for run in (failed, completed, retried)]
    afresh = {t["name"] for t in again if t["state_name"] != "Cached"}
    touched = {k for r in plex.log() if r["writes"] for k in ids_of(r)}
    assert states == ["FAILED", "COMPLETED", "COMPLETED"]
    assert {record["metadata"]["serializer"]["type"] for record in kept} == {TYPE}
    assert len(again) > 10
    assert {name for name in afresh if "read" not in name} == {f"{failing} · write"}
    assert {letter(before, key) for key in touched} == {failing}
    assert stored(listener, completed) == []
    assert stored(listener, retried) == []
    assert all(len(stored(listener, run)) == len(kept) for run in others)


def test_old_runs_go_with_all_that_is_theirs_and_those_of_others_stay(
    listener: Listener, served: Served
) -> None:
    listener.configure(KEEP_RESULTS=True)
    not_ours = listener.folder / "prefect" / "storage" / "result-of-others"
    not_ours.parent.mkdir(parents=True, exist_ok=True)
    not_ours.write_bytes(b"anything")
    offers = served.await_offers()

    old, young = (served.run(offers["infer"]) for _ in range(2))
    had = (traces(served, old) > 10, stored(listener, old) != [])
    others = [
        run_of_others(served, "verify", ["plexbayes"]),
        run_of_others(served, "rank", ["plexbayes"], type="CANCELLED"),
        run_of_others(served, "import", ["plexbayes", TAG]),
        run_of_others(served, "infer", [TAG], type="RUNNING"),
    ]
    untagged = served.run(offers["verify"])
    change(served, f"/flow_runs/{untagged['id']}", {"tags": ["plexbayes"]})
    never_began = runs_that_never_began(served, offers["rank"])
    suspended = run_of_others(served, "infer", [TAG], type="RUNNING")
    paused = {"state": {"type": "PAUSED", "name": "Suspended"}, "force": True}
    served.post(f"/flow_runs/{suspended['id']}/set_state", paused)
    gone = [old, suspended, *never_began]
    for run in (*gone, *others, untagged):
        Ageing(listener.folder / "prefect" / "prefect.db").age(run["id"], 61)
    served.run(offers["verify"])
    await_true(lambda: not any(traces(served, run) for run in gone))

    assert had == (True, True)
    assert stored(listener, old) == []
    assert traces(served, young) > 10
    assert stored(listener, young) != []
    assert [run["state_type"] for run in never_began] == ["CANCELLED", "CRASHED"]
    assert not any(TAG in run["tags"] for run in never_began)
    assert [traces(served, run) for run in others] == [1, 1, 1, 1]
    assert traces(served, untagged) > 1
    assert not_ours.read_bytes() == b"anything"


def test_results_can_be_kept_and_those_of_unknown_runs_go_when_they_are_old(
    plex: Simulator, orchestrated: Listener
) -> None:
    listener = orchestrated
    storage = listener.folder / "prefect" / "storage" / FOLDER
    young, old = (storage / str(uuid4()) for _ in range(2))
    for folder in (young, old, storage / "no-run"):
        folder.mkdir(parents=True)
    listener.configure(KEEP_RESULTS=True, RUN_RETENTION_DAYS=1)
    two_days_ago = time.time() - 2 * 86_400
    for folder in (old, storage / "no-run"):
        os.utime(folder, (two_days_ago, two_days_ago))

    kept = listener.run("infer", "--dry-run")
    is_kept = (storage / kept.summary["run_id"]).exists()
    listener.configure()
    dropped = listener.run("infer", "--dry-run")

    assert (kept.status, dropped.status) == (0, 0)
    assert is_kept
    assert sorted(storage.iterdir()) == sorted([young, storage / "no-run"])


def test_runs_of_ours_are_known_by_the_names_of_our_flows() -> None:
    assert {offer.flow.name for offer in OFFERS} == set(FLOWS)


def retry_with_malicious_results(
    plex: Simulator, server: Served, offer: dict[str, Any], storage: Path, trace: Path
) -> None:
    """Fail a letter, replace all stored results by code, retry, and see none run.

    Args:
        plex: Where the letter fails.
        server: Where the run is started and retried.
        offer: The deployment of `infer`.
        storage: The folder of the results of all runs.
        trace: A file that exists as soon as one of them is loaded as it is.
    """
    before, expected = plex.dump(), inferred(plex)
    _, keys = under_one_artist(before)
    fault = {"match": {"method": "PUT", "ratingKeys": keys}, "do": "status"}
    plex.faults([fault | {"code": 500}])
    failed = server.run(offer, dry_run=False)
    results = [p for p in (storage / failed["id"]).iterdir() if p.is_file()]
    for number, path in enumerate(results):
        malicious = list(MALICIOUS.values())[number % len(MALICIOUS)]
        path.write_bytes(malicious(trace))
    one = results[0].read_bytes()
    plex.faults([])

    retried = server.retry(failed["id"])

    of_run = {"logs": {"flow_run_id": {"any_": [failed["id"]]}}}
    latest = of_run | {"limit": 200, "sort": "TIMESTAMP_DESC"}
    said = [
        line["message"] for line in server.api.post("/logs/filter", json=latest).json()
    ]
    assert not trace.exists()
    assert retried["state_type"] == "COMPLETED"
    assert any("It is not loaded; its step is done again." in line for line in said)
    assert ratings(plex.dump()) == pytest.approx(ratings(before) | expected, abs=0.011)
    ResultRecord.deserialize(one)
    assert trace.exists()  # so it was malicious indeed


@pytest.mark.parametrize("plex", [{"synthetic": 400}], indirect=True)
def test_a_retry_does_not_load_a_malicious_result_but_does_its_step_again(
    plex: Simulator, listener: Listener, served: Served, tmp_path: Path
) -> None:
    storage = listener.folder / "prefect" / "storage" / FOLDER
    infer = served.await_offers()["infer"]

    retry_with_malicious_results(plex, served, infer, storage, tmp_path / "trace")


@pytest.mark.long
@pytest.mark.parametrize("plex", [{"synthetic": 400}], indirect=True)
def test_a_worker_does_not_load_a_malicious_result_from_a_shared_folder(
    plex: Simulator, machines: Machines, tmp_path: Path
) -> None:
    machines.configure(plex)
    storage = machines.folder / "results" / FOLDER

    with machines.workers(plex, "one"):
        infer = machines.await_offers()["infer"]
        retry_with_malicious_results(plex, machines, infer, storage, tmp_path / "trace")
