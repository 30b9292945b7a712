"""How good guesses are, held against the ratings that people gave."""

from dataclasses import dataclass

import numpy as np

from engine.rating_scale import Floats, Ints

RESAMPLES = 300
"""How often artists are drawn anew to find out how sure a difference is."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """What one method says of hidden ratings, one row each."""

    mean: Floats
    """Its guess, points."""
    low: Floats
    """Lower bound of its 80 % interval, points."""
    high: Floats
    """Its upper bound."""
    chance: Floats
    """Probability of each step of the scale, shape (ratings, steps)."""


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


def is_central(chance: Floats, step: Ints, fraction: Floats, share: float) -> Floats:
    """Return 1 where the outcome is within the inner share of the probability.

    Args:
        chance: Probability of each step, shape (ratings, steps).
        step: What happened.
        fraction: Where within that step the outcome is thought to be, 0 to 1.
        share: Of the probability, such as 0.8.
    """
    return (centrality(chance, step, fraction) <= share).astype(np.float64)


def centrality(chance: Floats, step: Ints, fraction: Floats) -> Floats:
    """Return how much of the probability is more central than the outcome."""
    rows = np.arange(len(step))
    upto = np.cumsum(chance, axis=1)[rows, step]
    at = upto - (1 - fraction) * chance[rows, step]
    distance: Floats = 2 * np.abs(at - 0.5)
    return distance


def difference(
    squares: Floats, others: Floats, weight: Floats, artist: Ints
) -> tuple[float, float]:
    """Return how much smaller the error of one method is, and how sure that is.

    Args:
        squares: Squared errors of one method, points squared.
        others: Those of the other, of the same ratings.
        weight: What each rating counts.
        artist: Whose it is: ratings of one artist are not independent.

    Returns:
        The difference in RMSE as a part of the other's RMSE, negative if it is
        smaller, and its standard error by resampling artists.
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
    return float(now[0]), float(relative(draws.astype(np.float64)).std())
