"""How good guesses are, and whether they mean what they say.

They are held against the ratings that people gave, which were hidden from them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.rating_scale import Bools, Floats, Ints

RESAMPLES = 300
"""How often artists are redrawn to find out how sure a difference is."""

SHARES = (*(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),)
"""Of the probability, that an interval is to hold."""

GROUPS = 10
"""Into how many groups guesses are divided, from the lowest to the highest."""

FAMOUS = (6.0, 8.0)
"""Points: three and four stars, which smart playlists ask for."""

A_STAR, TOP = 2.0, 10

NEARBY = (0, 1, 3, 10, 30)
"""From how many known ratings of the same artist on errors are counted."""


@dataclass(frozen=True)
class Score:
    """How good a method is, on the average over all hidden ratings."""

    rmse: float
    """Root of the mean squared error, points; small is good."""
    mae: float
    """Mean absolute error, points."""
    order: float
    """Of two tracks rated differently, how often the better one is guessed
    higher; a tie is half right."""
    log_score: float
    """Minus the logarithm of the probability of what happened; small is good."""
    coverage: float
    """How often the rating is within the 80 % interval."""
    central: float
    """How often it is within the inner 80 % of the probability of steps, where
    a step at the border is divided."""


@dataclass(frozen=True)
class Comparison:
    """How one method does beside another, on the same hidden ratings."""

    change: float
    """Difference in RMSE as a part of the other's; negative: smaller error."""
    error: float
    """Standard error of that, by resampling artists."""


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
    """The probability that an interval holds, and how often the rating is in it."""
    guesses: list[Held]
    """Guesses, from the lowest to the highest, and what was rated; points."""
    errors: list[Held]
    """From how many known ratings of the same artist on, and the error (RMSE) of
    guesses up to the next; points."""


@dataclass(frozen=True)
class Usefulness:
    """What guesses are good for, as a listener would ask."""

    off_by: float
    """Mean absolute error, points."""
    within: float
    """How often a guess is within a star of the rating."""
    top_ten: float | None
    """Of the ten tracks guessed highest, how many were rated four stars or more; none:
    there were fewer than ten."""
    right: dict[float, float]
    """By a rating, points: as many tracks are taken, guessed highest, as were rated so
    or more; how many of them really were, 0 to 1."""
    found: dict[float, float]
    """By a rating, points: of what was rated so or more, how much is guessed so."""


def usefulness_of(guess: Floats, truth: Floats) -> Usefulness:
    """Say what the guesses of one method are good for; all in points.

    >>> usefulness_of(np.array([8.5, 7, 5, 4]), np.array([9.0, 4, 8, 2])).right
    {6.0: 0.5, 8.0: 0.5}
    """
    order = np.argsort(-guess, kind="stable")
    right, found = {}, {}
    for wanted in FAMOUS:
        number = int((truth >= wanted).sum())
        if number:
            right[wanted] = float((truth[order[:number]] >= wanted).mean())
            found[wanted] = float((guess[truth >= wanted] >= wanted).mean())
    top = truth[order[:TOP]]
    return Usefulness(
        off_by=float(np.abs(guess - truth).mean()),
        within=float((np.abs(guess - truth) <= A_STAR).mean()),
        top_ten=float((top >= FAMOUS[-1]).sum()) if len(top) == TOP else None,
        right=right,
        found=found,
    )


def order_accuracy(truth: Floats, guess: Floats) -> float:
    """Return how often the better of two is guessed higher; a tie is half right.

    >>> order_accuracy(np.array([2.0, 4.0, 8.0]), np.array([5.0, 5.0, 6.0]))
    0.8333333333333334
    """
    right = pairs = 0.0
    for value in np.unique(truth)[1:]:
        below = np.sort(guess[truth < value])
        own = guess[truth == value]
        won = np.searchsorted(below, own, "left").sum()
        not_lost = np.searchsorted(below, own, "right").sum()
        right += float(won + not_lost) / 2
        pairs += len(below) * len(own)
    return right / pairs if pairs else 0.5


def centrality(chance: Floats, step: Ints, fraction: Floats) -> Floats:
    """Return how much of the probability is more central than the outcome.

    That is one of the steps, and within it at a fraction from 0 to 1.
    """
    rows = np.arange(len(step))
    upto = np.cumsum(chance, axis=1)[rows, step]
    at = upto - (1 - fraction) * chance[rows, step]
    distance: Floats = 2 * np.abs(at - 0.5)
    return distance


def difference(
    squares: Floats, others: Floats, weight: Floats, artist: Ints
) -> Comparison:
    """Compare the squared errors of two methods on the same ratings.

    Artists are resampled: the ratings of one artist are not independent.
    """
    _, group = np.unique(artist, return_inverse=True)
    own, other, total = (
        np.bincount(group, column)
        for column in (squares * weight, others * weight, weight)
    )
    draws = np.random.default_rng(0).multinomial(
        len(own), np.full(len(own), 1 / len(own)), RESAMPLES
    )

    def relative(times: Floats) -> Floats:
        mass = times @ total
        before = np.sqrt(times @ other / mass)
        after = np.sqrt(times @ own / mass)
        return (after - before) / np.where(before > 0, before, 1)

    now = relative(np.ones((1, len(own))))
    return Comparison(float(now[0]), float(relative(draws.astype(np.float64)).std()))


def calibration_of(
    guess: Floats, distance: Floats, truth: Floats, weight: Floats, near: Ints
) -> Calibration:
    """Hold the forecasts of one method against what was hidden from it.

    Args:
        guess: What was guessed, points.
        distance: See `centrality`.
        truth: The hidden ratings, points.
        weight: What each counts; all sum to 1.
        near: How many ratings of the same artist were known.
    """
    borders = np.unique(np.quantile(guess, np.linspace(0, 1, GROUPS + 1)))
    tenth = np.searchsorted(borders[1:-1], guess, side="right")
    band = np.digitize(near, NEARBY) - 1

    def mean(values: Floats, own: Bools) -> float:
        return float(weight[own] @ values[own] / weight[own].sum())

    return Calibration(
        intervals=[
            Held(share, float(weight[distance <= share].sum()), len(truth))
            for share in SHARES
        ],
        guesses=[
            Held(mean(guess, own), mean(truth, own), int(own.sum()))
            for own in _groups(tenth)
        ],
        errors=[
            Held(
                float(NEARBY[band[own][0]]),
                mean((guess - truth) ** 2, own) ** 0.5,
                int(own.sum()),
            )
            for own in _groups(band)
        ],
    )


def _groups(number: Ints) -> Iterator[Bools]:
    return (number == own for own in np.unique(number))
