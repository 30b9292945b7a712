"""How the cost of a dry run grows with the library: seconds and memory a stage.

Run `make bench`, or `python -m tests.benchmarks.scale TRACKS …`. The simulator
serves every library over HTTP; what that takes is told apart. Each size runs in a
process of its own, so that no size borrows memory from another.
"""

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from sqlalchemy import insert

from engine.classic import Phase
from engine.evidence import split
from engine.library import Level
from engine.planning.plan import PhasePlan, plan_part
from engine.rating_scale import STEP
from tasks.config.settings import Settings
from tasks.record.rows import IntentState
from tasks.record.store import ShadowStore
from tasks.record.tables import IntentRow, MarkRow
from tasks.runtime.context import RunContext, open_run
from tasks.sync.reconcile import LibrarySnapshot, reconcile
from tasks.sync.steps import parameters_of, read_library
from tests.benchmarks.home import at_home

SIZES = (30_000, 100_000, 300_000, 1_000_000)
QUICK = (3_000, 10_000)
MEGABYTE = 1024
"""Kilobytes, as the kernel counts them."""
Measured = dict[str, Any]
"""What came of one size: counts, seconds and megabytes by stage."""
THINKING = ("parse", "own", "infer", "plan")
"""The stages of a first dry run without HTTP."""


@dataclass
class Stopwatch:
    """Seconds and peak memory of each stage of one process (Linux only).

    Seconds are those of the processor, so that a busy machine changes nothing.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    megabytes: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a block."""
        Path("/proc/self/clear_refs").write_text("5")
        begun = time.process_time()
        yield
        self.seconds[name] = time.process_time() - begun
        self.megabytes[name] = peak()


def peak() -> int:
    """Return the most memory held since it was last reset, megabytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith("VmHWM"))
    return int(line.split()[1]) // MEGABYTE


class Wire:
    """What a gateway spent in HTTP; pages are read side by side, each in a thread."""

    def __init__(self, context: RunContext) -> None:
        self.worked = 0.0
        """Seconds of the processor."""
        self._lock = Lock()
        self._session = context.gateway._session  # noqa: SLF001 (a stopwatch)
        self._send = self._session.send
        self._session.send = self.send

    def send(self, *arguments: Any, **options: Any) -> Any:
        """Send a request and read the answer, timed."""
        begun = time.thread_time()
        try:
            return self._send(*arguments, **options)
        finally:
            with self._lock:
                self.worked += time.thread_time() - begun


def measure(address: str, token: str, folder: str) -> Measured:
    """Run every stage of a dry run once, then those of a second run."""
    watch = Stopwatch()
    state = f"sqlite:///{folder}/plexbayes.db"
    settings = Settings(plex_url=address, plex_token=token, state_url=state)
    with open_run(settings, "scale", live=True) as context:
        wire = Wire(context)
        begun = time.perf_counter()
        with watch.stage("parse"):
            library = read_library(context.gateway)
        watch.seconds["read"] = time.perf_counter() - begun
        watch.seconds["parse"] -= wire.worked
        with watch.stage("own"):
            snapshot = reconcile(context, library)
        with watch.stage("infer"):
            parameters = parameters_of(settings, snapshot.everything, STEP)
            parts = split(library, snapshot.everything)
        with watch.stage("plan"):
            by_letter = (plan_part(tuple(Phase), p, parameters) for p in parts.values())
            plans = list(chain.from_iterable(by_letter))
        intend_everything(context.store, plans)
        for plan in plans:
            items = library[plan.phase.level]
            items.rating[items.rows_of(plan.key)] = plan.after
        with watch.stage("store"):
            reconcile(context, library)
        with watch.stage("own again"):
            snapshot = reconcile(context, library)
    planned = sum(map(len, plans))
    assert count_ours(snapshot) >= planned
    return {
        "tracks": len(library.tracks),
        "items": sum(len(library[level]) for level in Level),
        "planned": planned,
        "seconds": watch.seconds,
        "megabytes": watch.megabytes,
    }


def intend_everything(store: ShadowStore, plans: Sequence[PhasePlan]) -> None:
    """Fill the record as if all plans had just been written, without writing them."""
    now = time.time()
    for plan in plans:
        rows = [
            {
                "library_id": store.library_id,
                "level": int(plan.phase.level),
                "guid": guid,
                "key": key,
                "phase": int(plan.phase),
                "run_id": "scale",
                "before": None,
                "after": after,
                "state": IntentState.ACKNOWLEDGED,
                "since": now,
            }
            for guid, key, after in zip(
                plan.guid, plan.key.tolist(), plan.after.tolist(), strict=True
            )
        ]
        marks = [
            {
                "library_id": store.library_id,
                "level": int(plan.phase.level),
                "key": key,
                "guid": guid,
                "tag": "Rating_Inferred",
                "had_tag": False,
                "mood_locked": False,
                "rating_locked": False,
            }
            for guid, key in zip(plan.guid, plan.key.tolist(), strict=True)
        ]
        if rows:
            with store.database.writing() as connection:
                connection.execute(insert(IntentRow), rows)
                connection.execute(insert(MarkRow), marks)


def count_ours(snapshot: LibrarySnapshot) -> int:
    """Return how many ratings are ours."""
    ours = [snapshot.everything[level].ownership.ours for level in Level]
    return sum(np.count_nonzero(~np.isnan(one)) for one in ours)


def exponent(rows: list[Measured]) -> float:
    """Return how time grows: 1 is in proportion to the library."""
    first, last = rows[0], rows[-1]
    ratio = thinking(last) / thinking(first)
    return math.log(ratio) / math.log(last["tracks"] / first["tracks"])


def thinking(row: Measured) -> float:
    """Return the seconds of a first dry run without HTTP."""
    seconds: dict[str, float] = row["seconds"]
    return sum(seconds[stage] for stage in THINKING)


def scale(sizes: tuple[int, ...]) -> list[Measured]:
    """Measure every size in a process of its own."""
    rows = []
    for tracks in sizes:
        with at_home(synthetic=tracks, seed=7) as listener:
            plex, folder = listener.plex, str(listener.folder)
            command = [sys.executable, "-m", "tests.benchmarks.scale"]
            command += [plex.url, plex.token, folder]
            answer = subprocess.run(command, check=True, capture_output=True)
            rows.append(json.loads(answer.stdout))
            print(json.dumps(rows[-1]), flush=True)
    return rows


def main(sizes: tuple[int, ...]) -> None:
    """Measure, print, and write it into the documentation."""
    from tests.benchmarks.telling import FOLDER, draw_growth  # noqa: PLC0415 (draws)

    rows = scale(sizes)
    last = rows[-1]
    print(
        f"{last['tracks']:,} tracks, all but HTTP: {thinking(last):.1f} s of one "
        f"processor, at most {max(last['megabytes'].values())} MB, a second run "
        f"included; exponent {exponent(rows):.2f} from {rows[0]['tracks']:,} tracks."
    )
    (FOLDER / "scale.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    draw_growth(rows)


if __name__ == "__main__":
    words = sys.argv[1:]
    if words and words[0].startswith("http"):
        print(json.dumps(measure(*words)))
    else:
        usual = QUICK if os.environ.get("QUICK") else SIZES
        main(tuple(map(int, words)) or usual)
