"""The constants of the classic model that fit a listener's own ratings best.

Everything is a closed form or one pass over a few candidates, and everything is
held to its usual value as long as there are few ratings to say otherwise.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from engine.classic import Constants, priors
from engine.evaluation.constant_change import Change, relative_gain
from engine.evaluation.critic_tuning import critic_change
from engine.evidence import (
    MEAN_WITHOUT_RATINGS,
    LibraryView,
    library_mean,
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
    """Fit the constants of the classic model to the ratings of a library.

    Args:
        part: The whole library.
        constants: The present ones, which are kept where nothing speaks.
    """
    found = library_mean(part.tracks)
    mean = MEAN_WITHOUT_RATINGS if found is None else found
    changes = []
    for step in (critic_change, _confidence, _track_gravity, _album_gravity):
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
    gain = relative_gain(squared(constants.confidence), squared(best))
    return Change(("confidence",), (constants.confidence,), (best,), gain, ratings)


def _track_gravity(
    part: LibraryView, mean: float, constants: Constants
) -> Change | None:
    tracks = part.tracks
    rated = rated_rows(tracks, tracks.items.parent)
    above = part.albums.evidence[tracks.items.parent[rated]]
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
    gain = relative_gain(squared(now), squared(best))
    return Change((name,), (now,), (best,), gain, len(off))
