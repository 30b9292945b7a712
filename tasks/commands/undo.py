"""Taking inferred ratings back: a plan of what is ours, and then its requests."""

from dataclasses import replace
from functools import partial

import numpy as np

from engine.library import Items, Level, Library
from engine.ownership import Owner
from engine.partition import chosen_letters, fold_name
from engine.planning.undo_plan import Selection, Undone, is_ours, not_half_star
from engine.rating_scale import Bools
from engine.rename_detection import Name
from tasks.commands.change import plan_and_apply
from tasks.commands.undo_apply import Chosen, Row, UndoPlan, strays_of
from tasks.runtime.context import RunContext
from tasks.sync.integrity import ensure_record_current
from tasks.sync.reconcile import UNKNOWN_PHASE, LibrarySnapshot
from tasks.sync.record_lookup import resolve_renames, unlisted


def undo(context: RunContext, selection: Selection) -> Undone:
    """Take back what is selected, and report what became of it.

    Safe to repeat: what was taken back is off the record, what failed stays on
    it. What a person changed is left alone and no longer ours.
    """
    return plan_and_apply(context, partial(plan_undo, selection=selection))


def plan_undo(
    context: RunContext, snapshot: LibrarySnapshot, selection: Selection
) -> UndoPlan:
    """Find out what is to be taken back, as far as the snapshot tells.

    Raises:
        RecordOutdated: Guesses would pass for a person's ratings.
    """
    ensure_record_current(context, snapshot, spares_unknown=True)  # those are swept
    chosen = [_choose(context, snapshot.library, level, selection) for level in Level]
    if selection.is_everything and context.settings.inferred_tag:
        chosen = [
            replace(one, strays=strays_of(context, one), is_whole=True)
            for one in chosen
        ]
    return UndoPlan(chosen, _predicted(context, chosen))


def _predicted(context: RunContext, chosen: list[Chosen]) -> Undone:
    report = Undone(dry_run=True, reads=context.gateway.reads)
    for one in chosen:
        owner, guid = one.owners_of(one.items), one.items.guid
        report.undone += len(set(guid[is_ours(owner)]))
        report.kept += len(set(guid[owner == Owner.TAKEN_OVER]))
        report.gone += one.gone
        report.unreadable += one.left_alone(one.items, owner == Owner.UNREAD)
        swept = not_half_star(one.strays.rating)
        names = [one.strays.named(one.level, row) for row in range(len(swept))]
        for name, clears in zip(names, swept, strict=True):
            (report.swept if clears else report.untagged).append(name)
    return report


def _choose(
    context: RunContext, library: Library, level: Level, selection: Selection
) -> Chosen:
    record = resolve_renames(context.store, library, level).record
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
    nothing = own.take(np.empty(0, np.int64))
    hidden = nothing
    if not (selection.letters or selection.artist):
        names = [Name(row.guid, row.key, "") for row in rows.values()]
        hidden = unlisted(context.gateway, library, level, names)
    every = Items.joined([own, hidden])
    return Chosen(level, rows, record, every, hidden.key, strays=nothing)


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
