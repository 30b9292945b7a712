"""Results and runs do not pile up, and what is still needed stays."""

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect._internal.result_records import ResultRecord

from flows.deployments import OFFERS
from tasks.orchestration.results import FOLDER, TYPE
from tasks.orchestration.retention import FLOWS, TAG
from tests.flows.catching import await_true, ids_of
from tests.flows.expecting import inferred
from tests.flows.listener import Listener, Served, ratings
from tests.flows.test_faults import letter, under_one_artist
from tests.simulator.process import Simulator
from tests.tasks.test_result_serializer import MALICIOUS

Run = dict[str, Any]

TIMES = {
    "flow_run": ("start_time", "end_time", "expected_start_time", "created"),
    "flow_run_state": ("timestamp",),
    "task_run": ("start_time", "end_time", "expected_start_time", "created"),
    "artifact": ("created",),
    "log": ("timestamp",),
}
"""What in Prefect's database is older when a run is older."""


def age(served: Served, run: Run, days: float) -> None:
    """Move all that is known of a run into the past."""
    path = served.listener.folder / "prefect" / "prefect.db"
    with closing(sqlite3.connect(path, timeout=60)) as database:
        for table, columns in TIMES.items():
            name = "id" if table == "flow_run" else "flow_run_id"
            changes = ", ".join(
                f"{c} = strftime('%Y-%m-%d %H:%M:%f000', {c}, '-{days} days')"
                for c in columns
            )
            database.execute(
                f"update {table} set {changes} where {name} = ?",  # noqa: S608
                [run["id"]],
            )
        database.commit()


def run_of_others(
    served: Served, flow: str, tags: Iterable[str], kind: str = "COMPLETED"
) -> Run:
    """Record a run of somebody else's flow in a state; return it."""
    named = served.post("/flows/", {"name": flow})
    wanted = {"flow_id": named["id"], "tags": list(tags), "state": {"type": kind}}
    return served.post("/flow_runs/", wanted)


def unfinished_run(served: Served, kind: str) -> Run:
    """Record a run with our tag that began, and is in a state; return it."""
    run = run_of_others(served, "infer", [TAG], "RUNNING")
    served.set_state(run["id"], kind, force=True)
    return run


def runs_that_never_began(served: Served, offer: Run) -> list[Run]:
    """Cancel a run that waits, and have one crash that gets an unknown parameter."""
    later = {"type": "SCHEDULED", "state_details": {"scheduled_time": "2100-01-01"}}
    path = f"/deployments/{offer['id']}/create_flow_run"
    cancelled, crashed = (served.post(path, {"state": later})["id"] for _ in range(2))
    served.patch(f"/flow_runs/{crashed}", {"parameters": {"gone": 1}})
    served.set_state(cancelled, "CANCELLED", force=True)
    served.set_state(crashed, "SCHEDULED", force=True)
    return [served.await_end(run) for run in (cancelled, crashed)]


def stored(served: Served, run: Run) -> list[Path]:
    """Return the files of all results of a run."""
    folder = served.listener.folder / "prefect" / "storage" / FOLDER / run["id"]
    return sorted(path for path in folder.rglob("*") if path.is_file())


def ended_tasks_of(served: Served, run: Run) -> list[Run]:
    """Return all tasks of a run that is over; the server notes them by and by."""
    counts: list[int] = []

    def noted() -> list[Run]:
        time.sleep(1)
        tasks = served.of_run("task_runs", run["id"])
        counts.append(len(tasks))
        are_ended = all(task["state_type"] in {"COMPLETED", "FAILED"} for task in tasks)
        return tasks if are_ended and counts[-2:] == [len(tasks)] * 2 else []

    return served.awaited(noted)


def traces(served: Served, run: Run) -> int:
    """Count what the server still knows of a run."""
    kinds = ("task_runs", "logs", "artifacts")
    known = served.api.get(f"/flow_runs/{run['id']}").is_success
    return known + sum(len(served.of_run(kind, run["id"])) for kind in kinds)


def run_with_a_failing_letter(
    plex: Simulator, served: Served, infer: Run
) -> tuple[Run, str]:
    """Run `infer` while one letter cannot be written; return run and letter."""
    failing, keys = under_one_artist(plex.dump())
    fault = {"match": {"method": "PUT", "ratingKeys": keys}, "do": "status"}
    plex.faults([fault | {"code": 500}])
    failed = served.run(infer, dry_run=False)
    assert failed["state_type"] == "FAILED"
    return failed, failing


