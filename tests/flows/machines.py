"""Several machines in one: PostgreSQL, a Prefect server on it, and workers."""

import json
import os
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

from tasks.orchestration.prefect_server import QUIET, await_health, free_port
from tests.flows.test_serve import PATIENCE, Served
from tests.simulator.process import Simulator
from tests.tasks.postgres import execute

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
SERVER = "plexbayes server --host 127.0.0.1"
POOL = "prefect work-pool create plexbayes --type process"
DEPLOY = "prefect --no-prompt deploy --all"
WORKER = "prefect worker start --pool plexbayes"
"""What a person types, word for word as in docs/workers.md."""

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
        assert self.begin(command, **self.client, **home).wait(PATIENCE) == 0

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
    return process.wait(PATIENCE)
