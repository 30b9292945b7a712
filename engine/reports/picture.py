"""A library before and after a run: who rated what, item by item."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Self

import numpy as np

from engine.evidence import LibraryView
from engine.hands_off import to_take_back
from engine.library import NO_NAME, Facts, Level, Named
from engine.ownership import Owner
from engine.planning.plan import PhasePlan, held_after
from engine.rating_scale import Bools, Columns, Estimates, Floats

DAY = 86_400.0
"""Seconds."""
TAKEN = 50
"""How many taken-over ratings of a level are named."""


@dataclass(frozen=True, eq=False)
class Rated(Columns):
    """The ratings of one level, row by row."""

    manual: Floats
    """Those of a person, points; NaN elsewhere."""
    was_ours: Bools
    """Whether there was an inferred rating before."""
    ours: Bools
    """Whether there is one afterwards."""
    held: Floats
    """Every rating afterwards, points; NaN: unrated."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A library as a report shows it."""

    view: LibraryView
    rated: Mapping[Level, Rated]
    guesses: Mapping[Level, Estimates]
    """What a model says of every item of a level, if it says how sure it is."""
    taken_over: Sequence[Named] = ()
    """Items whose inferred rating a person had changed before the run."""

    @classmethod
    def of(
        cls, before: LibraryView, after: LibraryView, plans: Sequence[PhasePlan] = ()
    ) -> Self:
        """Return a library as it was, and as it is once plans are applied to it."""
        rated = {level: _rated(before, after, level, plans) for level in Level}
        taken_over = [
            shown(before, level, row)
            for level in Level
            for row in _taken_over(before, level)
        ]
        return cls(after, rated, {}, taken_over)

    def with_guesses(self, guesses: Mapping[Level, Estimates]) -> Self:
        """Return the same with what a model says of every item."""
        return replace(self, guesses=guesses)

    def named(self, level: Level, row: int) -> Named:
        """Return the titles of an item, and of what it belongs to."""
        return shown(self.view, level, row)

    def facts(self, level: Level) -> Facts:
        """Return what Plex tells of the items of a level."""
        items = self.view[level].items
        return items.facts or Facts.unknown(len(items))

    def idle_days(self) -> Floats:
        """Return how long ago each track was played, in days; NaN: never.

        That counts to the latest play or addition, so that it stands still while
        nothing happens.
        """
        facts = self.facts(Level.TRACK)
        dates = np.concatenate([facts.played_at, facts.added_at])
        latest = np.nanmax(dates) if np.isfinite(dates).any() else np.nan
        return (latest - facts.played_at) / DAY

    def low(self, level: Level) -> Floats:
        """Return the lower bound of what is guessed of each item; else the rating."""
        held = self.rated[level].held
        if level not in self.guesses:
            return held
        low = self.guesses[level].low
        return np.where(self.rated[level].ours & ~np.isnan(low), low, held)


def shown(view: LibraryView, level: Level, row: int) -> Named:
    """Return the titles of an item, as far down as it stands; none is empty."""
    titles = astuple(view.named(level, row))[: level - Level.ARTIST + 1]
    return Named(*(title or NO_NAME for title in titles))


def _taken_over(view: LibraryView, level: Level) -> list[int]:
    own = view[level]
    is_taken = (own.ownership.owner == Owner.TAKEN_OVER) & own.is_primary
    rows: list[int] = np.flatnonzero(is_taken)[:TAKEN].tolist()
    return rows


def _rated(
    before: LibraryView, after: LibraryView, level: Level, plans: Sequence[PhasePlan]
) -> Rated:
    then, now = before[level], after[level]
    rows = then.items.rows_of(now.items.key)
    was_ours = np.zeros(len(now), np.bool_)
    was_ours[rows >= 0] = ~np.isnan(then.ownership.ours[rows[rows >= 0]])
    held = held_after(after, level, plans)
    held = np.where(to_take_back(after, level), np.nan, held)
    manual = now.ownership.manual
    return Rated(manual, was_ours, np.isnan(manual) & ~np.isnan(held), held)
