"""Breaking a run off at a chosen request, and looking at what it leaves behind."""

import json
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.rating_scale import TOLERANCE
from tasks.record.rows import IntentState
from tests.crash_matrix.forked_runs import STOPPED, Process
from tests.flows.expecting import inferred
from tests.simulator.process import Simulator

Dump = dict[str, Any]
Start = Callable[[str, Path], Process]
"""How a verb becomes a process."""

LIBRARY = {"synthetic": 230, "seed": 4}
"""What the simulator serves: a full run of it takes some sixty writes."""

RECORD = ("shadow", f"intent where state != {IntentState.IN_DOUBT}", "mark", "lease")
"""The tables that must be empty after an undo."""


@dataclass(frozen=True)
class Case:
    """Where and how a process ends before its time."""

    verb: str
    index: int
    """How many of its requests go well."""
    moment: str
    """Whether Plex carries the request out after or before: `before`, `after`."""
    signum: int
    writes: bool = False
    """Whether only writes are counted."""

    def __str__(self) -> str:
        """Say it in words."""
        name = signal.Signals(self.signum).name
        what = "write" if self.writes else "request"
        return f"{self.verb}: {name} {self.moment} {what} {self.index}"


class Rig:
    """A Plex, a configuration and a record on which the same is done many times."""

    def __init__(self, plex: Simulator, folder: Path, start: Start = Process) -> None:
        self.plex = plex
        self._start = start
        self._config = folder / "config.json"
        self.record = folder / "plexbayes.db"
        keys = {"PLEX_URL": plex.url, "PLEX_TOKEN": plex.token, "DRY_RUN": False}
        keys |= {"RETRIES": 0, "COOLDOWN_SLEEP": 0}
        self._config.write_text(json.dumps(keys), encoding="utf-8")
        self.original = plex.dump()
        self.requests: dict[str, list[bool]] = {}
        """Of an undisturbed run of each verb: which requests write."""
        self.inferred = self._rehearse(start)

    def cases(self, verb: str) -> Iterator[Case]:
        """Yield a kill at every request, and a polite end at every write."""
        requests = self.requests[verb]
        for moment in ("before", "after"):
            for index in range(len(requests)):
                yield Case(verb, index, moment, signal.SIGKILL)
            for signum in (signal.SIGTERM, signal.SIGINT):
                for index in range(sum(requests)):
                    yield Case(verb, index, moment, signum, writes=True)

    def try_out(self, case: Case) -> str:
        """Let a process end as the case says, and go on; return what is wrong."""
        self._set_out(case.verb)
        process = self._start(case.verb, self._config)
        status = self._break_off(process, case)
        allowed = {-case.signum} if case.signum == signal.SIGKILL else {0, STOPPED}
        if status not in allowed:
            return f"it ended with {status}"
        if self._do(case.verb):
            return "the same once more did not succeed"
        now = self.plex.dump()
        if case.verb == "undo":
            return self._residue(now)
        if undated(now) != undated(self.inferred):
            return "the same once more gives something else than undisturbed"
        if self._do("undo"):
            return "undo did not succeed"
        return self._residue(self.plex.dump())

    def _rehearse(self, start: Start) -> Dump:
        """Do everything once undisturbed; return what Plex then looks like."""
        expected = ratings(self.original) | inferred(self.plex)
        self._note("infer", start)
        after = self.plex.dump()
        assert ratings(after) == pytest.approx(expected, abs=TOLERANCE)
        assert self._do("undo") == 0
        for verb in ("undo", "recover"):
            self._set_out(verb)
            self._note(verb)
        assert self._do("undo") == 0
        assert not self._residue(self.plex.dump())
        return after

    def _note(self, verb: str, start: Start = Process) -> None:
        self.plex.clear_log()
        assert start(verb, self._config).run() == 0, (
            f"{verb} does not succeed undisturbed"
        )
        self.requests[verb] = [request["writes"] for request in self.plex.log()]

    def _set_out(self, verb: str) -> None:
        for path in self.record.parent.glob(f"{self.record.name}*"):
            path.unlink()
        if verb != "infer":
            assert self._do("infer") == 0
        if verb == "recover":
            for path in self.record.parent.glob(f"{self.record.name}*"):
                path.unlink()

    def _do(self, verb: str) -> int:
        return Process(verb, self._config).run()

    def _break_off(self, process: Process, case: Case) -> int:
        match = {"from": case.index, "times": 1}
        match |= {"method": "PUT"} if case.writes else {}
        end = {"do": f"signal_{case.moment}", "pid": process.pid, "signum": case.signum}
        self.plex.faults([{"match": match, **end}])
        status = process.run()
        (fault,) = self.plex.faults_met()
        self.plex.faults([])
        self.plex.clear_log()
        assert fault["met"] > case.index, "the process never came to that request"
        return status

    def _residue(self, now: Dump) -> str:
        """Say what is left that was not there at the beginning."""
        if now != self.original:
            return "after undo Plex is not as it was"
        with closing(sqlite3.connect(self.record)) as record:
            for table in RECORD:
                (count,) = record.execute(f"select count(*) from {table}").fetchone()  # noqa: S608 (our own tables)
                if count:
                    return f"after undo {count} rows are left in {table}"
        return ""


def levels(dump: Dump) -> Iterator[dict[str, Any]]:
    yield from (*dump["artists"], *dump["albums"], *dump["tracks"])


def ratings(dump: Dump) -> dict[int, float]:
    return {
        item["ratingKey"]: item["userRating"]
        for item in levels(dump)
        if item["userRating"] is not None
    }


def undated(dump: Dump) -> list[dict[str, Any]]:
    """Return the items of a dump without the moment at which they were rated."""
    return [item | {"lastRatedAt": None} for item in levels(dump)]
