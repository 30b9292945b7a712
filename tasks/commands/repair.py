"""Putting right what `verify` finds: tags that are missing or stray, and old rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from engine.library import Level
from engine.ownership import owners
from engine.planning.batches import ItemStates, chunks, tag_edits
from engine.planning.drill import State, played, sample, states_of
from engine.planning.undo_plan import is_ours, reversals
from engine.rating_scale import Bools, Ints
from engine.rename_detection import Name
from tasks.plex.parsing import texts
from tasks.runtime.context import RunContext, Step
from tasks.sync.integrity import ensure_record_current, ensure_record_present
from tasks.sync.reconcile import LibrarySnapshot, snapshot_of
from tasks.sync.record_lookup import (
    record_view_of,
    recorded,
    resolve_renames,
    unlisted,
)
from tasks.sync.steps import plan_and_apply, read
from tasks.sync.tags import OurTags


@dataclass
class Repaired:
    """What was put right."""

    dry_run: bool
    tagged: int = 0
    """Inferred ratings that lacked the tag; in a dry run: that would get it."""
    untagged: int = 0
    """Items that bore the tag without an inferred rating."""
    forgotten: int = 0
    """Ratings on record whose items are no longer in Plex, if that is wished: a drive
    may only be missing, and its ratings come back with it."""
    left_to_recover: list[str] = field(default_factory=list)
    """Rated, tagged and not on record: `recover` adopts them. If you gave them, take
    the tag off in Plex."""


@dataclass(frozen=True, eq=False)
class RepairPlan:
    """What is to be put right, level by level."""

    untagged: Mapping[Level, Ints]
    """The ratingKeys of inferred ratings that lack the tag."""
    stray: Mapping[Level, Ints]
    """The ratingKeys of items that bear it for no reason."""
    gone: Mapping[Level, list[str]]
    """The guids on record that are no longer in Plex."""
    predicted: Repaired
    """What becomes of it."""

    def apply(self, context: RunContext) -> Repaired:
        """Put it right; what has changed since is looked at again."""
        total = sum(map(len, (*self.untagged.values(), *self.stray.values())))
        context.watch(Step(total=total))
        for level in Level:
            _give_tags(context, level, self.untagged[level])
            _take_tags(context, level, self.stray[level])
            context.store.forget(level, self.gone[level])
        return replace(self.predicted, dry_run=False)


def repair(context: RunContext, *, forgets_gone: bool = False) -> Repaired:
    """Put right what `verify` finds of tags and of the record; ratings stay."""
    return plan_and_apply(context, partial(plan_repair, forgets_gone=forgets_gone))


def plan_repair(
    context: RunContext, snapshot: LibrarySnapshot, *, forgets_gone: bool
) -> RepairPlan:
    """Find out what is to be put right.

    Raises:
        RecordOutdated: The record is too old to tell what is stray.
    """
    ensure_record_present(context.store, context.gateway)
    ensure_record_current(context, snapshot, spares_unknown=True)
    report = Repaired(dry_run=True)
    untagged: dict[Level, Ints] = {}
    stray: dict[Level, Ints] = {}
    gone: dict[Level, list[str]] = {}
    for level in Level:
        untagged[level], stray[level] = _wrong_tags(context, snapshot, level, report)
        gone[level] = _gone(context, snapshot, level) if forgets_gone else []
        report.tagged += len(untagged[level])
        report.untagged += len(stray[level])
        report.forgotten += len(gone[level])
    return RepairPlan(untagged, stray, gone, report)


def _wrong_tags(
    context: RunContext, snapshot: LibrarySnapshot, level: Level, report: Repaired
) -> tuple[Ints, Ints]:
    """Return the keys of what lacks the tag, and of what bears it for no reason."""
    items = snapshot.library[level]
    nothing = items.key[:0]
    if not context.tag_for(level):
        return nothing, nothing
    ours = ~np.isnan(snapshot[level].ours)
    bearing = context.gateway.tagged(level, trusted=items.key[ours])
    tagged = np.isin(items.key, bearing.key)
    marks = context.store.marks(level)
    theirs = [mark.key for mark in marks if mark.had_tag]
    record = resolve_renames(context.store, snapshot.library, level).record
    known = np.array([guid in record.guids for guid in items.guid], np.bool_)
    strange = tagged & ~known & ~np.isin(items.key, theirs)
    like_ours = ~np.isnan(items.rating)  # half stars may be ours from before, too
    report.left_to_recover += [
        items.named(level, row) for row in np.flatnonzero(strange & like_ours).tolist()
    ]
    return items.key[ours & ~tagged], items.key[strange & ~like_ours]


def _gone(context: RunContext, snapshot: LibrarySnapshot, level: Level) -> list[str]:
    """Return the guids on record that no listing and no page of Plex shows."""
    library = snapshot.library
    record = resolve_renames(context.store, library, level).record
    names = [Name(row.guid, row.key, "") for row in record.shadows]
    names += [Name(row.guid, row.key, "") for row in record.expected]
    hidden = unlisted(context.gateway, library, level, names)
    here = set(library.listed(level).guid) | set(hidden.guid)
    here |= {oddity.guid for oddity in library.oddities}
    return sorted({name.guid for name in names} - here)


def _give_tags(context: RunContext, level: Level, keys: Ints) -> None:
    for some in chunks(keys, context.executor.at_once):
        context.before_write()
        look = context.gateway.fetch_items(some)[level]
        look = look.take(np.flatnonzero(_is_ours_now(context, level, look)))
        context.store.mark_as_ours(level, look, context.tag)
        for edit in tag_edits(level, look, context.tag):
            context.executor.apply(edit)
        context.watch(Step(phase=f"tag {level.word}s", items=len(some)))


def _take_tags(context: RunContext, level: Level, keys: Ints) -> None:
    for some in chunks(keys, context.executor.at_once):
        context.before_write()
        look = context.gateway.fetch_items(some)[level]
        spared = _is_ours_now(context, level, look) | ~np.isnan(look.rating)
        look = look.take(np.flatnonzero(look.has_tag & ~spared))
        drops = texts([(context.tag,)] * len(look.key))
        stays = np.zeros(len(look.key), np.bool_)
        for edit in reversals(level, look, stays, drops):
            context.executor.apply(edit)
        context.watch(Step(phase=f"untag {level.word}s", items=len(some)))


def _is_ours_now(context: RunContext, level: Level, look: ItemStates) -> Bools:
    known = recorded(context.store, level, set(look.guid))
    view = record_view_of(look, known)
    return is_ours(owners(look.rating, look.rated_at, view))


@dataclass
class Drilled:
    """What an undo of a sample would have done; nothing was changed."""

    dry_run: bool = True
    checked: int = 0
    """Inferred ratings that were looked at."""
    restored: int = 0
    """Items that would be as they were before us."""
    yours: int = 0
    """Items that you rated since: they would stay as they are."""
    not_restored: list[str] = field(default_factory=list)
    """Items that would not be as they were, and why."""


def drill(context: RunContext, share: float) -> Drilled:
    """Play the undo of a share of all inferred ratings, 0 to 1, in memory."""
    snapshot = snapshot_of(context, read(context))
    report = Drilled()
    for level in Level:
        guids = {row.guid for row in context.store.shadows(level)}
        items = snapshot.library.listed(level)
        chosen = set(sample(guids & set(items.guid), share)) if guids else set()
        rows = np.flatnonzero([guid in chosen for guid in items.guid])
        for keys in chunks(items.key[rows], context.executor.at_once):
            _drill(context, level, keys, report)
    return report


def _drill(context: RunContext, level: Level, keys: Ints, report: Drilled) -> None:
    look = context.gateway.fetch_items(keys)[level]
    ours = _is_ours_now(context, level, look)
    tags = OurTags(context, level, list(set(look.guid))).on(look)
    before = states_of(look)
    after = played(before, reversals(level, look, ours, tags))
    marks = context.store.marks(level, list(set(look.guid)))
    theirs = {mark.key for mark in marks if mark.had_tag}
    for row, key in enumerate(look.key.tolist()):
        report.checked += 1
        if not ours[row]:
            report.yours += 1
            continue
        wrong = _not_as_before(before[key], after[key], context.settings.inferred_tag)
        if wrong and not (wrong == TAGGED and key in theirs):
            report.not_restored.append(f"{level.word} {key}: {wrong}")
        else:
            report.restored += 1


TAGGED = "it would keep the tag"


def _not_as_before(before: State, after: State, tag: str) -> str:
    """Say in which way an item would not be as it was before us; empty: in none."""
    if not np.isnan(after.points):
        return "it would keep the rating"
    own = frozenset({tag.casefold()})
    if before.moods - own != after.moods - own:
        return "it would lose a mood"
    locks = before.mood_locked, before.rating_locked
    if locks != (after.mood_locked, after.rating_locked):
        return "a lock would change"
    return TAGGED if tag and own <= after.moods else ""
