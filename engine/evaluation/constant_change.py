"""A constant of the classic model that would fit better with another value."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """One constant, or two that only make sense together."""

    names: tuple[str, ...]
    """Fields of `Constants`."""
    old: tuple[float, ...]
    new: tuple[float, ...]
    gain: float
    """By which part the error on the ratings that it concerns becomes smaller."""
    ratings: int
    """How many ratings say so."""


def relative_gain(before: float, after: float) -> float:
    """Return by which part a root of squares becomes smaller.

    >>> relative_gain(4.0, 1.0)
    0.5
    """
    return 1 - math.sqrt(after / before) if before > 0 else 0.0
