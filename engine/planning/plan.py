"""What one phase would change in one part of the library: data, not action."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from engine import classic
from engine.classic import Constants, Phase
from engine.evidence import LibraryView
from engine.hierarchical import model as hierarchical
from engine.hierarchical.evidence_filters import duplicate_rating
from engine.hierarchical.fitting import Fit
from engine.library import Items, Level
from engine.ownership import Owner
from engine.rating_scale import (
    FINEST,
    STEP,
    Columns,
    Estimates,
    Floats,
    Grid,
    Ints,
    Stretch,
    Texts,
    equal,
    not_half_star,
    rounded,
    told_apart,
)

FLOAT_NOISE = 1e-9
"""Points; decimals are not exact in binary."""

SMALLEST_DRIFT = 0.02
"""Stars; below this no library is precise enough to care."""


@dataclass(frozen=True, eq=False)
class PhasePlan(Columns):
    """The ratings that one phase gives to one part, one row a rating.

    Items are named by key and guid, not by row, so that a plan outlives the
    reading it was made from.
    """

    phase: Phase
    key: Ints
    guid: Texts
    before: Floats
    """Our rating so far, points; NaN: the item was unrated."""
    after: Floats
    """Points, as they will be written."""
    estimates: Estimates
    """What they were made of, and how sure they are."""
    kept: int
    """Ratings of ours left as they are because they moved too little."""
    cleared: int
    """Ratings of ours that a person removed, and that are given again."""

    @classmethod
    def as_recorded(
        cls,
        phase: Phase,
        items: Items,
        rows: Ints,
        before: Floats,
        known: Sequence[Mapping[str, Any]],
    ) -> Self:
        """Return a plan of values that were recorded once, for some rows of items.

        Of each, `known` says the value and how sure it was.
        """
        after = np.array([one["value"] for one in known], np.float64)
        return cls(
            phase=phase,
            key=items.key[rows],
            guid=items.guid[rows],
            before=before,
            after=after,
            estimates=Estimates.recorded(after, known),
            kept=0,
            cleared=0,
        )

    def only(self, guids: Container[str]) -> Self:
        """Return the plan of these items only; its counts stay as they are."""
        return self.take(np.flatnonzero([guid in guids for guid in self.guid]))


@dataclass(frozen=True)
class RunParameters:
    """What a whole run takes as given, the same for all its letters."""

    mean: float
    """The library mean of manual track ratings, points."""
    tolerance: float
    """How far a rating of ours may be off before it is rewritten, points."""
    constants: Constants
    fit: Fit | None = None
    """What the hierarchical model learned; none: the classic model infers."""
    grid: Grid = FINEST
    """Which values are written."""
    least: float = 0.0
    """How sure the hierarchical model has to be to rate an item, 0 to 1."""
    respects_cleared: bool = False
    """Whether what a person removed is not given again."""
    stretch: Stretch | None = None
    """How guesses of tracks are drawn apart; none: they stay as they are."""


def drift_tolerance(tracks: int, *, dynamic: bool) -> float:
    """Return how far a rating of ours may be off before it is rewritten, points.

    In stars it is 0.05·(log₁₀ tracks − 2), at least 0.02; not dynamic: none.

    >>> round(drift_tolerance(50_000, dynamic=True) / 2, 3)  # stars
    0.135
    """
    if not dynamic:
        return 0.0
    stars = 0.05 * (np.log10(max(tracks, 1)) - 2)
    return 2 * max(SMALLEST_DRIFT, float(stars))


def make_plan(
    phase: Phase,
    part: LibraryView,
    earlier: Sequence[PhasePlan],
    parameters: RunParameters,
) -> PhasePlan:
    """Plan one phase of one part, given what the earlier phases will change."""
    found = inferred(phase, part, earlier, parameters)
    view = part[phase.level]
    ours = view.ownership.ours
    grid = parameters.grid
    new = told_apart(rounded(found.mean, grid), found.mean, grid)
    differs = ~equal(new, ours)
    drift = np.abs(rounded(found.mean, replace(grid, step=STEP)) - ours)
    moves = drift >= max(parameters.tolerance, STEP) - FLOAT_NOISE
    if grid.tells_ours:  # a half star of ours could be a person's
        moves |= ~np.isnan(ours) & ~not_half_star(ours)
    moves &= differs
    unsure = view.ownership.unsure & ~np.isnan(ours)
    free = view.is_primary & np.isnan(view.ownership.manual) & ~np.isnan(new)
    free &= ~view.ownership.unread
    if view.hands_off is not None:
        free &= ~view.hands_off
    if parameters.respects_cleared:
        free &= view.ownership.owner != Owner.CLEARED
    chosen = free & (np.isnan(ours) | moves | unsure)
    after = np.where(unsure & ~moves, ours, new)
    rows = np.flatnonzero(chosen)
    return PhasePlan(
        phase=phase,
        key=view.items.key[rows],
        guid=view.items.guid[rows],
        before=ours[rows],
        after=after[rows],
        estimates=found.take(rows),
        kept=int((free & ~chosen & differs).sum()),
        cleared=int((chosen & (view.ownership.owner == Owner.CLEARED)).sum()),
    )


def plan_part(
    phases: Sequence[Phase], part: LibraryView, parameters: RunParameters
) -> list[PhasePlan]:
    """Plan several phases of one part, each knowing what those before it change."""
    plans: list[PhasePlan] = []
    for phase in phases:
        plans.append(make_plan(phase, part, plans, parameters))
    return plans


def held_after(
    part: LibraryView, level: Level, plans: Sequence[PhasePlan] = ()
) -> Floats:
    """Return what each item of a level holds once the plans are applied."""
    view = part[level]
    ownership = view.ownership
    held = np.where(np.isnan(ownership.manual), ownership.ours, ownership.manual)
    for plan in plans:
        if plan.phase.level is level:
            rows = view.items.rows_of(plan.key)
            held[rows[rows >= 0]] = plan.after[rows >= 0]
    follower = np.flatnonzero(~view.is_primary)
    if len(follower):
        row = {int(t): row for row, t in enumerate(view.shared) if view.is_primary[row]}
        held[follower] = held[[row.get(int(view.shared[f]), int(f)) for f in follower]]
    return held


def inferred(
    phase: Phase,
    part: LibraryView,
    earlier: Sequence[PhasePlan],
    parameters: RunParameters,
) -> Estimates:
    """Return what a phase infers by its model, not yet rounded.

    Guesses of tracks may be drawn apart; the rating of a double stays as it is.
    """
    if parameters.fit is None:
        values = _classic(phase, part, earlier, parameters)
        ratings = classic.ratings_behind(
            phase.level, part, parameters.mean, parameters.constants
        )
        found = Estimates.plain(values, ratings)
    else:
        found = hierarchical.inferred(phase, part, parameters.fit, parameters.least)
    if phase is not Phase.TRACK_DOWN:
        return found
    if parameters.stretch:
        found = replace(found, mean=parameters.stretch(found.mean))
    heard = duplicate_rating(part)
    one = np.ones(len(heard), np.int64)
    return found.but(~np.isnan(heard), Estimates.plain(heard, one))


def _classic(
    phase: Phase,
    part: LibraryView,
    earlier: Sequence[PhasePlan],
    parameters: RunParameters,
) -> Floats:
    mean, constants = parameters.mean, parameters.constants
    if phase is Phase.ALBUM_UP:
        return classic.album_up(part, mean, constants)
    if phase is Phase.ARTIST_UP:
        return classic.artist_up(part, mean, constants)
    if phase is Phase.ALBUM_DOWN:
        held = held_after(part, Level.ARTIST, earlier)
        return classic.album_down(part, held, mean, constants)
    held = held_after(part, Level.ALBUM, earlier)
    return classic.track_down(part, held, mean, constants)
