"""Taking back what a run gave for a person: what stood before stands again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.classic import Phase
from engine.library import Items, Level, Library
from engine.planning.given_plan import GivenOutcome, GivenRatings
from engine.planning.plan import PhasePlan
from engine.planning.undo_plan import Selection, Undone
from engine.rating_scale import same
from tasks.record.given import GivenRating, drop_given, given_by
from tasks.runtime.context import RunContext
from tasks.sync.given_writer import write_given
from tasks.sync.reconcile import UNKNOWN_PHASE, LibrarySnapshot, reconcile
from tasks.sync.steps import read
from tasks.sync.write_plans import write_plans

USUAL_PHASE = {
    Level.ARTIST: Phase.ARTIST_UP,
    Level.ALBUM: Phase.ALBUM_UP,
    Level.TRACK: Phase.TRACK_DOWN,
}
"""The phase of a rating of ours that some lost run gave."""


@dataclass(frozen=True, eq=False)
class GivenUndo:
    """What a run gave, and what its items are to hold again."""

    run: str
    given: Sequence[GivenRating] = ()
    wishes: Sequence[GivenRatings] = ()
    settled: set[tuple[Level, str]] = field(default_factory=set)
    """Items on which nothing is to be done any more."""
    kept: int = 0
    """How many of them somebody rated since."""
    gone: int = 0
    """Items that are no longer there."""

    def predict(self, report: Undone) -> None:
        """Note what becomes of it if nothing changes meanwhile."""
        report.given_back += sum(len(set(wishes.guid)) for wishes in self.wishes)
        report.kept += self.kept
        report.gone += self.gone

    def apply(self, context: RunContext, report: Undone) -> None:
        """Give back what stood before, and note what became of it."""
        taken_back: set[tuple[Level, str]] = set()
        report.kept += self.kept
        report.gone += self.gone
        for wishes in self.wishes:
            outcome = write_given(context, wishes, is_undo=True)
            written = outcome == GivenOutcome.WRITTEN
            report.given_back += len(set(wishes.guid[written]))
            report.kept += len(set(wishes.guid[outcome == GivenOutcome.CHANGED]))
            report.gone += len(set(wishes.guid[outcome == GivenOutcome.GONE]))
            report.failed += len(set(wishes.guid[outcome == GivenOutcome.FAILED]))
            taken_back |= {(wishes.level, guid) for guid in wishes.guid[written]}
        self._infer_again(
            context, [one for one in self.given if (one.level, one.guid) in taken_back]
        )
        drop_given(context.store, self.run, taken_back | self.settled)

    def _infer_again(self, context: RunContext, given: Sequence[GivenRating]) -> None:
        """Write what was inferred there before, and record it as that."""
        if any(one.was_ours for one in given):
            snapshot = reconcile(context, read(context))
            plans = _plans(snapshot, given)
            write_plans(context, snapshot, plans, stood_there=True)


def _plans(snapshot: LibrarySnapshot, given: Sequence[GivenRating]) -> list[PhasePlan]:
    """Return plans of the ratings that stood there, for items that hold none now."""
    found: dict[Phase, list[tuple[int, Mapping[str, Any]]]] = {}
    names = {level: _rows_by_name(snapshot.library[level]) for level in Level}
    for one in given:
        items, rows = snapshot.library[one.level], names[one.level]
        row = rows.get((one.guid, one.key), rows.get(one.guid, -1))
        if one.was_ours and row >= 0 and np.isnan(items.rating[row]):
            phase = one.was_ours["phase"]
            is_known = phase != UNKNOWN_PHASE
            found.setdefault(
                Phase(phase) if is_known else USUAL_PHASE[one.level], []
            ).append((row, one.was_ours))
    return [
        _plan(phase, snapshot.library[phase.level], dict(rows))
        for phase, rows in sorted(found.items())
    ]


def _plan(
    phase: Phase, items: Items, was_ours: Mapping[int, Mapping[str, Any]]
) -> PhasePlan:
    primary = {items.guid[row]: row for row in sorted(was_ours, reverse=True)}
    rows = np.array(sorted(primary.values()), np.int64)
    known = [was_ours[row] for row in rows.tolist()]
    nothing = np.full(len(rows), np.nan)
    return PhasePlan.as_recorded(phase, items, rows, nothing, known)


def plan_given_undo(
    context: RunContext, library: Library, selection: Selection
) -> GivenUndo:
    """Find out what the run gave, of what is selected, that still stands."""
    run = selection.run
    levels = {phase.level for phase in selection.phases}
    given = given_by(context.store, run) if run else []
    given = [one for one in given if one.level in levels]
    wishes, settled = [], set()
    kept = gone = 0
    for level in Level:
        own = [one for one in given if one.level is level]
        items = library.listed(level)
        chosen: dict[int, GivenRating] = {}
        is_meant = selection.of(library, level)
        rows_by_name = _rows_by_name(items)
        for one in own:
            row = rows_by_name.get((one.guid, one.key), rows_by_name.get(one.guid, -1))
            if row < 0:
                gone += 1
            elif not is_meant[row]:
                continue
            elif _stands(items, row, one):
                chosen.setdefault(row, one)
            else:
                settled.add((level, one.guid))
                kept += not _is(items, row, one.before)
        rows = np.array(sorted(chosen), np.int64)
        after = [_restored(chosen[row]) for row in rows.tolist()]
        wishes.append(
            GivenRatings(
                *(level, items.key[rows], items.guid[rows], items.rating[rows]),
                *(items.rated_at[rows], np.array(after, np.float64)),
            )
        )
    return GivenUndo(run, given, wishes, settled, kept, gone)


def _rows_by_name(items: Items) -> dict[object, int]:
    """Return rows by guid and key, and by guid alone: an item may have a new key."""
    rows: dict[object, int] = {}
    for row, (guid, key) in enumerate(zip(items.guid, items.key.tolist(), strict=True)):
        rows[guid, key] = row
        rows.setdefault(guid, row)
    return rows


def _restored(one: GivenRating) -> float:
    """Return what an item is to hold for a person again; NaN: nothing."""
    is_theirs = one.before is not None and one.was_ours is None
    return float(one.before or 0) if is_theirs else np.nan


def _stands(items: Items, row: int, one: GivenRating) -> bool:
    """Whether an item holds what was given, and nobody rated it since."""
    date = int(items.rated_at[row])
    is_redated = one.is_seen and one.seen_at > 0 and date > 0 and date != one.seen_at
    return _is(items, row, one.after) and not is_redated


def _is(items: Items, row: int, points: float | None) -> bool:
    wanted = np.array([np.nan if points is None else points])
    return bool(same(items.rating[[row]], wanted)[0])