@pytest.mark.parametrize("plex", [{"synthetic": 400}], indirect=True)
def test_a_retry_after_thirty_days_does_only_what_failed(
    plex: Simulator, served: Served
) -> None:
    before = plex.dump()
    infer = served.await_offers()["infer"]

    failed, failing = run_with_a_failing_letter(plex, served, infer)
    states = ("CRASHED", "CANCELLED", "PAUSED")
    others = [unfinished_run(served, kind) for kind in states]
    results = stored(served, failed)[0].parent
    for run in others:
        shutil.copytree(results, results.with_name(run["id"]))
    for run in (failed, *others):
        age(served, run, 30)
    completed = served.run(infer)
    kept = [json.loads(path.read_bytes()) for path in stored(served, failed)]
    first_tasks = {task["id"] for task in ended_tasks_of(served, failed)}
    plex.faults([])
    plex.clear_log()
    retried = served.retry(failed["id"])
    again = [t for t in ended_tasks_of(served, failed) if t["id"] not in first_tasks]

    afresh = {t["name"] for t in again if t["state_name"] != "Cached"}
    touched = {k for r in plex.log() if r["writes"] for k in ids_of(r)}
    assert [run["state_type"] for run in (completed, retried)] == ["COMPLETED"] * 2
    assert {record["metadata"]["serializer"]["type"] for record in kept} == {TYPE}
    assert len(again) > 10
    assert {name for name in afresh if "read" not in name} == {f"{failing} · write"}
    assert {letter(before, key) for key in touched} == {failing}
    assert stored(served, completed) == []
    assert stored(served, retried) == []
    assert all(len(stored(served, run)) == len(kept) for run in others)


def test_old_runs_go_with_all_that_is_theirs_and_those_of_others_stay(
    served: Served,
) -> None:
    listener = served.listener
    listener.configure(KEEP_RESULTS=True)
    not_ours = listener.folder / "prefect" / "storage" / "result-of-others"
    not_ours.parent.mkdir(parents=True, exist_ok=True)
    not_ours.write_bytes(b"anything")
    offers = served.await_offers()

    old, young = (served.run(offers["infer"]) for _ in range(2))
    had = (traces(served, old) > 10, stored(served, old) != [])
    others = [
        run_of_others(served, "verify", ["plexbayes"]),
        run_of_others(served, "rank", ["plexbayes"], "CANCELLED"),
        run_of_others(served, "import", ["plexbayes", TAG]),
        run_of_others(served, "infer", [TAG], "RUNNING"),
    ]
    untagged = served.run(offers["verify"])
    served.patch(f"/flow_runs/{untagged['id']}", {"tags": ["plexbayes"]})
    never_began = runs_that_never_began(served, offers["rank"])
    gone = [old, unfinished_run(served, "PAUSED"), *never_began]
    for run in (*gone, *others, untagged):
        age(served, run, 61)
    served.run(offers["verify"])
    await_true(lambda: not any(traces(served, run) for run in gone))

    assert had == (True, True)
    assert stored(served, old) == []
    assert traces(served, young) > 10
    assert stored(served, young) != []
    assert [run["state_type"] for run in never_began] == ["CANCELLED", "CRASHED"]
    assert not any(TAG in run["tags"] for run in never_began)
    assert [traces(served, run) for run in others] == [1, 1, 1, 1]
    assert traces(served, untagged) > 1
    assert not_ours.read_bytes() == b"anything"


def test_results_can_be_kept_and_those_of_unknown_runs_go_when_they_are_old(
    orchestrated: Listener,
) -> None:
    storage = orchestrated.folder / "prefect" / "storage" / FOLDER
    young, old = (storage / str(uuid4()) for _ in range(2))
    for folder in (young, old, storage / "no-run"):
        folder.mkdir(parents=True)
    orchestrated.configure(KEEP_RESULTS=True, RUN_RETENTION_DAYS=1)
    two_days_ago = time.time() - 2 * 86_400
    for folder in (old, storage / "no-run"):
        os.utime(folder, (two_days_ago, two_days_ago))

    kept = orchestrated.run("infer", "--dry-run")
    is_kept = (storage / kept.summary["run_id"]).exists()
    orchestrated.configure()
    dropped = orchestrated.run("infer", "--dry-run")

    assert (kept.status, dropped.status) == (0, 0)
    assert is_kept
    assert sorted(storage.iterdir()) == sorted([young, storage / "no-run"])


def test_runs_of_ours_are_known_by_the_names_of_our_flows() -> None:
    assert {offer.flow.name for offer in OFFERS} == set(FLOWS)


@pytest.mark.parametrize("plex", [{"synthetic": 400}], indirect=True)
def test_a_retry_does_not_load_a_malicious_result_but_does_its_step_again(
    plex: Simulator, served: Served, tmp_path: Path
) -> None:
    before, expected = plex.dump(), inferred(plex)
    infer = served.await_offers()["infer"]
    trace = tmp_path / "trace"

    failed, _ = run_with_a_failing_letter(plex, served, infer)
    results = stored(served, failed)
    for number, path in enumerate(results):
        malicious = list(MALICIOUS.values())[number % len(MALICIOUS)]
        path.write_bytes(malicious(trace))
    one = results[0].read_bytes()
    plex.faults([])
    retried = served.retry(failed["id"])

    lines = served.logs(failed["id"], ends=2)
    not_loaded = "It is not loaded; its step is done again."
    assert not trace.exists()
    assert retried["state_type"] == "COMPLETED"
    assert len(results) >= len(MALICIOUS)
    assert any(not_loaded in line["message"] for line in lines)
    assert ratings(plex.dump()) == pytest.approx(ratings(before) | expected, abs=0.011)
    ResultRecord.deserialize(one)
    assert trace.exists()  # so it was malicious indeed
