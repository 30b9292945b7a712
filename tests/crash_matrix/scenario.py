"""A seeded story: runs in bad weather, a person in between, then the reckoning."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from engine.errors import PlexbayesError
from engine.library import Level
from tasks.runtime.context import RunContext, open_run
from tasks.sync.reconcile import snapshot_of
from tasks.sync.steps import read
from tests.crash_matrix.fault_schedule import (
    TIMEOUT,
    Meddler,
    Stormy,
    clock_jumps,
    faults,
    habits,
    ignored_filters,
    oddities,
)
from tests.crash_matrix.invariants import Verdict, Witness
from tests.simulator.items import Kind
from tests.simulator.options import Options
from tests.simulator.world import OWNER
from tests.state_machine.accounts import (
    quick_folder,
    serving,
    settings_for,
    small_world,
)
from tests.state_machine.plain_runs import infer_plainly, undo_plainly

RETRIES = 2
"""How often a letter is tried again."""
PATIENCE = 30.0
"""Seconds to wait for an answer in good weather."""
FULL = partial(infer_plainly, retries=RETRIES)


class Scenario:
    """A household, a record, and whatever the seed says."""

    def __init__(self, seed: int, folder: Path) -> None:
        self._draw = draw = Random(seed)  # noqa: S311 (must be repeatable)
        world = small_world(keeps_date=draw.random() < 1 / 2)
        floats = draw.choice(["exact", "float32", "one-decimal"])
        ignored = ignored_filters(draw)
        self.plex = Stormy(world, Options(float_mode=floats, ignored_filters=ignored))
        self._habits = habits(draw)
        self.plex.faults.set(self._habits)
        self.witness = Witness(self.plex)
        jumps, odd = clock_jumps(draw), oddities(draw)
        self.meddler = Meddler(world, self.witness, draw, jumps=jumps, odd=odd)
        self._wishes = {
            "cooldown_batch": draw.choice([25, 3, 1]),
            "dynamic_precision": draw.random() < 1 / 2,
        }
        self._folder = folder
        self._runs = 0
        self.verdict = Verdict()

    def play(self) -> Verdict:
        """Let it happen; return what is to be said against it."""
        with serving(self.plex):
            for _ in range(self._draw.randint(2, 4)):
                self._in_a_storm(self._draw.choice([FULL, FULL, undo_plainly]))
                self._meddle(self._draw.randint(0, 3))
                self._check_owners()
            self._reckon()
        self.verdict.edits = self.meddler.edits
        return self.verdict

    def _in_a_storm(self, work: Callable[[RunContext], Any]) -> None:
        """Do something while things go wrong; it may fail, but only in our words."""
        drawn = faults(self._draw)
        self.plex.faults.set(self._habits + drawn)
        self.plex.expect(self.meddler.plans())
        try:
            self._do(work, timeout=TIMEOUT)
        except PlexbayesError:
            pass
        finally:
            self.verdict.faults += self.plex.faults.struck(skip=len(self._habits))
            self.plex.faults.set(self._habits)
            self.plex.expect({})

    def _meddle(self, times: int) -> None:
        for _ in range(times):
            self.meddler.do_something()

    def _reckon(self) -> None:
        """In good weather a run completes, the next has nothing to do, undo undoes.

        What is under way arrives first: else the weather is not good yet. Nor is it
        while there are ratings that cannot be read, which are left alone.
        """
        self.plex.await_calm()
        self.meddler.make_readable()
        self._do(FULL)
        again = self._do(infer_plainly, live=False)
        if again:
            self.verdict.residue.append(f"a second run would write {again}")
        self._check_owners()
        undone = self._do(undo_plainly)
        if undone.failed:
            self.verdict.residue.append(f"{undone.failed} could not be undone")
        theirs = self.witness.theirs(self.verdict)
        for item in self.plex.world.items():
            points = self.plex.world.personal_of(OWNER, item).rating
            if points != theirs.get(item.guid):
                name = f"{item.kind.label} {item.title!r} ({item.guid})"
                self.verdict.residue.append(
                    f"{name} is {points}, not {theirs.get(item.guid)}"
                )
            self.verdict.locks_in_the_moment += self.witness.locks_lost(item)
            for text in self.witness.left(item):
                self._blame(text)

    def _blame(self, text: str) -> None:
        """Hold a trace against the program, unless the server takes nothing back.

        Such a server is found out on at most three items at a time; the run names them.
        """
        takes_nothing_back = {"do": "lock_fields"} in self._habits and "locks" in text
        if takes_nothing_back and len(self.verdict.marred) < 3 * self._runs:
            self.verdict.marred.append(text)
        else:
            self.verdict.residue.append(text)

    def _check_owners(self) -> None:
        """No rating of ours may pass for a person's."""
        theirs = self.witness.theirs(Verdict())
        everything = self._do(
            lambda context: snapshot_of(context, read(context)), live=False
        ).everything
        for level in Level:
            view = everything[level]
            manual = view.items.guid[~np.isnan(view.ownership.manual)]
            self.verdict.mistaken += [
                f"run {self._runs}: {Kind(level).label} {guid}"
                for guid in sorted(set(manual) - theirs.keys())
            ]

    def _do(
        self,
        work: Callable[[RunContext], Any],
        *,
        live: bool = True,
        timeout: float = PATIENCE,
    ) -> Any:
        self._runs += 1
        path = self._folder / "plexbayes.db"
        settings = settings_for(self.plex.url, path, timeout=timeout, **self._wishes)
        with open_run(settings, f"run {self._runs}", live=live) as context:
            return work(context)


def played(seed: int) -> Verdict:
    with quick_folder() as folder:
        return Scenario(seed, Path(folder)).play()
