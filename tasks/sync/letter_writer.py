"""Writing one letter: look, promise, tag, rate, note; whatever happens, we know."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.classic import Phase
from engine.edits import Edit
from engine.errors import PlexRefused, PlexUnreachable, RunStopped, in_phase
from engine.evidence import Part
from engine.library import Level
from engine.ownership import Memory
from engine.planning.batch_sharing import Pool, windows
from engine.planning.batches import (
    MOST_IDS,
    Admitted,
    Batch,
    Fate,
    Look,
    admit,
    batches,
    taggings,
)
from engine.planning.plan import PhasePlan
from engine.rating_scale import Ints
from engine.reports.run_report import LetterResult
from tasks.record.rows import Straggler, sent_of
from tasks.runtime.context import Step, Workbench
from tasks.sync.record_lookup import memory_of, recorded
from tasks.sync.release import drop, release

LOOK_LASTS, GUARDED_LOOK_LASTS = 3.0, 10.0
"""Seconds for which a look is trusted; whatever is not written by then is looked at
again. Looking before every single request would double their number. It may be older
where Plex itself spares what a person rates in the moment of writing."""
LOOK_SPANS, GUARDED_LOOK_SPANS = MOST_IDS, 12 * MOST_IDS
"""Items that are looked at in one go: the more, the fewer requests give the tag. So
many are written well before their look is out of date."""


def write_letter(
    bench: Workbench, letter: str, everything: Part, part: Part, pool: Pool
) -> LetterResult:
    """Write the plans of one letter in the order of their phases.

    Safe to repeat: what an earlier attempt wrote is recognised, and what a
    person changed meanwhile is left alone. If a request fails in which other
    letters had a share, the letter goes on alone at once: the fault may be theirs.

    Args:
        bench: The tools of the run.
        letter: The letter.
        everything: The whole library: an item may share its rating with one
            under another letter, and both get the tag.
        part: What files under the letter.
        pool: What all letters have to write.

    Raises:
        PlexUnreachable: The outcome of the last request is unknown; the look
            with which the next attempt begins settles it.
        RunStopped: A person asked the run to stop.
    """
    with bench.writer, bench.at_work():
        bench.gate.pass_through()
        released = sum(release(bench, part, level) for level in Level)
        writer = _Writer(bench, everything, pool)
        try:
            writer.write_all(letter)
        except (PlexUnreachable, PlexRefused):
            if not pool.disband():
                raise
            writer.write_all(letter)
    return LetterResult(
        written=pool.count(letter, Fate.WRITTEN),
        released=released,
        taken_over=pool.count(letter, Fate.TAKEN_OVER),
        gone=pool.count(letter, Fate.GONE),
    )


@dataclass(frozen=True, eq=False)
class _Found:
    """What a look says of one phase's plan."""

    phase: Phase
    look: Look
    admitted: Admitted

    @property
    def bearers(self) -> Look:
        """All items that will bear one of the ratings."""
        return self.look.take(self.admitted.bearers)


