"""Writing ratings for a person: recorded, sent, and seen, or left alone.

They are nobody's guesses: they get no tag, and what was ours of the item is let go of
as soon as Plex shows them. Until then the record explains what stood there.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.edits import RATING_ONLY, Edit, EditMode
from engine.library import shared_guids
from engine.ownership import Owner, owners
from engine.planning.batches import ItemStates, chunks
from engine.planning.given_plan import GivenOutcome, GivenRatings, still_as_planned
from engine.planning.undo_plan import reversals
from engine.rating_scale import Bools, Floats, Texts, equal, rounded, same
from tasks.record.given import GivenRating, confirm_given, inferred_before, record_given
from tasks.runtime.context import RunContext, Step
from tasks.sync.letter_writer import STATES_LAST
from tasks.sync.record_lookup import record_view_of, recorded
from tasks.sync.tags import OurTags

FEW = 2
"""Ratings that go in one request to a server that is not known."""


def write_given(
    context: RunContext, wishes: GivenRatings, *, is_undo: bool = False
) -> NDArray[np.int8]:
    """Write ratings of one level for a person; return a `GivenOutcome` for each.

    Safe to repeat. In an undo, nothing is recorded: what is taken back is on record.

    Raises:
        PlexUnreachable: Whether the last ones arrived is not known.
    """
    outcome = np.full(len(wishes), GivenOutcome.LEFT, np.int8)
    if len(wishes) and not context.gateway.obeys_ids():
        context.executor.capabilities = RATING_ONLY
    shared = shared_guids(wishes.guid)
    order = np.lexsort((wishes.key, shared, wishes.after))
    left = order
    while len(left):
        able = context.executor.capabilities
        size = FEW if able.is_assumed else context.executor.at_once
        last = shared[left[:size][-1]]
        some = left[: max(size, int(np.flatnonzero(shared[left] == last)[-1]) + 1)]
        outcome[some] = _write_some(context, wishes.take(some), is_undo=is_undo)
        left = order[outcome[order] == GivenOutcome.LEFT]
    return outcome


def _write_some(
    context: RunContext, wishes: GivenRatings, *, is_undo: bool
) -> NDArray[np.int8]:
    """Look at a few items, write what is as planned, and look again."""
    context.before_write()
    level = wishes.level
    look = context.gateway.fetch_items(wishes.key)[level]
    guards = context.executor.capabilities.guards_ratings
    valid_until = context.machine.elapsed() + STATES_LAST[guards]
    known = recorded(context.store, level, set(look.guid))
    view = record_view_of(look, known)
    owner = owners(look.rating, look.rated_at, view)
    row, outcome = still_as_planned(wishes, look, owner)
    doubted = {one.guid for one in known.in_doubt}
    risky = np.array([guid in doubted for guid in wishes.guid], np.bool_)
    outcome[risky & (row >= 0)] = GivenOutcome.CHANGED
    due = np.flatnonzero((row >= 0) & ~risky)
    if not len(due):
        return outcome
    if not is_undo:
        was_ours = owner[row[due]] == Owner.US
        _record(context, wishes.take(due), look.take(row[due]), was_ours)
    sent = _send(context, wishes.take(due), look.take(row[due]), valid_until)
    outcome[due[sent]] = _seen(context, wishes.take(due[sent]), is_undo=is_undo)
    context.watch(Step(phase=f"rate {level.word}s", items=int(sent.sum())))
    return outcome


def _record(
    context: RunContext, wishes: GivenRatings, look: ItemStates, was_ours: Bools
) -> None:
    """Record what is about to be written, what stands there, and if that is ours."""
    level, run_id = wishes.level, context.run_id
    ours = inferred_before(context.store, level, list(set(look.guid)))
    numbers = look.rating.tolist(), wishes.after.tolist()
    columns = look.guid, look.key.tolist(), *numbers, was_ours.tolist()
    record_given(
        context.store,
        run_id,
        [
            GivenRating(
                *(level, guid, key, _known(before), _known(after)),
                was_ours=ours.get(guid) if is_ours else None,
            )
            for guid, key, before, after, is_ours in zip(*columns, strict=True)
        ],
    )


def _known(points: float) -> float | None:
    return None if np.isnan(points) else points


def _send(
    context: RunContext, wishes: GivenRatings, look: ItemStates, valid_until: float
) -> Bools:
    """Send edits while the look is fresh; return which items were in one."""
    tags = OurTags(context, wishes.level, list(set(look.guid))).on(look)
    sent: list[int] = []
    begun: set[str] = set()
    for edit in _edits(wishes, look, tags, context.rated_at_once):
        guids = set(look.guid[np.isin(look.key, edit.key)])
        if sent:
            context.before_write()
            # Items that share a rating go together: the rest would look changed.
            if context.machine.elapsed() >= valid_until and not guids & begun:
                break
        context.executor.apply(edit)
        sent += edit.key.tolist()
        begun |= guids
    return np.isin(wishes.key, sent)


def _edits(
    wishes: GivenRatings, look: ItemStates, tags: Texts, size: int
) -> Iterator[Edit]:
    """Group items by rating, tag and locks: each loses our tag with our rating."""
    order = np.argsort(wishes.after, kind="stable")
    values = wishes.after[order]
    nothing = np.isnan(values)
    alike = equal(values[1:], values[:-1]) | (nothing[1:] & nothing[:-1])
    borders = np.flatnonzero(~alike) + 1
    for group in np.split(order, borders):
        points = _known(float(wishes.after[group[0]]))
        rates = np.ones(len(group), np.bool_)
        for rows in chunks(np.arange(len(group)), size):
            some = group[rows]
            for edit in reversals(
                wishes.level, look.take(some), rates[rows], tags[some]
            ):
                yield replace(edit, points=points)


def _seen(
    context: RunContext, wishes: GivenRatings, *, is_undo: bool
) -> NDArray[np.int8]:
    """Look at what was written; let go of what was ours where Plex shows it."""
    level, store = wishes.level, context.store
    now = context.gateway.fetch_items(wishes.key)[level]
    row_of = {key: row for row, key in enumerate(now.key.tolist())}
    rows = np.array([row_of.get(key, -1) for key in wishes.key.tolist()], np.int64)
    outcome = np.full(len(wishes), GivenOutcome.GONE, np.int8)
    there = np.flatnonzero(rows >= 0)
    at = rows[there]
    arrived = _is_there(context, now.rating[at], wishes.after[there])
    stands = same(now.rating[at], wishes.before[there])
    outcome[there] = np.where(stands, GivenOutcome.FAILED, GivenOutcome.CHANGED)
    outcome[there[arrived]] = GivenOutcome.WRITTEN
    shown = zip(
        *(now.key[at].tolist(), rounded(now.rating[at]).tolist()),
        *(now.rated_at[at].tolist(), arrived),
        strict=True,
    )
    if not is_undo:
        confirmed = {
            k: (_known(points), date) for k, points, date, is_in in shown if is_in
        }
        confirm_given(store, context.run_id, level, confirmed)
    store.forget(level, sorted(set(wishes.guid[there[arrived]])))
    if not arrived.all():
        return _with_care(context, outcome)
    if context.executor.capabilities.is_assumed and _was_a_batch(wishes):
        able = context.executor.capabilities
        context.executor.capabilities = replace(able, is_assumed=False)
    return outcome


def _is_there(context: RunContext, rating: Floats, after: Floats) -> Bools:
    """Say where Plex shows what was written, as finely as it keeps ratings."""
    step = context.executor.capabilities.safe_step
    close: Bools = np.abs(rating - after) <= step / 2 + 1e-6
    return close | same(rating, after)


def _was_a_batch(wishes: GivenRatings) -> bool:
    return len(wishes) > 1 and bool(same(wishes.after[1:], wishes.after[:-1]).all())


def _with_care(context: RunContext, outcome: NDArray[np.int8]) -> NDArray[np.int8]:
    """Try once more, item by item, what an unknown server did not do in one go."""
    able = context.executor.capabilities
    if not able.is_assumed:
        return outcome
    single = EditMode.SINGLE
    context.executor.capabilities = replace(
        able, is_assumed=False, rating=single, tagging=single
    )
    return np.where(outcome == GivenOutcome.FAILED, GivenOutcome.LEFT, outcome)
