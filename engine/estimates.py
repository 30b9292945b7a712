"""What is inferred of items, and how sure that is."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from engine.rating_scale import Bools, Columns, Floats, Ints

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
