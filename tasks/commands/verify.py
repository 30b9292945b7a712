"""Comparing the record with Plex without changing either."""

import numpy as np

from engine.library import Items, Level, Library
from engine.ownership import Owner
from engine.planning.plan import held_after
from engine.rating_scale import Bools
from engine.rename_detection import Name, moves
from engine.reports.audit import Audit
from engine.reports.run_report import Ranked, ranking
from tasks.record.given import odd_ratings_are_theirs
from tasks.runtime.context import RunContext
from tasks.sync.integrity import unexplained_values
from tasks.sync.reconcile import LibrarySnapshot, snapshot_of
from tasks.sync.record_lookup import recorded, unlisted
from tasks.sync.steps import plans_of, read


def verify(context: RunContext) -> Audit:
    """Compare the record with Plex: three listings, and those of our tag."""
    snapshot = snapshot_of(context, read(context))
    audit = Audit(library=context.gateway.identity.title)
    for level in Level:
        _check(context, snapshot, level, audit)
        _note_odd_values(context, snapshot, level, audit)
    audit.pending.note(pending(context, snapshot))
    audit.not_understood.note(snapshot.library.not_understood)
    return audit


def rank(
    context: RunContext, count: int, level: Level
) -> tuple[list[Ranked], list[Ranked]]:
    """Return the best and the worst artists or albums, as Plex holds them now."""
    everything = snapshot_of(context, read(context)).everything
    return ranking(everything, held_after(everything, level), count, level)


def pending(context: RunContext, snapshot: LibrarySnapshot) -> list[str]:
    """Return the changes that a run would make now, in words."""
    changes = []
    for plans in plans_of(context, snapshot).values():
        for plan in plans:
            items = snapshot.library[plan.phase.level]
            rows = items.rows_of(plan.key)
            changes += [items.named(plan.phase.level, row) for row in rows]
    return changes


def _check(
    context: RunContext, snapshot: LibrarySnapshot, level: Level, audit: Audit
) -> None:
    view = snapshot.everything[level]
    owner, items = view.ownership.owner, view.items
    record = recorded(context.store, level)
    names = {
        row.guid: Name(row.guid, row.key, row.fingerprint) for row in record.shadows
    }
    names |= {row.guid: Name(row.guid, row.key, "") for row in record.expected}
    found = moves(snapshot.library, level, list(names.values()))
    audit.recorded += len(names)
    audit.moved.note(
        [f"{level.word} {move.old.key} → {move.new.key}" for move in found]
    )
    moved = {move.old.guid for move in found}
    stays = [name for guid, name in names.items() if guid not in moved]
    hidden = unlisted(context.gateway, snapshot.library, level, stays)
    audit.not_understood.note(_not_listed(snapshot.library, level, hidden))
    here = set(snapshot.library.listed(level).guid) | set(hidden.guid)
    here |= {oddity.guid for oddity in snapshot.library.oddities}
    lost = [name for name in stays if name.guid not in here]
    audit.gone.note([f"{level.word} {name.key} ({name.guid})" for name in lost])
    for kind, found_to_be in (
        (audit.edited, [Owner.TAKEN_OVER]),
        (audit.cleared, [Owner.CLEARED]),
        (audit.unfinished, [Owner.UNWRITTEN, Owner.WRITTEN]),
    ):
        kind.note(_named(items, level, view.is_primary & np.isin(owner, found_to_be)))
    _check_tags(context, snapshot.library, level, ~np.isnan(view.ownership.ours), audit)


def _note_odd_values(
    context: RunContext, snapshot: LibrarySnapshot, level: Level, audit: Audit
) -> None:
    """Count what looks ours by its value, unless a person said that it is theirs."""
    if not odd_ratings_are_theirs(context.store):
        items = snapshot.library[level]
        rows = unexplained_values(context.store, snapshot, level).tolist()
        audit.looks_ours.note([items.named(level, row) for row in rows])


def _not_listed(library: Library, level: Level, hidden: Items) -> list[str]:
    """Name the items that are not listed, but for those that others lack already."""
    below = library.left_out.get(Level(level + 1)) if level < Level.TRACK else None
    told = np.isin(hidden.key, [] if below is None else below.parent)
    names = _named(hidden, level, ~told)
    return [f"{name}: on record and not listed, though it is there" for name in names]


def _check_tags(
    context: RunContext, library: Library, level: Level, ours: Bools, audit: Audit
) -> None:
    if not context.tag_for(level):
        return
    items = library[level]
    bearing = context.gateway.tagged(level, trusted=items.key[ours])
    tagged = np.isin(items.key, bearing.key)
    audit.untagged.note(_named(items, level, ours & ~tagged))
    known = [mark.key for mark in context.store.marks(level)]
    strange = tagged & ~ours & ~np.isin(items.key, known)
    audit.stray.note(_named(items, level, strange))


def _named(items: Items, level: Level, chosen: Bools) -> list[str]:
    return [items.named(level, row) for row in np.flatnonzero(chosen).tolist()]
