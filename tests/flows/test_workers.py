"""On several machines: PostgreSQL for all, one server, workers that come and go."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tasks.orchestration.prefect_server import QUIET, await_health, free_port
from tests.flows.expecting import inferred
from tests.flows.listener import (
    SERVED_PATIENCE,
    Listener,
    Served,
    ratings,
    tagged,
)
from tests.flows.test_faults import await_writes
from tests.flows.test_schedules import add_schedule, await_completed, seen, soon
from tests.flows.test_serve import NIGHTLY
from tests.flows.test_undo import state
from tests.simulator.process import Simulator
from tests.tasks.postgres import execute

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
PAGE = (ROOT / "docs" / "workers.md").read_text("utf-8")
SERVER = "plexbayes server --host 127.0.0.1"
POOL = "prefect work-pool create plexbayes --type process"
DEPLOY = "prefect --no-prompt deploy --all"
WORKER = "prefect worker start --pool plexbayes"
"""What a person types, word for word as in docs/workers.md."""
REFUSAL = re.compile("has been writing to this library since|took this library")
SLOW = {"match": {"method": "PUT"}, "do": "slow", "ms": 300}

Process = subprocess.Popen[bytes]


class Machines(Served):
    """One folder with the project, one server, and workers with homes of their own."""

    def __init__(self, folder: Path, postgres_server: str) -> None:
        self.folder = folder
        self.project = folder / "project"
        self.record = f"{postgres_server}/record"
        execute(
            f"{postgres_server}/postgres",
            "DROP DATABASE IF EXISTS record",
            "DROP DATABASE IF EXISTS prefect",
            "CREATE DATABASE record",
            "CREATE DATABASE prefect",
        )
        port = free_port()
        self.address = f"http://127.0.0.1:{port}/api"
        own = postgres_server.replace("+psycopg", "+asyncpg")
        self.process = self.begin(
            f"{SERVER} --port {port}",
            PREFECT_HOME=str(folder / "server"),
            PREFECT_API_DATABASE_CONNECTION_URL=f"{own}/prefect",
            PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS="2",
        )
        await_health(self.address, self.process)
        self.api = httpx.Client(base_url=self.address, timeout=30)
        self.client = {"PREFECT_API_URL": self.address}
        self._install()
        self._carry_out(POOL)
        self.deploy()

    def _install(self) -> None:
        for part in ("engine", "tasks", "flows"):
            shutil.copytree(ROOT / part, self.project / part)
        shutil.copy(ROOT / "prefect.yaml", self.project)

    def deploy(self) -> None:
        """Deploy everything, perhaps again."""
        self._carry_out(DEPLOY)

    def _carry_out(self, command: str) -> None:
        home = {"PREFECT_HOME": str(self.folder / "desk")}
        assert self.begin(command, **self.client, **home).wait(SERVED_PATIENCE) == 0

    def configure(self, plex: Simulator, **config: Any) -> None:
        """Write config.json into the project; the token is not in there."""
        keys = {"PLEX_URL": plex.url, "STATE_URL": self.record, "RETRIES": 0}
        (self.project / "config.json").write_text(json.dumps(keys | config))

    def deployed(self) -> dict[str, dict[str, Any]]:
        """Return the deployments by name, whether a worker is there or not."""
        return {offer["name"]: offer for offer in self.post("/deployments/filter", {})}

    def begin(self, command: str, **environment: str) -> Process:
        """Start a command in the folder of the project."""
        program, *words = shlex.split(command)
        self.project.mkdir(exist_ok=True)
        return subprocess.Popen(
            [PROGRAMS / program, *words],
            cwd=self.project,
            env=os.environ | QUIET | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @contextmanager
    def workers(self, plex: Simulator, *names: str) -> Iterator[dict[int, Process]]:
        """Start workers; yield them by process id."""
        started = [
            self.begin(
                f"{WORKER} --name {name}",
                **self.client,
                PREFECT_HOME=str(self.folder / name),
                PREFECT_LOCAL_STORAGE_PATH=str(self.folder / "results"),
                PLEXBAYES_PLEX_TOKEN=plex.token,
                PLEXBAYES_WAIT_FOR_OTHERS="120",
            )
            for name in names
        ]
        try:
            yield {process.pid: process for process in started}
        finally:
            for process in started:
                end(process)

    def writer(self) -> int:
        """Return the process that holds the library, by the record."""
        with psycopg.connect(self.record.replace("+psycopg", "")) as connection:
            found = connection.execute("select process from lease").fetchone()
        assert found is not None
        return int(found[0])

    def end(self) -> int:
        """End the server."""
        self.api.close()
        return end(self.process)


def parent_of(pid: int) -> int:
    """Return which process started another."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    return int(after_name.split()[1])


def end(process: Process) -> int:
    """End a process in good order, if it still runs."""
    process.send_signal(signal.SIGTERM)
    return process.wait(SERVED_PATIENCE)


@pytest.fixture(scope="module")
def machines(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: str
) -> Iterator[Machines]:
    """A server on PostgreSQL to which everything is deployed."""
    machines = Machines(tmp_path_factory.mktemp("machines"), postgres_server)
    yield machines
    machines.end()


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
        tasks = machines.of_run("task_runs", first["id"])
        after = plex.dump()
        undone = machines.run(offers["undo"], dry_run=False)

    assert (first["state_type"], second["state_type"]) == ("CRASHED", "COMPLETED")
    assert "-9" in first["state"]["message"]
    assert 0 < len(set(left) - set(ratings(before))) < len(expected)
    assert "Cached" in {one["state_name"] for one in tasks}  # planned by the first
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
    shipped = schedules_seen(offers)
    machines.patch(f"/deployments/{offers['rank']['id']}", {"paused": True})
    defaults = {"rank": {"count": 3}, "weekly-up-live": {"dry_run": True}}
    for name, mine in defaults.items():
        machines.patch(f"/deployments/{offers[name]['id']}", {"parameters": mine})
    at_once = soon()
    added = add_schedule(machines, offers["verify"], schedule=at_once)
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
    assert kept["verify"] == [(True, at_once, {})]
    assert kept["infer"] == [(False, NIGHTLY, {"dry_run": True, "phases": "2"})]
    assert sorted(kept["weekly-up-live"]) == [weekly, (True, NIGHTLY, {})]
    assert kept["monthly-full-live"] == shipped["monthly-full-live"]
    assert [is_active for is_active, *_ in kept["monthly-full-live"]] == [False]
    assert {name for name, offer in after.items() if offer["paused"]} == {"rank"}
    assert {name: after[name]["parameters"] for name in defaults} == defaults


def schedules_seen(offers: dict[str, dict[str, Any]]) -> dict[str, list[Any]]:
    """Return what a person sees of the schedules of each deployment."""
    return {name: [seen(one) for one in o["schedules"]] for name, o in offers.items()}


@pytest.mark.parametrize("command", [SERVER, POOL, DEPLOY, WORKER])
def test_the_documentation_names_the_very_commands(command: str) -> None:
    assert f"\n{command}" in PAGE
