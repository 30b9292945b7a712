"""Taking every inferred rating back, in batches, as often as it needs."""

from collections.abc import Sequence
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
from tasks.sync.reconcile import (
    UNKNOWN_PHASE,
    read_and_reconcile,
    tags_of,
)
from tasks.sync.record_lookup import Recorded, record_view_of, recorded, unlisted
from tasks.sync.rename_resolution import resolve_renames

Row = Shadow | Intent

FIRST = 2
"""Ratings that are taken back first from a server that is not known."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """The recorded ratings of one level that are to be taken back."""

    level: Level
    rows: dict[str, Row]
    """By guid; an intent hides the older rating."""
    in_doubt: Sequence[Intent]
    """What may arrive yet at any item of the level."""
    items: Items
    """The items in Plex that bear these guids."""
    hidden: Ints
    """The ratingKeys of those that no listing shows."""

    @property
    def keys(self) -> Ints:
        """The ratingKeys of the items."""
        return self.items.key

    def owners_of(self, items: Items | ItemStates) -> NDArray[np.int8]:
        """Tell whose ratings these are now."""
        shadows = [row for row in self.rows.values() if isinstance(row, Shadow)]
        intents = [row for row in self.rows.values() if isinstance(row, Intent)]
        known = Recorded(shadows, [*intents, *self.in_doubt])
        record_view = record_view_of(items, known)
        return owners(items.rating, items.rated_at, record_view)


def undo(context: RunContext, selection: Selection) -> Undone:
    """Take back what is selected, and report what became of it.

    Safe to repeat: what was taken back is off the record, what failed stays on
    it. What a person changed is left alone and no longer ours.
    """
    report = Undone(dry_run=not context.is_live)
    snapshot = read_and_reconcile(context)
    ensure_record_current(context, snapshot, spares_unknown=True)  # those are swept
    library = snapshot.library
    chosen = [_choose(context, library, level, selection) for level in Level]
    context.watch(Step(total=sum(len(one.keys) for one in chosen)))
    spared = {one.level: _not_to_be_swept(context, one) for one in chosen}
    for one in chosen:
        _take_back(context, one, report)
        report.gone += len(one.rows.keys() - set(one.items.guid))
    if context.is_live:
        _strike_off(context, chosen, report)
    if selection.is_everything and context.settings.inferred_tag:
        for level in Level:
            _sweep(context, level, spared[level], report)
    report.reads, report.writes = context.gateway.reads, context.gateway.writes
    report.rested = context.throttle.rested
    return report


def _choose(
    context: RunContext, library: Library, level: Level, selection: Selection
) -> Chosen:
    record = resolve_renames(context.store, library, level, live=context.is_live)
    rows: dict[str, Row] = {row.guid: row for row in record.shadows}
    rows |= {row.guid: row for row in record.expected}
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
    here = recorded & _selected(library, level, selection)
    left_out = set(items.guid[recorded & ~here])
    rows = {guid: row for guid, row in rows.items() if guid not in left_out}
    here &= np.array([guid in rows for guid in items.guid], np.bool_)
    own = items.take(np.flatnonzero(here))
    hidden = own.take(np.empty(0, np.int64))
    if not (selection.letters or selection.artist):
        names = [Name(row.guid, row.key, "") for row in rows.values()]
        hidden = unlisted(context.gateway, library, level, names)
    every = Items.joined([own, hidden])
    return Chosen(level, rows, record.in_doubt, every, hidden.key)


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


def _left_alone(items: Items, level: Level, chosen: Bools) -> list[str]:
    names = (items.named(level, row) for row in np.flatnonzero(chosen).tolist())
    return [
        f"{name}: stays as it is, and on record, until it can be read" for name in names
    ]


def _not_to_be_swept(context: RunContext, chosen: Chosen) -> set[int]:
    """Name what bore our tag before us; in a dry run also what still bears it."""
    theirs = {mark.key for mark in context.store.marks(chosen.level) if mark.had_tag}
    return theirs if context.is_live else theirs | set(chosen.keys.tolist())


def _take_back(context: RunContext, chosen: Chosen, report: Undone) -> None:
    """Take back the ratings of a level, from a server that is not known two first."""
    keys = chosen.keys
    if context.is_live and context.executor.capabilities.is_assumed and len(keys):
        _take_back_first(context, chosen, keys[:FIRST], report)
        keys = keys[FIRST:]
    at_once = context.executor.at_once
    for start in range(0, len(keys), at_once):
        _reverse(context, chosen, keys[start : start + at_once], report)


def _take_back_first(
    context: RunContext, chosen: Chosen, keys: Ints, report: Undone
) -> None:
    """Take back a few ratings; if the server did not do it in one go, one by one."""
    able = RATING_ONLY
    if context.gateway.obeys_ids():
        able = replace(context.executor.capabilities, is_assumed=False)
        _reverse(context, chosen, keys, report)
        keys = _left(context, chosen, keys)
        if len(keys):
            able = replace(able, rating=EditMode.SINGLE, tagging=EditMode.SINGLE)
    context.executor.capabilities = able
    if len(keys):
        _reverse(context, chosen, keys, report)


def _left(context: RunContext, chosen: Chosen, keys: Ints) -> Ints:
    """Return the keys of what is still ours in Plex."""
    look = context.gateway.fetch_items(keys)[chosen.level]
    ours = is_ours(chosen.owners_of(look)) & ~np.isnan(look.rating)
    left: Ints = look.key[ours]
    return left


def _reverse(context: RunContext, chosen: Chosen, keys: Ints, report: Undone) -> None:
    level = chosen.level
    if context.is_live:
        context.before_write()
    look = context.gateway.fetch_items(keys)[level]
    owner = chosen.owners_of(look)
    clears = is_ours(owner)
    report.kept += len(set(look.guid[owner == Owner.TAKEN_OVER]))
    if not context.is_live:
        report.undone += len(set(look.guid[clears]))
        unread = np.isin(chosen.items.key, look.key[owner == Owner.UNREAD])
        report.unreadable += _left_alone(chosen.items, level, unread)
        return
    readable = np.flatnonzero(owner != Owner.UNREAD)
    look, clears = look.take(readable), clears[readable]
    tags = tags_of(context, level, list(set(look.guid)))
    drops = texts([tags.get(key, ()) for key in look.key.tolist()])
    for edit in reversals(level, look, clears, drops):
        _apply(context, edit)


def _apply(context: RunContext, edit: Edit) -> None:
    context.executor.apply(edit)
    context.watch(Step(phase=f"undo {edit.level.word}s", items=len(edit)))


def _strike_off(context: RunContext, chosen: Sequence[Chosen], report: Undone) -> None:
    """Read back, and drop from the record what is no longer ours in Plex."""
    for one in chosen:
        if not one.rows:
            continue
        listed = context.gateway.listing(one.level, lambda: None).items
        hidden = context.gateway.items_by_key(one.level, one.hidden)
        items = Items.joined([listed, hidden])
        cleared = np.isnan(items.rating)
        owner = one.owners_of(items)
        stays = is_ours(owner) & ~cleared
        unread = owner == Owner.UNREAD
        report.unreadable += _left_alone(items, one.level, unread)
        recorded = np.array([guid in one.rows for guid in items.guid], np.bool_)
        report.undone += len(set(items.guid[recorded & cleared]))
        report.failed += len(set(items.guid[recorded & stays]))
        context.store.forget(
            one.level, sorted(set(items.guid[recorded & ~stays & ~unread]))
        )


def _sweep(context: RunContext, level: Level, spared: set[int], report: Undone) -> None:
    """Clear up tagged items that nobody recorded: left-overs of a lost record."""
    record = recorded(context.store, level)
    known = {row.guid for row in record.shadows}
    known |= {row.guid for row in record.expected}
    marks = context.store.marks(level)
    trusted = {mark.key for mark in marks if mark.guid in known} | spared
    found = context.gateway.tagged(level, trusted=np.array(sorted(trusted), np.int64))
    unknown = np.array([key for key in found.key.tolist() if key not in trusted], int)
    titles = dict(zip(found.key.tolist(), found.title, strict=True))
    at_once = context.executor.at_once
    context.watch(Step(total=len(unknown)))
    for start in range(0, len(unknown), at_once):
        _clear_up(context, level, unknown[start : start + at_once], titles, report)
    if context.is_live:
        context.store.forget(level, sorted({mark.guid for mark in marks} - known))


def _clear_up(
    context: RunContext,
    level: Level,
    keys: Ints,
    titles: dict[int, str],
    report: Undone,
) -> None:
    if context.is_live:
        context.before_write()
    tag = context.settings.inferred_tag
    look = context.gateway.fetch_items(keys)[level]
    look = look.take(np.flatnonzero(~unreadable(look.rating)))
    look = look.take(np.flatnonzero(look.has_tag))
    clears = not_half_star(look.rating)
    named = [f"{level.word} {titles[key]!r} ({key})" for key in look.key.tolist()]
    for name, clear in zip(named, clears, strict=True):
        (report.swept if clear else report.untagged).append(name)
    if context.is_live:
        drops = texts([(tag,)] * len(look.key))
        for edit in reversals(level, look, clears, drops):
            _apply(context, edit)
