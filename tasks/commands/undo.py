"""Taking inferred ratings back: a plan of what is ours, and then its requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.edits import RATING_ONLY, Edit, EditMode
from engine.library import Items, Level, Library
from engine.ownership import Owner, owners
from engine.planning.batches import ItemStates, chunks
from engine.planning.undo_plan import Selection, Undone, is_ours, reversals
from engine.rating_scale import Bools, Ints, not_half_star, unreadable
from engine.rename_detection import Name
from tasks.commands.undo_given import GivenUndo, plan_given_undo
from tasks.plex.parsing import texts
from tasks.record.rows import Intent, Mark, Shadow
from tasks.runtime.context import RunContext, Step
from tasks.sync.given_writer import FEW
from tasks.sync.integrity import ensure_record_current
from tasks.sync.reconcile import UNKNOWN_PHASE, LibrarySnapshot
from tasks.sync.record_lookup import Recorded, record_view_of, resolve_renames, unlisted
from tasks.sync.steps import plan_and_apply
from tasks.sync.tags import OurTags, restore_lost_moods

Row = Shadow | Intent


@dataclass(frozen=True, eq=False)
class Chosen:
    """The recorded ratings of one level that are to be taken back."""

    level: Level
    rows: Mapping[str, Row]
    """By guid; an intent hides the older rating."""
    record: Recorded
    """All that is on record of the level."""
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

    def owners_of(self, items: Items | ItemStates, now: float) -> NDArray[np.int8]:
        """Tell whose ratings these are now, by the time of epoch seconds."""
        shadows = [row for row in self.rows.values() if isinstance(row, Shadow)]
        intents = [row for row in self.rows.values() if isinstance(row, Intent)]
        known = Recorded(shadows, [*intents, *self.record.in_doubt], now)
        record_view = record_view_of(items, known)
        return owners(items.rating, items.rated_at, record_view)

    def left_alone(self, items: Items, chosen: Bools) -> list[str]:
        """Say of items that they are left alone."""
        left = "stays as it is, and on record, until it can be read"
        rows = np.flatnonzero(chosen).tolist()
        return [f"{items.named(self.level, row)}: {left}" for row in rows]


@dataclass(frozen=True, eq=False)
class UndoPlan:
    """What is to be taken back, level by level."""

    chosen: Sequence[Chosen]
    given: GivenUndo
    """What the run wrote for a person, if one run is meant."""
    predicted: Undone
    """What becomes of it if nothing changes meanwhile."""

    def apply(self, context: RunContext) -> Undone:
        """Take back what was planned; what has changed since is checked again."""
        restore_lost_moods(context)
        report = Undone(dry_run=False)
        context.watch(Step(total=sum(len(one.items.key) for one in self.chosen)))
        for one in self.chosen:
            _take_back(context, one)
            report.gone += one.gone
        self.given.apply(context, report)
        swept = [_strike_off(context, one, report) for one in self.chosen]
        for one in swept:
            _sweep(context, one, report)
        report.reads, report.writes = context.gateway.reads, context.gateway.writes
        report.rested = context.throttle.rested
        return report


def _take_back(context: RunContext, chosen: Chosen) -> None:
    """Take back the ratings of a level, few at a time while the server is not known."""
    keys = chosen.items.key
    while len(keys) and context.executor.capabilities.is_assumed:
        _take_back_with_care(context, chosen, keys[:FEW])
        keys = keys[FEW:]
    for some in chunks(keys, context.executor.at_once):
        _reverse(context, chosen, some)


def _take_back_with_care(context: RunContext, chosen: Chosen, keys: Ints) -> None:
    """Take back a few ratings; if the server did not do it in one go, one by one.

    It is known from then on, unless each of them took a request of its own.
    """
    if not context.gateway.obeys_ids():
        context.executor.capabilities = RATING_ONLY
    edits = _reverse(context, chosen, keys)
    left = _still_ours(context, chosen, edits)
    able = replace(context.executor.capabilities, is_assumed=False)
    if len(left):
        able = replace(able, rating=EditMode.SINGLE, tagging=EditMode.SINGLE)
        context.executor.capabilities = able
        _reverse(context, chosen, left)
    elif any(edit.rates and len(edit) > 1 for edit in edits):
        context.executor.capabilities = able


def _still_ours(context: RunContext, chosen: Chosen, edits: Sequence[Edit]) -> Ints:
    """Return the keys of what still holds a rating or a tag that it should not."""
    keys = [np.empty(0, np.int64), *(edit.key for edit in edits)]
    look = context.gateway.fetch_items(np.unique(np.concatenate(keys)))[chosen.level]
    untagged = [keys[0], *(edit.key for edit in edits if edit.drops)]
    ours = is_ours(chosen.owners_of(look, context.machine.now())) & ~np.isnan(
        look.rating
    )
    ours |= look.has_tag & np.isin(look.key, np.concatenate(untagged))
    return np.asarray(look.key[ours])


def _reverse(context: RunContext, chosen: Chosen, keys: Ints) -> list[Edit]:
    """Take back what is ours now of some items; return the edits that this took."""
    level = chosen.level
    context.before_write()
    look = context.gateway.fetch_items(keys)[level]
    owner = chosen.owners_of(look, context.machine.now())
    readable = np.flatnonzero(owner != Owner.UNREAD)
    look, clears = look.take(readable), is_ours(owner)[readable]
    tags = OurTags(context, level, list(set(look.guid)))
    edits = list(reversals(level, look, clears, tags.on(look)))
    _apply(context, edits)
    return edits


def _apply(context: RunContext, edits: Sequence[Edit]) -> None:
    for edit in edits:
        context.executor.apply(edit)
        context.watch(Step(phase=f"undo {edit.level.word}s", items=len(edit)))


def _strike_off(context: RunContext, chosen: Chosen, report: Undone) -> Chosen:
    """Read back, and drop from the record what is no longer ours in Plex.

    What a person rated in the very moment was spared, with its tag, which goes now.
    What Plex scanned again may bear our tag under another key: then that is looked for.
    """
    if not chosen.rows:
        return chosen
    level = chosen.level
    listed = context.gateway.listing(level, lambda: None).items
    hidden = context.gateway.items_by_key(level, chosen.hidden)
    items = Items.joined([listed, hidden])
    cleared = np.isnan(items.rating)
    owner = chosen.owners_of(items, context.machine.now())
    stays = is_ours(owner) & ~cleared
    unread = owner == Owner.UNREAD
    report.unreadable += chosen.left_alone(items, unread)
    recorded = np.array([guid in chosen.rows for guid in items.guid], np.bool_)
    report.undone += len(set(items.guid[recorded & cleared]))
    report.failed += len(set(items.guid[recorded & stays]))
    kept = recorded & (owner == Owner.TAKEN_OVER)
    report.kept += len(set(items.guid[kept]))
    size = 1 if context.executor.capabilities.is_assumed else context.executor.at_once
    for keys in chunks(np.unique(items.key[kept]), size):
        _reverse(context, chosen, keys)
    context.store.forget(level, sorted(set(items.guid[recorded & ~stays & ~unread])))
    if chosen.is_whole and not np.isin(chosen.items.key, items.key).all():
        return replace(chosen, strays=strays_of(context, chosen))
    return chosen


def strays_of(context: RunContext, chosen: Chosen) -> Items:
    """Return the items that bear our tag and are not on record: of a lost one."""
    level, marks = chosen.level, context.store.marks(chosen.level)
    ours = {mark.key for mark in marks if mark.guid in chosen.record.guids}
    theirs = {mark.key for mark in marks if mark.had_tag}
    trusted: Ints = np.array(sorted(ours | theirs), np.int64)
    found = context.gateway.tagged(level, trusted=trusted)
    known = np.isin(found.key, trusted) | np.isin(found.key, chosen.items.key)
    return found.take(np.flatnonzero(~known & ~unreadable(found.rating)))


def _sweep(context: RunContext, chosen: Chosen, report: Undone) -> None:
    """Clear up tagged items that nobody recorded: left-overs of a lost record."""
    context.watch(Step(total=len(chosen.strays)))
    for keys in chunks(chosen.strays.key, context.executor.at_once):
        _clear_up(context, chosen, keys, report)
    if chosen.is_whole:
        marked = {mark.guid for mark in context.store.marks(chosen.level)}
        context.store.forget(chosen.level, sorted(marked - chosen.record.guids))


def _clear_up(context: RunContext, chosen: Chosen, keys: Ints, report: Undone) -> None:
    context.before_write()
    level, strays = chosen.level, chosen.strays
    look = context.gateway.fetch_items(keys)[level]
    look = look.take(np.flatnonzero(look.has_tag & ~unreadable(look.rating)))
    clears = not_half_star(look.rating)
    for row, clear in zip(strays.rows_of(look.key).tolist(), clears, strict=True):
        (report.swept if clear else report.untagged).append(strays.named(level, row))
    drops = texts([(context.settings.inferred_tag,)] * len(look.key))
    _apply(context, list(reversals(level, look, clears, drops)))


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
    report = _predicted(context, chosen)
    given = plan_given_undo(context, snapshot.library, selection)
    given.predict(report)
    return UndoPlan(chosen, given, report)


def _predicted(context: RunContext, chosen: list[Chosen]) -> Undone:
    report = Undone(dry_run=True, reads=context.gateway.reads)
    for one in chosen:
        owner, guid = one.owners_of(one.items, context.machine.now()), one.items.guid
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
    here = recorded & selection.of(library, level)
    left_out = set(items.guid[recorded & ~here])
    rows = {guid: row for guid, row in rows.items() if guid not in left_out}
    here &= np.array([guid in rows for guid in items.guid], np.bool_)
    own = items.take(np.flatnonzero(here))
    wanted = set(own.guid) if selection.is_of_some_artists else rows.keys()
    known: list[Row | Mark] = [*context.store.marks(level, sorted(wanted))]
    known += [] if selection.is_of_some_artists else rows.values()
    names = [Name(one.guid, one.key, "") for one in known]
    hidden = unlisted(context.gateway, library, level, names)
    every, nothing = Items.joined([own, hidden]), own.take(slice(0))
    return Chosen(level, rows, record, every, hidden.key, nothing)
