"""Many runs in a row on one library that people use: what grows, and how far?"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from tasks.record.runs import KEPT
from tasks.runtime.context import Outside, RunContext, open_run
from tests.lives.invariants import Witness
from tests.lives.machine import ServerClock, VirtualTime
from tests.lives.person import Person
from tests.lives.plan import ACTS, drawn_act
from tests.lives.process import Wire
from tests.simulator.in_memory import InMemory
from tests.simulator.options import Options
from tests.simulator.plex import Plex
from tests.simulator.synthetic import make_library
from tests.simulator.world import OWNER, World
from tests.state_machine.accounts import ADDRESS, settings_for
from tests.state_machine.plain_runs import infer_plainly, undo_plainly

EDITS = 12
"""Things that a person does between two runs."""
PER_ROW = 400
"""Bytes that a row may take, with its share of the indexes and of what is free."""
EMPTY = 150_000
"""Bytes that an empty database may take."""
SUMMARY = 4000
"""Bytes of the summary of a full run of a large library."""


@dataclass(frozen=True)
class Size:
    """How large a record is after a run, and what it would do again."""

    shadow: int
    intent: int
    mark: int
    run: int
    lease: int
    bytes: int
    writes: int
    """Requests of one more run that change something."""
    ever: int
    """Items that there are or were."""

    def too_large(self) -> list[str]:
        """Name the bounds that are broken.

        Shadow rows and marks: one an item that there is or was, since Plex keeps
        the rating of an item that is gone, and it may come back. No open promise,
        no lease, the latest runs, and a file in proportion.
        """
        bounds = {
            "shadow": self.ever,
            "mark": self.ever,
            "intent": 0,
            "lease": 0,
            "run": KEPT,
            "bytes": EMPTY + PER_ROW * 2 * self.ever + self.run * 2 * SUMMARY,
            "writes": 0,
        }
        have = asdict(self)
        return [
            f"{name} is {have[name]}, above {bound}"
            for name, bound in bounds.items()
            if have[name] > bound
        ]


def soaked(tracks: int, runs: int, folder: Path, seed: int = 1) -> Iterator[Size]:
    """Run again and again; yield the size of the record after each run.

    At the end everything is undone; the last size is that of what is left.
    """
    draw = Random(seed)  # noqa: S311 (must be repeatable)
    world = make_library(World(), tracks, seed)
    time = VirtualTime()
    world.clock = ServerClock(time)
    plex = Plex(world, Options())
    witness = Witness(Wire(plex, time))
    path, outside = folder / "plexbayes.db", Outside(transport=InMemory(plex))
    person = Person(world, witness, OWNER, path)

    def do(work: Callable[[RunContext], Any], name: str) -> Any:
        settings = settings_for(ADDRESS, path, cooldown_batch=100)
        with open_run(settings, name, live=True, outside=outside) as context:
            return work(context)

    for number in range(runs):
        do(infer_plainly, f"run {number}")
        before = plex.log.counts()["writes"]
        do(infer_plainly, f"run {number} again")
        writes = plex.log.counts()["writes"] - before
        yield _size(path, writes, len(witness.moods))
        for _ in range(EDITS):
            person.do(drawn_act(draw, ACTS))
    do(undo_plainly, "undo")
    yield _size(path, 0, len(witness.moods))


def _size(path: Path, writes: int, ever: int) -> Size:
    with closing(sqlite3.connect(path)) as record:
        counts = {
            table: record.execute(f"select count(*) from {table}").fetchone()[0]  # noqa: S608 (our own tables)
            for table in ("shadow", "intent", "mark", "run", "lease")
        }
    return Size(**counts, bytes=path.stat().st_size, writes=writes, ever=ever)
