"""Ratings as numbers, points from 0 to 10, and as columns of a table."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
"""Points, NaN where unrated."""

Ints = NDArray[np.int64]
"""Keys, rows or epoch seconds."""

Bools = NDArray[np.bool_]
"""One statement an item."""

Texts = NDArray[Any]
"""Python strings in an object array; fixed widths would waste or cut them."""

STEP = 0.01
"""The least distance between two values that can be written, points."""

HALF_STAR = 1.0
"""Points: what people rate in."""

SHIFT = 0.02
"""Points: the least distance from half stars at which two ratings are not the same."""

TOLERANCE = 0.011
"""Two ratings closer than this (points) are the same: float32 and rounding."""

UNREADABLE = float("inf")
"""In a column of ratings: Plex holds one, and it cannot be read as points. NaN would
mean unrated, which may be written to; this must not."""


@dataclass(frozen=True, eq=False)
class Columns:
    """A table, one row an item: arrays of one length, or tables again."""

    def columns(self) -> dict[str, Any]:
        """Return by name what has a value for each row."""
        return dict(self._columns())

    def _columns(self) -> Iterator[tuple[str, Any]]:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if isinstance(value, (np.ndarray, Columns)):
                yield name, value

    def __len__(self) -> int:
        """Return the number of rows."""
        _, first = next(self._columns())
        return len(first)

    def take(self, rows: Ints | Bools | slice) -> Self:
        """Return these rows only; what is no column stays as it is."""
        taken = {
            name: column.take(rows) if isinstance(column, Columns) else column[rows]
            for name, column in self.columns().items()
        }
        return replace(self, **taken)

    @classmethod
    def joined(cls, tables: Sequence[Self]) -> Self:
        """Return tables one below the other; what is no column is as in the first."""
        whole = {}
        for name, column in tables[0].columns().items():
            pieces = [getattr(table, name) for table in tables]
            is_table = isinstance(column, Columns)
            whole[name] = column.joined(pieces) if is_table else np.concatenate(pieces)
        return replace(tables[0], **whole)


@dataclass(frozen=True)
class Grid:
    """Which values are written, points."""

    step: float = STEP
    """The distance between two of them."""
    lowest: float = 0.0
    highest: float = 10.0
    shift: float = 0.0
    """How far a value is moved that could be a person's half star; 0: it stays."""

    @property
    def tells_ours(self) -> bool:
        """Whether our values can be told from half stars by the value itself."""
        return self.step < HALF_STAR and 0 < self.shift < HALF_STAR

    def coarser(self, step: float) -> Self:
        """Return the grid for a server that keeps ratings in such steps, points."""
        shift = max(self.shift, step) if self.shift else 0.0
        return replace(self, step=max(self.step, step), shift=shift)


@dataclass(frozen=True)
class Stretch:
    """How guesses are drawn apart; their order stays."""

    center: float
    """The guess that stays as it is, points."""
    factor: float
    """How many times as far from it the others are, 1 or more."""

    def __call__(self, points: Floats) -> Floats:
        """Return guesses drawn apart, from half a star to five stars.

        >>> Stretch(center=6.0, factor=2.0)(np.array([5.0, 6.0, 9.0, np.nan]))
        array([ 4.,  6., 10., nan])
        """
        return np.clip(self.center + self.factor * (points - self.center), 1.0, 10.0)


FINEST = Grid()
"""All that can be written."""


def rounded(points: Floats, grid: Grid = FINEST) -> Floats:
    """Return the values as they are written to Plex; by default in hundredths.

    >>> rounded(np.array([22 / 3, np.nan]))
    array([7.33,  nan])
    >>> rounded(np.array([22 / 3, 9.9]), Grid(step=0.2, highest=9.8))
    array([7.4, 9.8])
    """
    per_point = 1 / grid.step
    return np.clip(np.rint(points * per_point) / per_point, grid.lowest, grid.highest)


