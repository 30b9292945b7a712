"""How a listener uses the scale, and what a guess means on it."""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from engine.rating_scale import Floats, Ints

LOWEST, HIGHEST = 1.0, 10.0
"""Half a star and five stars, points."""

GOOD, POOR = 6.0, 4.0
"""From 3 stars a track is good, up to 2 stars it is poor; points."""

INTERVAL = 0.8
"""How probably a rating lies within its interval."""

USUAL = NormalDist(7.0, 1.9)
"""How people rate who are not known yet, points."""

USUAL_WEIGHT = 5.0
"""How many ratings that is worth."""

RARE = 0.02
"""Half stars are part of the scale if more than this share of ratings has them."""

SURPRISE = 0.01
"""The weight of the plain habit in every forecast: nobody is all predictable."""


@dataclass(frozen=True)
class Taste:
    """The steps of the scale that a listener uses, and how often each."""

    steps: tuple[float, ...]
    """Points, ascending and equally far apart."""
    habit: tuple[float, ...]
    """Probability of each step."""

    @property
    def step(self) -> float:
        """The distance between two steps, points."""
        return self.steps[1] - self.steps[0]


class Chances(NamedTuple):
    """What a guess means for a listener."""

    good: Floats
    """Probability of 3 stars or more."""
    poor: Floats
    """Probability of 2 stars or fewer."""


def taste_of(points: Floats) -> Taste:
    """Return how a listener with these ratings uses the scale.

    >>> taste_of(np.array([2.0, 6.0, 6.0, 8.0])).steps
    (2.0, 4.0, 6.0, 8.0, 10.0)
    """
    odd = np.abs(points / 2 - np.round(points / 2)) > 1e-6  # noqa: PLR2004
    step = 1.0 if len(points) and odd.mean() > RARE else 2.0
    steps = scale_of(round(HIGHEST / step))
    borders = [-math.inf, *(steps[:-1] + step / 2), math.inf]
    usual = np.diff([USUAL.cdf(border) for border in borders])
    times = np.bincount(step_of(points, steps), minlength=len(steps))
    habit = (times + USUAL_WEIGHT * usual) / (len(points) + USUAL_WEIGHT)
    return Taste(tuple(steps.tolist()), tuple(habit.tolist()))


def scale_of(steps: int) -> Floats:
    """Return a scale of so many steps up to five stars, points.

    >>> scale_of(5)
    array([ 2.,  4.,  6.,  8., 10.])
    """
    return np.linspace(HIGHEST / steps, HIGHEST, steps)


def step_of(points: Floats, steps: Floats) -> Ints:
    """Return the number of the step that is nearest to each rating."""
    number = np.floor((points - steps[0]) / (steps[1] - steps[0]) + 0.5)
    inside: Ints = np.clip(number, 0, len(steps) - 1).astype(np.int64)
    return inside


def forecast(taste: Taste, mean: Floats, sd: Floats) -> Floats:
    """Return the probability of each step, shape (items, steps).

    Model: the listener's habit, tilted by how much more probable a step is
    under the guess than under what is assumed of any track. A guess that
    knows nothing returns the habit.

    >>> forecast(Taste((5.0, 10.0), (0.5, 0.5)), np.array([7.5]), np.array([9.0]))
    array([[0.5, 0.5]])
    """
    steps, habit = np.array(taste.steps), np.array(taste.habit)
    middle = float(habit @ steps)
    width = math.sqrt(float(habit @ (steps - middle) ** 2))
    rounding = taste.step**2 / 12
    centre = np.clip(mean, steps[0], steps[-1])[:, None]
    near = sd[:, None] ** 2 + rounding
    usual = np.maximum(sd[:, None], width) ** 2 + rounding
    power = (steps - middle) ** 2 / usual - (steps - centre) ** 2 / near
    power -= power.max(axis=1, keepdims=True)
    tilted = habit * np.exp(power / 2)
    tilted /= tilted.sum(axis=1, keepdims=True)
    mixed: Floats = (1 - SURPRISE) * tilted + SURPRISE * habit
    return mixed


def chances(taste: Taste, mean: Floats, sd: Floats) -> Chances:
    """Return how probably a track will be rated good or poor."""
    steps = np.array(taste.steps)
    probability = forecast(taste, mean, sd)
    return Chances(
        good=probability[:, steps >= GOOD].sum(axis=1),
        poor=probability[:, steps <= POOR].sum(axis=1),
    )


def chances_of_level(mean: Floats, sd: Floats) -> Chances:
    """Return how probably the level of an album or artist is good or poor."""
    width = np.maximum(sd, 1e-9)
    return Chances(
        good=share_below((mean - GOOD) / width),
        poor=share_below((POOR - mean) / width),
    )


def share_below(deviations: Floats) -> Floats:
    """Return how much of a normal curve lies below each place.

    >>> share_below(np.array([0.0, 10.0]))
    array([0.5, 1. ])
    """
    from scipy.special import ndtr  # noqa: PLC0415 (long to import, seldom needed)

    share: Floats = ndtr(deviations)
    return share


def interval(mean: Floats, sd: Floats, freedom: float) -> tuple[Floats, Floats]:
    """Return the bounds between which a rating lies with probability `INTERVAL`.

    Mean and standard deviation are points; the degrees of freedom are above 2.
    """
    from scipy.special import stdtrit  # noqa: PLC0415 (long to import, seldom needed)

    reach = stdtrit(freedom, (1 + INTERVAL) / 2) * math.sqrt(1 - 2 / freedom) * sd
    low, high = mean - reach, mean + reach
    return np.clip(low, LOWEST, HIGHEST), np.clip(high, LOWEST, HIGHEST)
