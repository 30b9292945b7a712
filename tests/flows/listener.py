"""A person at home with a Plex, a config.json and the command `plexbayes`."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.simulator.process import Simulator
from tests.warm import WarmProcess

COMMAND = str(Path(sys.executable).with_name("plexbayes"))
PATIENCE = 240.0
"""Seconds that a command may take before a test gives up on it."""
SERVED_PATIENCE = 300.0
"""Seconds that a served run may take."""
ENDED = {"COMPLETED", "FAILED", "CANCELLED", "CRASHED"}
Found = TypeVar("Found")
Ratings = dict[int, float]
Process = WarmProcess | subprocess.Popen[str]


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    status: int
    out: str
    err: str
    summary: dict[str, Any]
    """What `--json` wrote; empty if it wrote nothing."""


class Listener:
    """Runs commands in a folder of their own, against one Plex."""

    def __init__(
        self, folder: Path, plex: Simulator, api: str = "", **config: Any
    ) -> None:
        self.folder = folder
        self.plex = plex
        self.environment = os.environ | {"PREFECT_HOME": str(folder / "prefect")}
        self.environment.pop("PREFECT_API_URL", None)
        if api:  # then `infer` is a flow on that server
            self.environment["PREFECT_API_URL"] = api
        self.configure(DRY_RUN=False, RETRIES=0, **config)

    def configure(self, **config: Any) -> None:
        """Write config.json anew."""
        keys = {"PLEX_URL": self.plex.url, "PLEX_TOKEN": self.plex.token, **config}
        self.config.write_text(json.dumps(keys), encoding="utf-8")

    @property
    def config(self) -> Path:
        """Where the configuration is."""
        return self.folder / "config.json"

    @property
    def state(self) -> Path:
        """Where the shadow state is."""
        return self.folder / "plexbayes.db"

    def run(self, *words: str) -> Ran:
        """Run a command to its end."""
        process = self.start(*words)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode is not None
        return Ran(process.returncode, out, err, self._summary())

    def start(self, *words: str) -> Process:
        """Start a command, and leave it running.

        Where Prefect has a part in it, that is a new interpreter: Prefect reads its
        variables when it is imported.
        """
        reports = words[0] in {"infer", *"01234"}
        report = ["--json", "summary.json"] if reports else []
        if reports and "--plan" not in words:
            report += ["--overwrite"]  # two commands may run at once
        (self.folder / "summary.json").unlink(missing_ok=True)
        words = (*words, *report)
        if "PREFECT_API_URL" not in self.environment and "--prefect" not in words:
            return WarmProcess("plexbayes", words, self.folder, self.environment)
        return subprocess.Popen(
            [COMMAND, *words],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def acquaint(self) -> None:
        """Have the server tried, so that later only what is inferred is written."""
        self.run("doctor", "--canary")
        self.plex.clear_log()

    def query(self, question: str) -> list[tuple[Any, ...]]:
        """Ask the shadow state in SQL."""
        with sqlite3.connect(self.state) as connection:
            return connection.execute(question).fetchall()

    def _summary(self) -> dict[str, Any]:
        written = self.folder / "summary.json"
        return json.loads(written.read_text("utf-8")) if written.exists() else {}


class Served:
    """A running `plexbayes serve`, used over Prefect's API as the UI does."""

    def __init__(self, listener: Listener, port: int, *words: str) -> None:
        self.listener = listener
        environment = listener.environment | {"PREFECT_RUNNER_POLL_FREQUENCY": "1"}
        environment.pop("PREFECT_API_URL", None)
        self._log = listener.folder / "serve.log"
        # No pipe: a run that survives its killed server would hold it open.
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [COMMAND, "serve", "--port", str(port), *words],
                cwd=listener.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self.address = f"http://127.0.0.1:{port}/api"
        self.api = httpx.Client(base_url=self.address, timeout=30)

    def await_offers(self, since: str = "") -> dict[str, dict[str, Any]]:
        """Wait until everything is offered; return the deployments by name.

        Args:
            since: When its predecessor last asked for runs; the server remembers.
        """

        def offers() -> list[dict[str, Any]]:
            try:
                found = self.api.post("/deployments/filter", json={}).json()
            except httpx.TransportError:
                return []
            polled = [offer["last_polled"] or "" for offer in found]
            return found if all(moment > since for moment in polled) else []

        return {offer["name"]: offer for offer in self.awaited(offers)}

    def awaited(self, find: Callable[[], Found]) -> Found:
        """Wait for something, and return it."""
        deadline = time.monotonic() + SERVED_PATIENCE
        while not (found := find()):
            assert time.monotonic() < deadline
            time.sleep(0.3)
        return found

    def start(self, offer: dict[str, Any], **parameters: Any) -> str:
        """Start a run as the button of the UI does; return its id."""
        path = f"/deployments/{offer['id']}/create_flow_run"
        wanted = {"state": {"type": "SCHEDULED"}, "parameters": parameters}
        return str(self.post(path, wanted)["id"])

    def run(self, offer: dict[str, Any], **parameters: Any) -> dict[str, Any]:
        """Start a run, and wait for its end."""
        return self.await_end(self.start(offer, **parameters))

    def retry(self, run_id: str) -> dict[str, Any]:
        """Press Retry."""
        self.set_state(run_id, "SCHEDULED", name="AwaitingRetry")
        return self.await_end(run_id)

    def set_state(
        self, run_id: str, kind: str, *, force: bool = False, **facts: Any
    ) -> None:
        """Put a run into a state."""
        order = {"state": {"type": kind} | facts, "force": force}
        self.post(f"/flow_runs/{run_id}/set_state", order)

    def of_run(self, kind: str, run_id: str, **order: str) -> list[dict[str, Any]]:
        """Return the logs, artifacts or task_runs of a run, 200 at most."""
        about = {kind: {"flow_run_id": {"any_": [run_id]}}}
        if kind == "task_runs":
            about = {"flow_runs": {"id": {"any_": [run_id]}}}
        return self.post(f"/{kind}/filter", about | {"limit": 200} | order)

    def logs(self, run_id: str, ends: int = 1) -> list[dict[str, Any]]:
        """Return the lines of a run, oldest first, once those of its end are there.

        Its process sends them in batches, and the state goes ahead of the last.
        """

        def lines() -> list[dict[str, Any]]:
            found = self.of_run("logs", run_id, sort="TIMESTAMP_ASC")
            said = [line for line in found if "Finished in state" in line["message"]]
            return found if len(said) >= ends else []

        return self.awaited(lines)

    def post(self, path: str, order: Any) -> Any:
        """Give an order."""
        return self._order("POST", path, order).json()

    def patch(self, path: str, change: dict[str, Any]) -> None:
        """Change something."""
        self._order("PATCH", path, change)

    def _order(self, method: str, path: str, order: Any) -> httpx.Response:
        """Give an order; while its SQLite is locked, Prefect's server answers 503."""

        def answer() -> httpx.Response | None:
            answer = self.api.request(method, path, json=order)
            is_locked = answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
            return None if is_locked else answer.raise_for_status()

        return self.awaited(answer)

    def await_end(self, run_id: str) -> dict[str, Any]:
        """Wait until a run is over."""

        def ended() -> dict[str, Any]:
            run = self.api.get(f"/flow_runs/{run_id}").json()
            return run if run.get("state_type") in ENDED else {}

        return self.awaited(ended)

    def end(self, signum: int = signal.SIGINT) -> int:
        """Press Ctrl-C, or end it in another way."""
        self.api.close()
        self.process.send_signal(signum)
        return self.process.wait(SERVED_PATIENCE)

    @property
    def said(self) -> str:
        """What it has said so far."""
        return self._log.read_text("utf-8")


def end(process: Process, signum: int = signal.SIGKILL) -> int:
    """Send a signal to a command and wait for its end."""
    process.send_signal(signum)
    process.communicate(timeout=PATIENCE)
    assert process.returncode is not None
    return process.returncode


def items(dump: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """Return all items of a dump by ratingKey."""
    levels = (dump["artists"], dump["albums"], dump["tracks"])
    return {item["ratingKey"]: item for level in levels for item in level}


def ratings(dump: dict[str, Any]) -> Ratings:
    """Return all ratings of a dump by ratingKey, points."""
    return {
        key: item["userRating"]
        for key, item in items(dump).items()
        if item["userRating"] is not None
    }


def tagged(dump: dict[str, Any], tag: str = "Rating_Inferred") -> set[int]:
    """Return the items that bear a mood."""
    return {key for key, item in items(dump).items() if tag in item["moods"]}