@dataclass(frozen=True, eq=False)
class _Writer:
    """Writes stretch by stretch, and notes what becomes of every rating."""

    bench: Workbench
    everything: Part
    pool: Pool
    tagged: set[int] = field(default_factory=set)
    """Keys that were given the tag already."""

    def write_all(self, letter: str) -> None:
        """Write what is left of a letter, and what goes along with it."""
        plans = self.pool.drawn(letter, self.bench.batch_size)
        shelves = [self.everything[plan.phase.level] for plan in plans]
        copies = [
            shelf.copies(shelf.items.rows_of(plan.key))
            for shelf, plan in zip(shelves, plans, strict=True)
        ]
        is_guarded = self.bench.pen.abilities.is_guarded
        width = GUARDED_LOOK_SPANS if is_guarded else LOOK_SPANS
        for window in windows(plans, copies, self.bench.batch_size, width):
            self._write(window)

    def _write(self, window: Sequence[PhasePlan]) -> None:
        """Write what one look covers; once that is out of date, look again."""
        due = list(window)
        while any(map(len, due)):
            with in_phase(", ".join(plan.phase.label for plan in due if len(plan))):
                due = self._write_fresh(due)

    def _write_fresh(self, due: Sequence[PhasePlan]) -> list[PhasePlan]:
        """Look, and write until the look is out of date; return what is left."""
        self.bench.await_turn()
        looks = self.bench.gateway.look(self._keys(due))
        is_guarded = self.bench.pen.abilities.is_guarded
        lasts = GUARDED_LOOK_LASTS if is_guarded else LOOK_LASTS
        fresh_until = time.monotonic() + lasts
        found = [self._admit(plan, looks[plan.phase.level]) for plan in due]
        writes, bearers = self._promise(found), _by_level(found)
        try:
            is_first = not self._tag(bearers)
            left = self._write_until(fresh_until, writes, is_first=is_first)
        except RunStopped:
            tagged = np.array(sorted(self.tagged), np.int64)
            for level, look in bearers.items():
                drop(self.bench, level, np.intersect1d(look.key, tagged))
            raise
        return [plan.only(left) for plan in due]

    def _keys(self, plans: Sequence[PhasePlan]) -> Ints:
        """Return the keys of planned items and of all that share a guid with them."""
        keys = [np.empty(0, np.int64)]
        for plan in plans:
            shelf = self.everything[plan.phase.level]
            rows = shelf.together(shelf.items.rows_of(plan.key))
            keys.append(shelf.items.key[rows])
        return np.unique(np.concatenate(keys))

    def _admit(self, plan: PhasePlan, look: Look) -> _Found:
        """Find out what may still be written, and note what may not."""
        memory = self._memory(plan.phase.level, look)
        found = admit(plan, look, memory, tagged=bool(self.bench.tag))
        self.pool.settle(plan.phase, plan.key, found.fate)
        return _Found(plan.phase, look, found)

    def _memory(self, level: Level, look: Look) -> Memory:
        return memory_of(look, recorded(self.bench.store, level, set(look.guid)))

    def _promise(self, found: Sequence[_Found]) -> list[Batch]:
        """Put on record what is about to be written, and return it."""
        bench = self.bench
        promised: list[Batch] = []
        for one in found:
            writes = list(batches(one.phase, one.admitted, one.look, bench.batch_size))
            bench.store.intend(
                writes, one.bearers, bench.tag, bench.run_id, time.time()
            )
            promised += writes
        return promised

    def _tag(self, bearers: dict[Level, Look]) -> bool:
        """Tag what is about to be rated; say whether that took a request.

        The tag comes first, so that no rating of ours is ever without it.
        """
        is_needed = False
        for level, look in bearers.items() if self.bench.tag else ():
            new = [key not in self.tagged for key in look.key.tolist()]
            untagged = look.take(np.flatnonzero(new))
            for edit in taggings(level, untagged, self.bench.tag):
                if is_needed:
                    self.bench.await_turn()
                self._give_tag(edit, untagged)
                self.tagged.update(edit.key.tolist())
                is_needed = True
        return is_needed

    def _give_tag(self, edit: Edit, look: Look) -> None:
        bench = self.bench
        try:
            bench.pen.make(edit)
        except PlexUnreachable:
            guids = look.guid[np.isin(look.key, edit.key)]
            items = zip(guids, edit.key.tolist(), strict=True)
            now = time.time()
            sent = [Straggler(*item, 0, bench.run_id, None, now) for item in items]
            bench.store.hear_nothing(edit.level, sent)
            raise

    def _write_until(
        self, fresh_until: float, writes: Sequence[Batch], *, is_first: bool
    ) -> set[str]:
        """Write batches until their look is out of date; return the guids left.

        The first request after a look is made in any case: its turn was awaited
        before the look.
        """
        left: set[str] = set()
        for batch in writes:
            if not is_first:
                self.bench.await_turn()
            if is_first or time.monotonic() < fresh_until:
                with in_phase(batch.phase.label):
                    self._rate(batch)
            else:
                left |= set(batch.guid)
            is_first = False
        return left

    def _rate(self, batch: Batch) -> None:
        bench = self.bench
        try:
            bench.pen.make(batch.edit)
        except PlexUnreachable:
            sent = sent_of(batch, bench.run_id, time.time())
            bench.store.hear_nothing(batch.phase.level, sent)
            raise
        bench.store.acknowledge(batch, time.time())
        self.pool.settle(batch.phase, batch.planned, Fate.WRITTEN)
        for letter, items in self.pool.by_letter(batch.phase, batch.planned).items():
            bench.watch(Step(letter, batch.phase.label, items))


def _by_level(found: Sequence[_Found]) -> dict[Level, Look]:
    """Return all items that will bear one of the ratings, each once."""
    rows: dict[Level, list[Ints]] = {}
    looks: dict[Level, Look] = {}
    for one in found:
        rows.setdefault(one.phase.level, []).append(one.admitted.bearers)
        looks[one.phase.level] = one.look
    return {
        level: looks[level].take(np.unique(np.concatenate(own)))
        for level, own in rows.items()
    }
