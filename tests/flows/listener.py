"""A person at home with a Plex, a config.json and the command `plexbayes`."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.simulator.process import Simulator
from tests.warm import WarmProcess

COMMAND = str(Path(sys.executable).with_name("plexbayes"))
PATIENCE = 240.0
"""Seconds that a command may take before a test gives up on it."""
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
