"""Writing one letter: look, promise, write, note; whatever happens, we know."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.batches import Batch, Look, admit, batches, still_due
from engine.evidence import Part
from engine.library import Level
from engine.ownership import Memory, Owner
from engine.plan import PhasePlan
from engine.points import Ints
from engine.reports import LetterResult
from tasks.remembering import memory_of
from tasks.workbench import Step, Workbench

LOOK_LASTS = 10.0
"""Seconds for which a look at a letter is trusted; then each batch is looked at
again before it is written. Always looking twice would double the requests."""


@dataclass(frozen=True, eq=False)
class View:
    """A letter's items as they were immediately before it was written."""

    letter: str
    looks: dict[Level, Look]
    since: float
    """When they were looked at, by the monotonic clock."""


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
    result = LetterResult()
    with bench.writer, bench.at_work():
        bench.gate.pass_through()
        for level in Level:
            result.released += release(bench, part, level)
        looks = bench.gateway.look(_keys(everything, plans))
        view = View(letter, looks, time.monotonic())
        for plan in plans:
            _write_phase(bench, plan, view, result)
    return result


def release(bench: Workbench, part: Part, level: Level) -> int:
    """Give up the ratings of a level that persons took over; return how many."""
    shelf = part[level]
    taken = shelf.standing.owner == Owner.TAKEN_OVER
    guids = {str(guid) for guid in shelf.items.guid[taken]}
    if not guids:
        return 0
    marks = [mark for mark in bench.store.marks(level) if mark.guid in guids]
    tags = {mark.key: mark.tag for mark in marks if mark.tag and not mark.had_tag}
    keys = sorted(tags)
    for start in range(0, len(keys), bench.batch_size):
        chunk = np.array(keys[start : start + bench.batch_size], np.int64)
        bench.await_turn()
        for tag, mood_locked, own in _tagged(bench.gateway.look(chunk)[level], tags):
            with bench.throttle.timed(level, len(own)):
                bench.gateway.untag(level, own, tag, mood_locked=mood_locked)
    bench.store.forget(level, sorted(guids))
    return len(guids)


def _tagged(look: Look, tags: dict[int, str]) -> Iterator[tuple[str, bool, Ints]]:
    """Yield the items that bear our tag in groups that one request can clear."""
    groups: dict[tuple[str, bool], list[int]] = {}
    for key, locked in zip(look.key.tolist(), look.mood_locked.tolist(), strict=True):
        groups.setdefault((tags[key], locked), []).append(key)
    for (tag, locked), keys in groups.items():
        yield tag, locked, np.array(keys, np.int64)


def _keys(everything: Part, plans: Sequence[PhasePlan]) -> Ints:
    """Return the keys of all planned items and of the items that share a guid."""
    keys = [np.empty(0, np.int64)]
    for plan in plans:
        shelf = everything[plan.phase.level]
        rows = shelf.items.rows_of(plan.key)
        together = np.isin(shelf.twin, shelf.twin[rows[rows >= 0]])
        keys.append(shelf.items.key[together])
    return np.unique(np.concatenate(keys))


def _memory(bench: Workbench, level: Level, look: Look) -> Memory:
    guids = sorted(set(look.guid))
    shadows = bench.store.shadows(level, guids)
    return memory_of(look.guid, shadows, bench.store.intents(level, guids))


def _write_phase(
    bench: Workbench, plan: PhasePlan, view: View, result: LetterResult
) -> None:
    level = plan.phase.level
    look = view.looks[level]
    admitted = admit(plan, look, _memory(bench, level, look))
    result.written += admitted.done
    result.taken_over += admitted.taken_over
    result.gone += admitted.gone
    for planned in batches(plan.phase, admitted, look, bench.batch_size):
        bench.await_turn()
        batch = planned
        if time.monotonic() - view.since > LOOK_LASTS:
            batch = _look_again(bench, planned, result)
        if len(batch):
            _write(bench, batch, look)
            result.written += len(set(batch.guid))
        bench.watch(Step(view.letter, plan.phase.label, len(planned)))


def _look_again(bench: Workbench, planned: Batch, result: LetterResult) -> Batch:
    """Return a batch less what a person did since the letter was looked at."""
    level = planned.phase.level
    look = bench.gateway.look(planned.key)[level]
    batch = still_due(planned, look, _memory(bench, level, look))
    result.gone += len(set(planned.guid) - set(look.guid))
    result.taken_over += len(set(look.guid) - set(batch.guid))
    return batch


def _write(bench: Workbench, batch: Batch, look: Look) -> None:
    level, tag = batch.phase.level, bench.settings.inferred_tag
    bench.store.intend(batch, look, tag, bench.run_id, time.time())
    with bench.throttle.timed(level, len(batch)):
        bench.gateway.rate(
            level,
            batch.key,
            batch.after,
            mood_locked=batch.mood_locked,
            rating_locked=batch.rating_locked,
        )
    bench.store.acknowledge(batch, time.time())
