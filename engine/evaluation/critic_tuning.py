"""How much a listener follows the critics, and whether they rate lower or higher."""

from dataclasses import dataclass, replace

import numpy as np

from engine.classic import Constants, critic_points, priors
from engine.evaluation.constant_change import Change, relative_gain
from engine.evidence import LibraryView, tally
from engine.rating_scale import Floats

USUAL_SLOPE, SLOPE_SPREAD = 0.65, 0.25
"""How much listeners follow critics: points of theirs for one of a critic's."""

INDIFFERENT = 0.05
"""Below this slope critics are left out."""

MEAN_WEIGHT = 5.0
"""How many albums the prior is worth that critics are right on the average."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """What was rated beside what it is explained by; points, with weights."""

    by: Floats
    rated: Floats
    weight: Floats


def critic_change(
    part: LibraryView, mean: float, constants: Constants
) -> Change | None:
    """Fit a line of ratings over critics, and find the constants that draw it."""
    pairs = _reviewed(part)
    if not len(pairs.by):
        return None
    total = float(pairs.weight.sum())
    at = float(pairs.weight @ pairs.by) / total
    there = float(pairs.weight @ pairs.rated) + MEAN_WEIGHT * mean
    there /= total + MEAN_WEIGHT
    off = pairs.by - at
    level = float(pairs.weight @ pairs.rated) / total
    rest = pairs.rated - level - USUAL_SLOPE * off
    hold = float(pairs.weight @ rest**2) / total / SLOPE_SPREAD**2
    power = float(pairs.weight @ off**2) + hold
    slope = float(pairs.weight @ (off * (pairs.rated - level))) + hold * USUAL_SLOPE
    fitted = _with_line(constants, mean, at, there, slope / power if power else 0.65)

    def squared(trial: Constants) -> float:
        return float(pairs.weight @ (pairs.rated - priors(pairs.by, mean, trial)) ** 2)

    names = ("critic_weight", "critic_bias", "global_weight")
    return Change(
        names,
        tuple(getattr(constants, name) for name in names),
        tuple(getattr(fitted, name) for name in names),
        relative_gain(squared(constants), squared(fitted)),
        len(pairs.by),
    )


def _with_line(
    constants: Constants, mean: float, at: float, there: float, slope: float
) -> Constants:
    """Return constants whose prior is `there` at a critic's `at`, with that slope.

    A critic's full marks are drawn to `mean + share · (10 − mean)`, whatever the
    bias: that gives the share, and share · 10 / (10 + bias) is the slope.
    """
    base = constants.global_weight or 1.0
    if slope < INDIFFERENT:
        return replace(constants, critic_weight=0.0, global_weight=base)
    top = there + slope * (10 - at)
    share = (top - mean) / max(10 - mean, 1e-6)
    share = min(max(share, 0.05), 0.95)
    heard = min(max(mean + (there - mean) / share, 0.5), 9.5)
    bias = 10 * (heard - at) / (10 - heard)
    bias = min(max(bias, -9.0), 20.0)
    return replace(
        constants,
        critic_weight=round(base * share / (1 - share), 2),
        critic_bias=round(bias, 2),
        global_weight=base,
    )


def _reviewed(part: LibraryView) -> Pairs:
    """Return what the listener and the critics think of the same albums."""
    albums = part.albums
    evidence = tally(part.tracks, part.tracks.items.parent, len(albums))
    own = evidence.total / np.maximum(evidence.count, 1)
    rated = np.where(np.isnan(albums.evidence), own, albums.evidence)
    heard = ~np.isnan(albums.evidence)
    weight = np.where(heard, 3.0, np.minimum(evidence.count, 3))
    everybody = Constants(critic_weight=1.0, critic_bias=0.0)
    known = ~np.isnan(critic_points(albums.items.critic, everybody))
    both = np.flatnonzero(known & (weight > 0))
    return Pairs(albums.items.critic[both], rated[both], weight[both])
