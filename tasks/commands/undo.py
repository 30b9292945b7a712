"""Taking inferred ratings back: what is ours is chosen, then taken back in batches."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.capabilities import RATING_ONLY, EditMode
from engine.edits import Edit
from engine.library import Items, Level, Library
from engine.ownership import Owner, owners
from engine.partition import chosen_letters, fold_name
from engine.planning.batches import ItemStates
from engine.planning.undo_plan import (
    Selection,
    Undone,
    is_ours,
    not_half_star,
    reversals,
)
from engine.rating_scale import Bools, Ints, unreadable
from engine.rename_detection import Name
from tasks.plex.parsing import texts
from tasks.record.rows import Intent, Shadow
from tasks.runtime.context import RunContext, Step
from tasks.sync.integrity import ensure_record_current
from tasks.sync.reader import read
from tasks.sync.reconcile import (
    UNKNOWN_PHASE,
    LibrarySnapshot,
    reconcile,
    snapshot_of,
    tags_of,
)
from tasks.sync.record_lookup import Recorded, record_view_of, resolve_renames, unlisted
from tasks.sync.tag_check import restore_lost_moods

FEW = 2
"""Ratings that are taken back in one go from a server that is not known."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """The recorded ratings of one level that are to be taken back."""

    level: Level
    rows: Mapping[str, Shadow | Intent]
    """By guid; an intent hides the older rating."""
    recorded: frozenset[str]
    """The guids of all that is on record of the level."""
    in_doubt: Sequence[Intent]
    """What may arrive yet at any item of the level."""
    items: Items
    """The items in Plex that bear these guids."""
    hidden: Ints
    """The ratingKeys of those that no listing shows."""
    strays: Items
    """Items that bear our tag though nothing is recorded of them."""
    is_whole: bool = False
    """Whether nothing of the level is left out."""

    @property
    def gone(self) -> int:
        """How many of the ratings are of items that are no longer there."""
        return len(self.rows.keys() - set(self.items.guid))

    def owners_of(self, items: Items | ItemStates) -> NDArray[np.int8]:
        """Tell whose ratings these are now."""
        shadows = [row for row in self.rows.values() if isinstance(row, Shadow)]
        intents = [row for row in self.rows.values() if isinstance(row, Intent)]
        known = Recorded(shadows, [*intents, *self.in_doubt])
        return owners(items.rating, items.rated_at, record_view_of(items, known))

    def left_alone(self, items: Items, owner: NDArray[np.int8]) -> list[str]:
        """Say of items that cannot be read that they are left alone."""
        rows = np.flatnonzero(owner == Owner.UNREAD).tolist()
        left = "stays as it is, and on record, until it can be read"
        return [f"{items.named(self.level, row)}: {left}" for row in rows]


def undo(context: RunContext, selection: Selection) -> Undone:
    """Take back what is selected, and report what became of it, or would.

    Safe to repeat: what was taken back is off the record, what failed stays on
    it. What a person changed is left alone and no longer ours.

    Raises:
        RecordOutdated: Guesses would pass for a person's ratings.
    """
    library = read(context)
    compare = reconcile if context.is_live else snapshot_of
    chosen = _chosen(context, compare(context, library), selection)
    return _apply(context, chosen) if context.is_live else _predicted(context, chosen)


def _chosen(
    context: RunContext, snapshot: LibrarySnapshot, selection: Selection
) -> list[Chosen]:
    """Find out what is to be taken back, level by level."""
    ensure_record_current(context, snapshot, spares_unknown=True)  # those are swept
    chosen = [_choose(context, snapshot.library, level, selection) for level in Level]
    if selection.is_everything and context.settings.inferred_tag:
        return [
            replace(one, strays=_strays(context, one), is_whole=True) for one in chosen
        ]
    return chosen


def _choose(
    context: RunContext, library: Library, level: Level, selection: Selection
) -> Chosen:
    record = resolve_renames(context.store, library, level).record
    rows: dict[str, Shadow | Intent] = {row.guid: row for row in record.shadows}
    rows |= {row.guid: row for row in record.expected}
    everything = frozenset(rows)
    phases = {int(phase) for phase in selection.phases}
    if level in {phase.level for phase in selection.phases}:
        phases.add(UNKNOWN_PHASE)
    rows = {
        guid: row
        for guid, row in rows.items()
        if row.phase in phases and row.run_id.startswith(selection.run)
    }
    items = library.listed(level)
    recorded = np.array([guid in rows for guid in items.guid], np.bool_)
    left_out = set(items.guid[recorded & ~_selected(library, level, selection)])
    rows = {guid: row for guid, row in rows.items() if guid not in left_out}
    own = items.take(np.flatnonzero([guid in rows for guid in items.guid]))
    hidden = nothing = own.take(np.empty(0, np.int64))
    if not (selection.letters or selection.artist):
        names = [Name(row.guid, row.key, "") for row in rows.values()]
        hidden = unlisted(context.gateway, library, level, names)
    every = Items.joined([own, hidden])
    return Chosen(level, rows, everything, record.in_doubt, every, hidden.key, nothing)


def _selected(library: Library, level: Level, selection: Selection) -> Bools:
    letters = chosen_letters(selection.letters, library.letter)
    wanted = np.isin(library.letters(level).astype(str), letters)
    outside = len(library.listed(level)) - len(library[level])
    if selection.artist:
        titles = library.artists.title[library.artist_row(level)]
        name = fold_name(selection.artist)
        wanted &= np.array([fold_name(title) == name for title in titles], np.bool_)
    # What belongs nowhere is under no letter, and of no artist.
    is_wanted = not (selection.letters or selection.artist)
    return np.append(wanted, np.full(outside, is_wanted))


def _strays(context: RunContext, chosen: Chosen) -> Items:
    """Return the items that bear our tag and are not on record: of a lost one."""
    level, marks = chosen.level, context.store.marks(chosen.level)
    ours = {mark.key for mark in marks if mark.guid in chosen.recorded}
    theirs = {mark.key for mark in marks if mark.had_tag}
    trusted: Ints = np.array(sorted(ours | theirs), np.int64)
    found = context.gateway.tagged(level, trusted=trusted)
    known = np.isin(found.key, trusted) | np.isin(found.key, chosen.items.key)
    return found.take(np.flatnonzero(~known & ~unreadable(found.rating)))


def _predicted(context: RunContext, chosen: list[Chosen]) -> Undone:
    report = Undone(dry_run=True, reads=context.gateway.reads)
    for one in chosen:
        owner, guid = one.owners_of(one.items), one.items.guid
        report.undone += len(set(guid[is_ours(owner)]))
        report.kept += len(set(guid[owner == Owner.TAKEN_OVER]))
        report.gone += one.gone
        report.unreadable += one.left_alone(one.items, owner)
        swept = not_half_star(one.strays.rating)
        names = [one.strays.named(one.level, row) for row in range(len(swept))]
        for name, clears in zip(names, swept, strict=True):
            (report.swept if clears else report.untagged).append(name)
    return report


def _apply(context: RunContext, chosen: Sequence[Chosen]) -> Undone:
    """Take back what was chosen; what has changed since is checked again."""
    restore_lost_moods(context)
    report = Undone(dry_run=False)
    context.watch(Step(total=sum(len(one.items) for one in chosen)))
    for one in chosen:
        _take_back(context, one, report)
        report.gone += one.gone
    for one in chosen:
        _strike_off(context, one, report)
    for one in chosen:
        _sweep(context, one, report)
    report.reads, report.writes = context.gateway.reads, context.gateway.writes
    report.rested = context.throttle.rested
    return report


def _take_back(context: RunContext, chosen: Chosen, report: Undone) -> None:
    """Take back the ratings of a level, few at a time while the server is not known."""
    keys = chosen.items.key
    while len(keys) and context.executor.capabilities.is_assumed:
        _take_back_with_care(context, chosen, keys[:FEW], report)
        keys = keys[FEW:]
    at_once = context.executor.at_once
    for start in range(0, len(keys), at_once):
        _reverse(context, chosen, keys[start : start + at_once], report)


def _take_back_with_care(
    context: RunContext, chosen: Chosen, keys: Ints, report: Undone
) -> None:
    """Take back a few ratings; if the server did not do it in one go, one by one.

    It is known from then on, unless each of them took a request of its own.
    """
    if not context.gateway.obeys_ids():
        context.executor.capabilities = RATING_ONLY
    edits = _reverse(context, chosen, keys, report)
    left = _still_ours(context, chosen, edits)
    able = replace(context.executor.capabilities, is_assumed=False)
    if len(left):
        able = replace(able, rating=EditMode.SINGLE, tagging=EditMode.SINGLE)
        context.executor.capabilities = able
        _reverse(context, chosen, left, report)
    elif any(edit.rates and len(edit) > 1 for edit in edits):
        context.executor.capabilities = able


def _still_ours(context: RunContext, chosen: Chosen, edits: Sequence[Edit]) -> Ints:
    """Return the keys of what still holds a rating or a tag that it should not."""
    keys = [np.empty(0, np.int64), *(edit.key for edit in edits)]
    look = context.gateway.fetch_items(np.unique(np.concatenate(keys)))[chosen.level]
    untagged = [keys[0], *(edit.key for edit in edits if edit.drops)]
    ours = is_ours(chosen.owners_of(look)) & ~np.isnan(look.rating)
    ours |= look.has_tag & np.isin(look.key, np.concatenate(untagged))
    left: Ints = look.key[ours]
    return left


def _reverse(
    context: RunContext, chosen: Chosen, keys: Ints, report: Undone
) -> list[Edit]:
    """Take back what is ours now of some items; return the edits that this took."""
    level = chosen.level
    context.before_write()
    look = context.gateway.fetch_items(keys)[level]
    owner = chosen.owners_of(look)
    report.kept += len(set(look.guid[owner == Owner.TAKEN_OVER]))
    readable = np.flatnonzero(owner != Owner.UNREAD)
    look, clears = look.take(readable), is_ours(owner)[readable]
    tags = tags_of(context, level, list(set(look.guid)))
    drops = texts([tags.get(key, ()) for key in look.key.tolist()])
    edits = list(reversals(level, look, clears, drops))
    _send(context, edits)
    return edits


def _send(context: RunContext, edits: Iterable[Edit]) -> None:
    for edit in edits:
        context.executor.apply(edit)
        context.watch(Step(phase=f"undo {edit.level.word}s", items=len(edit)))


def _strike_off(context: RunContext, chosen: Chosen, report: Undone) -> None:
    """Read back, and drop from the record what is no longer ours in Plex."""
    if not chosen.rows:
        return
    level = chosen.level
    listed = context.gateway.listing(level, lambda: None).items
    hidden = context.gateway.items_by_key(level, chosen.hidden)
    items = Items.joined([listed, hidden])
    cleared = np.isnan(items.rating)
    owner = chosen.owners_of(items)
    stays = is_ours(owner) & ~cleared
    report.unreadable += chosen.left_alone(items, owner)
    recorded = np.array([guid in chosen.rows for guid in items.guid], np.bool_)
    report.undone += len(set(items.guid[recorded & cleared]))
    report.failed += len(set(items.guid[recorded & stays]))
    done = recorded & ~stays & (owner != Owner.UNREAD)
    context.store.forget(level, sorted(set(items.guid[done])))


def _sweep(context: RunContext, chosen: Chosen, report: Undone) -> None:
    """Clear up tagged items that nobody recorded: left-overs of a lost record."""
    keys, at_once = chosen.strays.key, context.executor.at_once
    context.watch(Step(total=len(keys)))
    for start in range(0, len(keys), at_once):
        _clear_up(context, chosen, keys[start : start + at_once], report)
    if chosen.is_whole:
        marked = {mark.guid for mark in context.store.marks(chosen.level)}
        context.store.forget(chosen.level, sorted(marked - chosen.recorded))


def _clear_up(context: RunContext, chosen: Chosen, keys: Ints, report: Undone) -> None:
    context.before_write()
    level, strays = chosen.level, chosen.strays
    look = context.gateway.fetch_items(keys)[level]
    look = look.take(np.flatnonzero(look.has_tag & ~unreadable(look.rating)))
    clears = not_half_star(look.rating)
    for row, clear in zip(strays.rows_of(look.key).tolist(), clears, strict=True):
        (report.swept if clear else report.untagged).append(strays.named(level, row))
    drops = texts([(context.settings.inferred_tag,)] * len(look.key))
    _send(context, reversals(level, look, clears, drops))