def told_apart(points: Floats, exact: Floats, grid: Grid) -> Floats:
    """Move values that could be a person's half stars by one step.

    They go to the side of what was inferred exactly, and stay within the grid. Where
    the grid is too coarse, they stay as they are.

    >>> grid = Grid(shift=SHIFT)
    >>> told_apart(np.array([7.0, 7.0, 10.0, 7.3]), np.array([6.9, 7, 11, 7.3]), grid)
    array([6.98, 7.02, 9.98, 7.3 ])
    """
    if not grid.tells_ours:
        return points
    half = np.rint(points)
    up, down = half + grid.shift, half - grid.shift
    rises = ((exact >= half) | (down < grid.lowest)) & (up <= grid.highest)
    moved = np.round(np.where(rises, up, down), 2)
    return np.where(np.abs(points - half) <= TOLERANCE, moved, points)


def same(left: Floats, right: Floats) -> Bools:
    """Say where two ratings are the same one; unrated equals only unrated.

    >>> same(np.array([7.3299999, 7.0, np.nan]), np.array([7.33, 7.02, np.nan]))
    array([ True, False,  True])
    """
    close: Bools = np.abs(left - right) <= TOLERANCE
    return close | (np.isnan(left) & np.isnan(right))


def not_half_star(rating: Floats) -> Bools:
    """Say where a rating cannot be a person's half stars.

    >>> not_half_star(np.array([7.0, 7.48, np.nan]))
    array([False,  True, False])
    """
    known = np.where(np.isfinite(rating), rating, 0.0)
    off: Bools = np.abs(known - np.round(known)) > TOLERANCE
    return off


def unreadable(ratings: Floats) -> Bools:
    """Say where Plex holds a rating that cannot be read.

    >>> unreadable(np.array([7.0, np.nan, UNREADABLE]))
    array([False, False,  True])
    """
    return np.isinf(ratings)


def equal(left: Floats, right: Floats | float) -> Bools:
    """Say where two values would be written alike; unrated equals nothing.

    >>> equal(np.array([7.33, 7.34]), 7.33)
    array([ True, False])
    """
    alike: Bools = np.abs(left - right) < STEP / 2
    return alike


Known = dict[str, float | int | None]
"""How sure a value is, by name; none: nobody can say."""


@dataclass(frozen=True, eq=False)
class Estimates(Columns):
    """What is inferred of some items, one row each; NaN: nobody can say."""

    mean: Floats
    """Points, from half a star to five stars."""
    sd: Floats
    """Standard deviation, points: of a track, of the rating that a person would
    give; of an album or artist, of its level. The level of an album is by the
    measure by which its listener rates albums, if that is known to differ."""
    low: Floats
    """Lower bound of the 80 % interval, points."""
    high: Floats
    """Its upper bound."""
    ratings: Ints
    """How many ratings it rests on: those beneath the same artist, in the classic
    model those from which it was averaged."""
    good: Floats
    """Probability of 3 stars or more."""
    poor: Floats
    """Probability of 2 stars or fewer."""
    confidence: Floats
    """0 as without any rating, 1 beyond doubt."""

    @classmethod
    def plain(cls, mean: Floats, ratings: Ints) -> Self:
        """Return values of which only the number of ratings behind them is known."""
        unknown = np.full(len(mean), np.nan)
        columns = {field.name: unknown for field in fields(cls)}
        return cls(**columns | {"mean": mean, "ratings": ratings})

    @classmethod
    def recorded(cls, mean: Floats, known: Sequence[Mapping[str, Any]]) -> Self:
        """Return values whose sureness is as `known` said once, a row each."""

        def column(name: str) -> Floats:
            said = [row.get(name) for row in known]
            return np.array([np.nan if one is None else one for one in said], float)

        return cls(
            mean=mean,
            sd=column("sd"),
            low=column("low"),
            high=column("high"),
            ratings=np.nan_to_num(column("ratings")).astype(np.int64),
            good=column("good"),
            poor=column("poor"),
            confidence=column("confidence"),
        )

    def but(self, chosen: Bools, others: "Estimates") -> Self:
        """Return the same with the chosen rows as in others."""
        columns = {
            f.name: np.where(chosen, getattr(others, f.name), getattr(self, f.name))
            for f in fields(self)
        }
        return replace(self, **columns)

    def known(self) -> Iterator[Known]:
        """Yield how sure each value is."""
        names = [field.name for field in fields(self) if field.name != "mean"]
        for row in zip(*(getattr(self, name).tolist() for name in names), strict=True):
            values = (None if math.isnan(value) else value for value in row)
            yield dict(zip(names, values, strict=True))
