"""Giving ratings that stand in a file of a person's: a plan, and then its requests.

What is given is the person's own from then on: no tag, nothing on our record but what
stood there before, for an undo of that run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from engine.library import Items, Level, Library, shared_guids
from engine.ownership import Owner, owners
from engine.planning.given_plan import GivenOutcome, GivenRatings
from engine.rating_scale import STEP, Floats, Ints, not_half_star, same, unreadable
from engine.saved_ratings.candidates import Candidate, candidates
from engine.saved_ratings.matching import Matches, match, wants_details, with_levels
from engine.saved_ratings.table import INFERRED, RatingsFile, SavedRating
from tasks.commands.adoption import adopt_given
from tasks.record.given import given_values
from tasks.runtime.context import RunContext, Step
from tasks.sync.given_writer import write_given
from tasks.sync.integrity import ensure_record_current
from tasks.sync.reconcile import LibrarySnapshot
from tasks.sync.record_lookup import record_view_of, resolve_renames
from tasks.sync.steps import plan_and_apply

TAKEN_FOR_PERSONS = Owner.PERSON, Owner.TAKEN_OVER
UNDER_WAY = (Owner.UNWRITTEN, Owner.WRITTEN, Owner.UNREAD)


@dataclass
class GivenReport:
    """What became of the ratings of a file."""

    dry_run: bool
    run_id: str = ""
    """By what name `undo --run` takes it back; empty: nothing was written."""
    given: int = 0
    """In a dry run: that would be."""
    already_there: int = 0
    """Plex holds the same rating, and it is yours."""
    in_place_of_inferred: int = 0
    """GivenReport where an inferred rating stood."""
    unchanged: int = 0
    """As they were exported: nothing is to be done."""
    released: int = 0
    """Inferred ratings that are yours from now on, as they are."""
    adopted: int = 0
    """Ratings of yours that count as inferred from now on."""
    half_stars: list[str] = field(default_factory=list)
    """To be inferred, but half stars may be yours: --adopt-half-stars adopts them."""
    replaced: list[str] = field(default_factory=list)
    """GivenReport where another rating of yours stood."""
    differing: list[str] = field(default_factory=list)
    """Left alone: another rating of yours stands there."""
    missing: list[str] = field(default_factory=list)
    """Not in the library."""
    unclear: list[str] = field(default_factory=list)
    """Several items may be meant: none was rated."""
    left_alone: list[str] = field(default_factory=list)
    """What Plex holds cannot be read, or a write of ours is under way."""
    changed_meanwhile: list[str] = field(default_factory=list)
    """Rated by somebody since the library was read: left alone."""
    failed: list[str] = field(default_factory=list)
    """Sent, but Plex does not show it."""
    not_understood: list[str] = field(default_factory=list)
    """Rows of the file."""


@dataclass(frozen=True, eq=False)
class GivenPlan:
    """Which ratings are to be given, level by level."""

    library: Library
    wishes: Sequence[GivenRatings]
    adopted: Mapping[Level, Ints]
    """Rows of ratings that are to count as inferred."""
    names: dict[tuple[Level, int], str]
    """Of each item, by ratingKey."""
    predicted: GivenReport
    """What becomes of the file if nothing changes meanwhile."""

    def apply(self, context: RunContext) -> GivenReport:
        """Write what was planned; what has changed since is left alone."""
        report = replace(self.predicted, dry_run=False, run_id=context.run_id)
        context.watch(Step(total=sum(map(len, self.wishes))))
        for wishes in self.wishes:
            outcome = write_given(context, wishes)
            self._note(wishes, outcome, report)
        for level, rows in self.adopted.items():
            adopt_given(context, self.library, level, rows)
        if not (any(map(len, self.wishes)) or self.adopted):
            report.run_id = ""
        return report

    def _note(
        self, wishes: GivenRatings, outcome: NDArray[np.int8], report: GivenReport
    ) -> None:
        first = np.unique(shared_guids(wishes.guid))
        for row in first[outcome[first] != GivenOutcome.WRITTEN].tolist():
            name = self.names[wishes.level, int(wishes.key[row])]
            if same(wishes.before[[row]], wishes.after[[row]])[0]:
                report.released -= 1
            else:
                report.given -= 1
            if outcome[row] == GivenOutcome.FAILED:
                report.failed.append(name)
            elif outcome[row] == GivenOutcome.GONE:
                report.missing.append(name)
            else:
                report.changed_meanwhile.append(name)


def give(
    context: RunContext,
    source: RatingsFile,
    *,
    replaces: bool,
    adopts_half_stars: bool = False,
) -> GivenReport:
    """Give the ratings of a file; those that differ only where it `replaces`.

    What the file calls inferred is adopted as that, half stars only if so wished.

    Safe to repeat: what is there already is not written again.
    """
    plan = partial(
        plan_given,
        source=source,
        replaces=replaces,
        adopts_half_stars=adopts_half_stars,
    )
    return plan_and_apply(context, plan)


def plan_given(
    context: RunContext,
    snapshot: LibrarySnapshot,
    source: RatingsFile,
    *,
    replaces: bool,
    adopts_half_stars: bool = False,
) -> GivenPlan:
    """Find out which ratings of a file may be given, as far as the snapshot tells.

    Raises:
        RecordOutdated: Guesses would pass for a person's ratings.
    """
    ensure_record_current(context, snapshot, spares_unknown=True)
    report = GivenReport(dry_run=True, not_understood=list(source.left_out))
    planner = _Planner(
        context,
        snapshot.library,
        report,
        replaces=replaces,
        adopts_half_stars=adopts_half_stars,
    )
    ratings = list(with_levels(snapshot.library, source.ratings))
    wishes = [planner.plan(level, ratings) for level in Level]
    adopted = {level: np.array(rows) for level, rows in planner.adopted.items()}
    return GivenPlan(snapshot.library, wishes, adopted, planner.names, report)


@dataclass(eq=False)
class _Planner:
    """Decides rating by rating, and notes why."""

    context: RunContext
    library: Library
    report: GivenReport
    replaces: bool
    adopts_half_stars: bool
    adopted: dict[Level, list[int]] = field(default_factory=dict)
    """Rows of ratings that are to count as inferred."""
    names: dict[tuple[Level, int], str] = field(default_factory=dict)

    @cached_property
    def _given(self) -> dict[Level, dict[str, set[float]]]:
        """What a person gave by files before, points, by level and guid."""
        return {level: given_values(self.context.store, level) for level in Level}

    def plan(self, level: Level, ratings: Sequence[SavedRating]) -> GivenRatings:
        """Return the ratings of one level that may be given."""
        own = [one for one in ratings if one.level is level]
        items = self.library.listed(level)
        matches = matched(self.context, self.library, level, own)
        self.report.missing += [one.told for one in matches.missing]
        self.report.unclear += [one.told for one in matches.unclear]
        owner = _owners(self.context, self.library, level)
        after = np.full(len(items), np.nan)
        rows_of: dict[str, list[int]] = {}
        for row, guid in enumerate(items.guid):
            rows_of.setdefault(guid, []).append(row)
        for guid, pairs in _by_guid(matches).items():
            changed = [pair for pair in pairs if not pair[0].is_unchanged] or pairs
            points = {saved.points for saved, _ in changed}
            saved, item = changed[0]
            if len(points) > 1:
                self.report.unclear.append(f"{saved.named}: {len(points)} ratings")
            elif self._may_give(items, item.row, int(owner[item.row]), saved):
                after[rows_of[guid]] = saved.points
        chosen = np.flatnonzero(~np.isnan(after))
        for row in chosen.tolist():
            self.names[level, int(items.key[row])] = items.named(level, row)
        return wishes_of(level, items.take(chosen), after[chosen])

    def _may_give(self, items: Items, row: int, owner: int, saved: SavedRating) -> bool:
        """Note what becomes of one rating; return whether it is to be written."""
        report, held = self.report, items.rating[[row]]
        name = f"{items.named(saved.level, row)}: {saved.stars} stars"
        is_held = bool(same(held, np.array([saved.points]))[0])
        is_theirs = owner in TAKEN_FOR_PERSONS
        if owner in UNDER_WAY or unreadable(held)[0]:
            report.left_alone.append(name)
        elif is_theirs and is_held and self._is_to_be_inferred(items.guid[row], saved):
            self._adopt(saved, row, name)
        elif owner == Owner.US and is_held and saved.rating_type != INFERRED:
            report.released += 1
            return True
        elif saved.is_unchanged or (owner == Owner.US and is_held):
            report.unchanged += 1
        elif is_theirs and is_held:
            report.already_there += 1
        elif is_theirs:
            name += f" in place of {float(held[0]) / 2:g}"
            (report.replaced if self.replaces else report.differing).append(name)
            report.given += self.replaces
            return self.replaces
        else:
            report.in_place_of_inferred += owner == Owner.US
            report.given += 1
            return True
        return False

    def _is_to_be_inferred(self, guid: str, saved: SavedRating) -> bool:
        """Whether a file says that a rating of a person's is to count as inferred.

        What the person changed in that file, now or before, is theirs.
        """
        is_changed = saved.was_exported and not saved.is_unchanged
        given = self._given[saved.level].get(guid, ())
        is_given = any(abs(saved.points - points) < STEP for points in given)
        return saved.rating_type == INFERRED and not (is_changed or is_given)

    def _adopt(self, saved: SavedRating, row: int, name: str) -> None:
        """Note a rating that is to count as inferred, if it cannot be a person's."""
        if not_half_star(np.array([saved.points]))[0] or self.adopts_half_stars:
            self.report.adopted += 1
            self.adopted.setdefault(saved.level, []).append(row)
        else:
            self.report.half_stars.append(name)


def matched(
    context: RunContext,
    library: Library,
    level: Level,
    ratings: Sequence[SavedRating],
) -> Matches:
    """Find the items of ratings; external ids and paths are read only if needed."""
    if not ratings:
        return Matches()
    items = candidates(library, level)
    if wants_details(ratings, items):
        checkpoint = context.cancellation.checkpoint
        details = context.gateway.details(level, checkpoint)
        items = candidates(library, level, details)
    return match(ratings, items)


def _owners(context: RunContext, library: Library, level: Level) -> NDArray[np.int8]:
    items = library.listed(level)
    record = resolve_renames(context.store, library, level).record
    return owners(items.rating, items.rated_at, record_view_of(items, record))


def _by_guid(
    matches: Matches,
) -> dict[str, list[tuple[SavedRating, Candidate]]]:
    found: dict[str, list[tuple[SavedRating, Candidate]]] = {}
    for saved, item in matches.found:
        found.setdefault(item.described.guid, []).append((saved, item))
    return found


def wishes_of(level: Level, items: Items, after: Floats) -> GivenRatings:
    """Return what items of a level are to hold, given what they hold now."""
    return GivenRatings(
        level, items.key, items.guid, items.rating, items.rated_at, after
    )
