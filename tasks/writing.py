"""Writing one letter: look, promise, write, note; whatever happens, we know."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from engine.batches import Batch, Look, admit, batches, windows
from engine.evidence import Part
from engine.library import Level
from engine.ownership import Memory, Owner
from engine.plan import PhasePlan
from engine.points import Ints
from engine.reports import LetterResult
from engine.reversal import reversals
from tasks.plex.markup import texts
from tasks.remembering import memory_of, tags_of
from tasks.workbench import Step, Workbench

LOOK_LASTS, GUARDED_LOOK_LASTS = 3.0, 10.0
"""Seconds for which a look is trusted; whatever is not written by then is looked at
again. Looking before every single request would double their number. It may be older
where Plex itself spares what a person rates in the moment of writing."""


def write_letter(
    bench: Workbench,
    letter: str,
    everything: Part,
    part: Part,
    plans: Sequence[PhasePlan],
) -> LetterResult:
    """Write the plans of one letter in the order of their phases.

    Safe to repeat: what an earlier attempt wrote is recognised, and what a
    person changed meanwhile is left alone.

    Args:
        bench: The tools of the run.
        letter: The letter, for those who watch.
        everything: The whole library: an item may share its rating with one
            under another letter, and both get the tag.
        part: What files under the letter.
        plans: What its phases are to write.

    Raises:
        PlexUnreachable: The outcome of the last request is unknown; the look
            with which the next attempt begins settles it.
        RunStopped: A person asked the run to stop.
    """
    with bench.writer, bench.at_work():
        bench.gate.pass_through()
        writer = _Writer(bench, letter, everything)
        for level in Level:
            writer.result.released += release(bench, part, level)
        shelves = [everything[plan.phase.level] for plan in plans]
        copies = [
            shelf.copies(shelf.items.rows_of(plan.key))
            for shelf, plan in zip(shelves, plans, strict=True)
        ]
        for window in windows(plans, copies, bench.batch_size):
            writer.write(window)
    return writer.result


def release(bench: Workbench, part: Part, level: Level) -> int:
    """Give up the ratings of a level that persons took over; return how many."""
    shelf = part[level]
    taken = shelf.standing.owner == Owner.TAKEN_OVER
    guids = {str(guid) for guid in shelf.items.guid[taken]}
    if not guids:
        return 0
    tags = tags_of(bench, level, sorted(guids))
    keys = sorted(tags)
    for start in range(0, len(keys), bench.batch_size):
        chunk = np.array(keys[start : start + bench.batch_size], np.int64)
        bench.await_turn()
        look = bench.gateway.look(chunk)[level]
        drops = texts([tags[key] for key in look.key.tolist()])
        stays = np.zeros(len(look.key), np.bool_)
        for edit in reversals(level, look, stays, drops):
            bench.pen.make(edit)
    bench.store.forget(level, sorted(guids))
    return len(guids)


@dataclass(frozen=True, eq=False)
class _Writer:
    """Writes one letter, stretch by stretch, and counts."""

    bench: Workbench
    letter: str
    everything: Part
    result: LetterResult = field(default_factory=LetterResult)

    def write(self, window: Sequence[PhasePlan]) -> None:
        """Write what one look covers; once that is out of date, look again."""
        due = list(window)
        while any(map(len, due)):
            self.bench.await_turn()
            looks = self.bench.gateway.look(self._keys(due))
            is_guarded = self.bench.pen.abilities.is_guarded
            lasts = GUARDED_LOOK_LASTS if is_guarded else LOOK_LASTS
            fresh_until = time.monotonic() + lasts
            requests = list(self._requests(due, looks))
            left = self._write_until(fresh_until, requests, looks)
            due = [plan.only(left) for plan in due]

    def _keys(self, plans: Sequence[PhasePlan]) -> Ints:
        """Return the keys of planned items and of all that share a guid with them."""
        keys = [np.empty(0, np.int64)]
        for plan in plans:
            shelf = self.everything[plan.phase.level]
            rows = shelf.together(shelf.items.rows_of(plan.key))
            keys.append(shelf.items.key[rows])
        return np.unique(np.concatenate(keys))

    def _requests(
        self, due: Sequence[PhasePlan], looks: dict[Level, Look]
    ) -> Iterator[Batch]:
        """Yield what may still be written, and count what may not."""
        for plan in due:
            look = looks[plan.phase.level]
            memory = self._memory(plan.phase.level, look)
            found = admit(plan, look, memory, tagged=bool(self.bench.tag))
            self.result.written += found.done
            self.result.taken_over += found.taken_over
            self.result.gone += found.gone
            yield from batches(plan.phase, found, look, self.bench.batch_size)

    def _memory(self, level: Level, look: Look) -> Memory:
        guids = sorted(set(look.guid))
        shadows = self.bench.store.shadows(level, guids)
        return memory_of(look.guid, shadows, self.bench.store.intents(level, guids))

    def _write_until(
        self, fresh_until: float, requests: Sequence[Batch], looks: dict[Level, Look]
    ) -> set[str]:
        """Write batches until their look is out of date; return the guids left.

        The first is written in any case: its turn was awaited before the look.
        So is what shares a rating with it: else both would be due again for ever.
        """
        begun: set[str] = set()
        left: set[str] = set()
        for planned in requests:
            batch = planned
            if begun:
                self.bench.await_turn()
            if begun and time.monotonic() >= fresh_until:
                due = np.array([guid in begun for guid in batch.guid], np.bool_)
                left |= set(batch.guid[~due])
                batch = batch.take(np.flatnonzero(due))
            if len(batch):
                self._write(batch, looks[batch.phase.level], begun)
                begun |= set(batch.guid)
        return left

    def _write(self, batch: Batch, look: Look, begun: set[str]) -> None:
        """Write a batch; what shares a rating that was just written lacks only the tag.

        To rate it again would do nothing: it counts as rated since the look.
        """
        bench = self.bench
        edit = batch.edit(bench.tag)
        rated = np.array([guid in begun for guid in batch.guid], np.bool_)
        bench.store.intend(batch, look, bench.tag, bench.run_id, time.time())
        if not rated.all():
            bench.pen.make(edit.take(~rated))
        if rated.any() and bench.tag:
            bench.pen.make(replace(edit.take(rated), rates=False))
        bench.store.acknowledge(batch, time.time())
        self.result.written += len(set(batch.guid))
        bench.watch(Step(self.letter, batch.phase.label, len(batch)))
