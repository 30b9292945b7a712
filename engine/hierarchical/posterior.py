"""What the tree says of every album and artist, all candidates taken together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from engine.hierarchical.fitting import Candidate, Fit
from engine.hierarchical.gaussian_tree import Sums, messages_of
from engine.library import Level
from engine.rating_scale import Floats


@dataclass(frozen=True, eq=False)
class Mixture:
    """All candidates of a fit as arrays, and what is common to all items."""

    weight: Floats
    slopes: Floats
    """Shape (candidates, slopes), points."""
    covariance: Floats
    """Covariance of the slopes, points squared, (candidates, slopes, slopes)."""
    variance: Floats
    """Total variance of a rating, points squared."""
    level: Floats
    """Mean slopes, points."""
    square: Floats
    """What the numbers of an item add to its variance, (slopes, slopes)."""

    @classmethod
    def of(cls, fit: Fit) -> Self:
        """Return the candidates of a fit as arrays."""
        weight = np.array([c.weight for c in fit.candidates])
        slopes = np.array([c.slopes for c in fit.candidates])
        widening = fit.freedom / (fit.freedom - 2)
        variance = np.array([c.variance for c in fit.candidates]) * widening
        covariance = variance[:, None, None] * np.array(
            [c.covariance for c in fit.candidates]
        )
        level = weight @ slopes
        off = slopes - level
        square = np.tensordot(weight, covariance, 1) + (off * weight[:, None]).T @ off
        return cls(weight, slopes, covariance, variance, level, square)


@dataclass(frozen=True, eq=False)
class RandomEffect:
    """What the tree adds at each of its places to the effects of the numbers."""

    mean: Floats
    """Points, shape (places,)."""
    slant: Floats
    """What the numbers of an item add to its variance there, (places, slopes)."""
    spread: Floats
    """Variance of what the tree adds, points squared."""


def views(sums: Sums, candidate: Candidate) -> tuple[Floats, Floats]:
    """Return what each place adds to a vector, and how unsure that is.

    Args:
        sums: The ratings of a part.
        candidate: How the variance is divided.

    Returns:
        For rated albums, then artists, then the unknown: the mean vectors,
        shape (albums + artists + 1, 1 + slopes), and the variances of a level
        there in units of the total variance, given the slopes.
    """
    shares = candidate.shares
    messages = messages_of(sums, shares)
    spread = shares.artist / (1 + shares.artist * messages.heard)
    artists = messages.total.T * spread[:, None]
    own = shares.album * sums.count / (shares.album * sums.count + shares.own)
    kept = (1 - own)[:, None]
    albums = kept * artists[sums.artist] + own[:, None] * sums.mean.T
    of_albums = shares.album * (1 - own) + (1 - own) ** 2 * spread[sums.artist]
    unknown = np.zeros((1, len(sums.mean)))
    return (
        np.concatenate([albums, artists, unknown]),
        np.concatenate(
            [of_albums, shares.album + spread, [shares.album + shares.artist]]
        ),
    )


def artist_views(sums: Sums, candidate: Candidate) -> tuple[Floats, Floats]:
    """Return the same of artists themselves, then of an unknown one."""
    vectors, variance = views(sums, candidate)
    first = len(sums.places)
    return vectors[first:], variance[first:] - candidate.shares.album


def confidence(fit: Fit, mixture: Mixture, level: Level, sd: Floats) -> Floats:
    """Return how sure estimates are: 0 without any rating, 1 beyond doubt.

    It is 1 − sd / sd without ratings, both of the level of items like it:
    what sets a track apart from its album is in no rating but its own.

    Args:
        fit: What the library taught.
        mixture: The same as arrays.
        level: Tracks, albums or artists.
        sd: Standard deviations of the estimates, points.
    """
    shares = np.array(
        [(c.shares.artist, c.shares.album, c.shares.own) for c in fit.candidates]
    )
    artist, album, own = (mixture.weight * mixture.variance) @ shares
    unknown = artist if level is Level.ARTIST else artist + album
    covariance = sd**2 - (own if level is Level.TRACK else 0.0)
    sure: Floats = np.clip(1 - np.sqrt(np.maximum(covariance, 0) / unknown), 0, 1)
    return sure


def stand_of(mixture: Mixture, seen: Sequence[tuple[Floats, Floats]]) -> RandomEffect:
    """Mix what the candidates say of the same places.

    Args:
        mixture: The candidates.
        seen: For each candidate its vectors and variances of the places.
    """
    adds = np.stack(
        [
            vectors[:, 0] - vectors[:, 1:] @ slopes
            for (vectors, _), slopes in zip(seen, mixture.slopes, strict=True)
        ]
    )
    mean = mixture.weight @ adds
    slant = np.zeros((len(mean), len(mixture.level)))
    spread = np.zeros(len(mean))
    for at, (vectors, variance) in enumerate(seen):
        weight, numbers = mixture.weight[at], vectors[:, 1:]
        off = adds[at] - mean
        doubtful = numbers @ mixture.covariance[at]
        change = off[:, None] * (mixture.slopes[at] - mixture.level)
        slant += weight * (change - doubtful)
        spread += weight * (
            mixture.variance[at] * variance + (doubtful * numbers).sum(axis=1) + off**2
        )
    return RandomEffect(mean, slant, spread)
