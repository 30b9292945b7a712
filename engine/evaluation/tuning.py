"""The constants of the classic model that fit a listener's own ratings best.

Everything is a closed form or one pass over a few candidates, and everything is
held to its usual value as long as there are few ratings to say otherwise.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from engine.classic import Constants, priors
from engine.evidence import (
    LibraryView,
    prior_mean,
    rated_rows,
    tally,
)
from engine.rating_scale import Floats

CONFIDENCES = np.exp(np.linspace(math.log(0.05), math.log(40), 136))
"""Candidates for the confidence."""

USUAL_CONFIDENCE, CONFIDENCE_SPREAD = 3.0, 1.2
"""What is assumed of it beforehand, and how widely its logarithm varies
between listeners."""

USUAL, GRAVITY_SPREAD = Constants(), 0.3
"""What is assumed of gravities beforehand, and how widely they vary between
listeners. Not the present ones: else tuning again would always go on."""


USUAL_SLOPE, SLOPE_SPREAD = 0.65, 0.25
"""How much listeners follow critics: points of theirs for one of a critic's."""

INDIFFERENT = 0.05
"""Below this slope critics are left out."""

MEAN_WEIGHT = 5.0
"""How many albums the prior is worth that critics are right on the average."""


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


@dataclass(frozen=True)
class Tuning:
    """The constants that fit best, and what has changed."""

    constants: Constants
    changes: tuple[Change, ...]
    """Only of constants that some rating has to do with."""


@dataclass(frozen=True, eq=False)
class LeftOut:
    """What the album of each rating would go by without it."""

    rated: Floats
    """Points."""
    prior: Floats
    """Of its album, points."""
    total: Floats
    """Sum of the other ratings of its album, points."""
    count: Floats
    """How many there are."""

    def errors(self, confidence: float) -> Floats:
        """Return how far each rating is from its album's Bayesian average."""
        guess = (confidence * self.prior + self.total) / (confidence + self.count)
        return self.rated - guess


def tune(part: LibraryView, constants: Constants) -> Tuning:
    """Fit the constants to a whole library; where nothing speaks they are kept."""
    mean = prior_mean(part)
    changes = []
    for step in (_critic, _confidence, _track_gravity, _album_gravity):
        change = step(part, mean, constants)
        if change is not None:
            changes.append(change)
            fitted = dict(zip(change.names, change.new, strict=True))
            constants = replace(constants, **fitted)
    return Tuning(constants, tuple(changes))


def left_out(part: LibraryView, mean: float, constants: Constants) -> LeftOut:
    """Return for each rating what its album would go by without it."""
    albums, parent = part.albums.items, part.tracks.items.parent
    evidence = tally(part.tracks, parent, len(albums))
    rated = rated_rows(part.tracks, parent)
    own, place = part.tracks.evidence[rated], parent[rated]
    return LeftOut(
        rated=own,
        prior=priors(albums.critic, mean, constants)[place],
        total=evidence.total[place] - own,
        count=evidence.count[place] - 1,
    )


def _critic(part: LibraryView, mean: float, constants: Constants) -> Change | None:
    """Fit a line of ratings over critics, and find the constants that draw it."""
    critic, rated, weight = _reviewed(part)
    if not len(critic):
        return None
    total = float(weight.sum())
    at = float(weight @ critic) / total
    there = float(weight @ rated) + MEAN_WEIGHT * mean
    there /= total + MEAN_WEIGHT
    off = critic - at
    level = float(weight @ rated) / total
    rest = rated - level - USUAL_SLOPE * off
    hold = float(weight @ rest**2) / total / SLOPE_SPREAD**2
    power = float(weight @ off**2) + hold
    slope = float(weight @ (off * (rated - level))) + hold * USUAL_SLOPE
    slope = slope / power if power else USUAL_SLOPE
    fitted = _with_line(constants, mean, at, there, slope)

    def squared(trial: Constants) -> float:
        return float(weight @ (rated - priors(critic, mean, trial)) ** 2)

    names = ("critic_weight", "critic_bias", "global_weight")
    return Change(
        names,
        tuple(getattr(constants, name) for name in names),
        tuple(getattr(fitted, name) for name in names),
        _gain(squared(constants), squared(fitted)),
        len(critic),
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


def _reviewed(part: LibraryView) -> tuple[Floats, Floats, Floats]:
    """Return what critics and the listener think of the same albums, and its weight."""
    albums = part.albums
    evidence = tally(part.tracks, part.tracks.items.parent, len(albums))
    own = evidence.total / np.maximum(evidence.count, 1)
    is_rated = ~np.isnan(albums.evidence)
    rated = np.where(is_rated, albums.evidence, own)
    weight = np.where(is_rated, 3.0, np.minimum(evidence.count, 3))
    both = np.flatnonzero((albums.items.critic > 0) & (weight > 0))
    return albums.items.critic[both], rated[both], weight[both]


def _confidence(part: LibraryView, mean: float, constants: Constants) -> Change | None:
    """Minimise the squared error of each rating guessed from the others."""
    evidence = left_out(part, mean, constants)
    ratings = len(evidence.rated)
    if not ratings:
        return None

    def squared(confidence: float) -> float:
        return float((evidence.errors(confidence) ** 2).sum())

    far = np.log(CONFIDENCES / USUAL_CONFIDENCE) / CONFIDENCE_SPREAD
    errors = np.array([squared(float(c)) for c in CONFIDENCES])
    cost = ratings / 2 * np.log(np.maximum(errors, 1e-9)) + far**2 / 2
    best = round(float(CONFIDENCES[int(np.argmin(cost))]), 2)
    gain = _gain(squared(constants.confidence), squared(best))
    return Change(("confidence",), (constants.confidence,), (best,), gain, ratings)


def _track_gravity(
    part: LibraryView, mean: float, constants: Constants
) -> Change | None:
    tracks, parent = part.tracks, part.tracks.items.parent
    rated = rated_rows(tracks, parent)
    above = part.albums.evidence[parent[rated]]
    return _gravity("track_gravity", above, tracks.evidence[rated], mean, constants)


def _album_gravity(
    part: LibraryView, mean: float, constants: Constants
) -> Change | None:
    albums = part.albums
    above = part.artists.evidence[albums.items.parent]
    return _gravity("album_gravity", above, albums.evidence, mean, constants)


def _gravity(
    name: str, above: Floats, own: Floats, mean: float, constants: Constants
) -> Change | None:
    """Regress ratings on what they are drawn to, held to the usual gravity."""
    now, usual = getattr(constants, name), getattr(USUAL, name)
    both = ~np.isnan(above) & ~np.isnan(own)
    if not both.any():
        return None
    drawn, off = mean - above[both], own[both] - above[both]

    def squared(gravity: float) -> float:
        return float(((off - gravity * drawn) ** 2).sum())

    noise = squared(usual) / len(off)
    hold = noise / GRAVITY_SPREAD**2
    power = float((drawn**2).sum()) + hold
    free = (float((off * drawn).sum()) + hold * usual) / power if power else usual
    best = round(min(max(free, 0.0), 1.0), 2)
    gain = _gain(squared(now), squared(best))
    return Change((name,), (now,), (best,), gain, len(off))


def _gain(before: float, after: float) -> float:
    """Return by which part a root of squares becomes smaller."""
    return 1 - math.sqrt(after / before) if before > 0 else 0.0
