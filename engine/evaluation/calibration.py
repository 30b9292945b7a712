"""Whether guesses mean what they say, and how far more ratings make them better."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.evaluation.metrics import Forecast, centrality
from engine.evidence import LibraryView
from engine.hierarchical.grouping import branches_of
from engine.hierarchical.rating_scale_usage import scale_of, step_of
from engine.rating_scale import Bools, Floats, Ints

SHARES = (*(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),)
"""Of the probability, that an interval is to hold."""

GROUPS = 10
"""Into how many groups guesses are divided, from the lowest to the highest."""

NEARBY = (0, 1, 3, 10, 30)
"""From how many known ratings of the same artist on errors are counted."""


@dataclass(frozen=True)
class Held:
    """What was expected, beside what came."""

    expected: float
    found: float
    ratings: int
    """How many hidden ratings say so."""


@dataclass(frozen=True)
class Calibration:
    """Whether the guesses of one method mean what they say."""

    intervals: list[Held]
    """How much of the probability an interval holds, and how often the rating is
    within it."""
    guesses: list[Held]
    """Guesses, from the lowest to the highest, and what was rated; points."""
    errors: list[Held]
    """From how many known ratings of the same artist on, and the error (RMSE) of
    guesses up to the next; points."""


def ratings_near(part: LibraryView, rows: Ints) -> Ints:
    """Return how many ratings of the same artist are known for each track."""
    tree = branches_of(part)
    branch = tree.branch[tree.album]
    known = branch[~np.isnan(part.tracks.evidence)]
    counts: Ints = np.bincount(known, minlength=branch.max(initial=0) + 1)
    return counts[branch[rows]]


def calibration_of(
    forecasts: Sequence[Forecast],
    truth: Floats,
    fraction: Floats,
    weight: Floats,
    near: Ints,
) -> Calibration:
    """Hold the forecasts of one method against what was hidden from it.

    Args:
        forecasts: One for each time that ratings were hidden.
        truth: All hidden ratings in the same order, points.
        fraction: Where within its step each rating is thought to be, 0 to 1.
        weight: What each counts; all sum to 1.
        near: How many ratings of the same artist were known.
    """
    guess = np.concatenate([own.mean for own in forecasts])
    distance = np.concatenate(list(_distances(forecasts, truth, fraction)))
    borders = np.unique(np.quantile(guess, np.linspace(0, 1, GROUPS + 1)))
    tenth = np.searchsorted(borders[1:-1], guess, side="right")
    band = np.digitize(near, NEARBY) - 1
    everything = len(truth)
    return Calibration(
        intervals=[
            Held(share, float(weight[distance <= share].sum()), everything)
            for share in SHARES
        ],
        guesses=[
            Held(_mean(guess, weight, own), _mean(truth, weight, own), int(own.sum()))
            for own in _groups(tenth)
        ],
        errors=[
            Held(
                float(NEARBY[band[own][0]]),
                _mean((guess - truth) ** 2, weight, own) ** 0.5,
                int(own.sum()),
            )
            for own in _groups(band)
        ],
    )


def _distances(
    forecasts: Sequence[Forecast], truth: Floats, fraction: Floats
) -> Iterator[Floats]:
    start = 0
    for forecast in forecasts:
        own = slice(start, start + len(forecast.mean))
        step = step_of(truth[own], scale_of(forecast.chance.shape[1]))
        yield centrality(forecast.chance, step, fraction[own])
        start = own.stop


def _groups(number: Ints) -> Iterator[Bools]:
    for own in np.unique(number):
        yield number == own


def _mean(values: Floats, weight: Floats, own: Bools) -> float:
    return float(weight[own] @ values[own] / weight[own].sum())
