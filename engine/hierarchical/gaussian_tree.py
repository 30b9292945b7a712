"""The exact Gaussian tree: what ratings say of albums, artists and slopes.

Model: rating = z·c + artist + album + own, with artist ~ N(0, s²·ra),
album ~ N(0, s²·rb), own ~ N(0, s²·re / weight), ra + rb + re = 1; the slopes c
(the first is the general level) ~ N(m, s²/d), s² ~ Inverse-Gamma(a, a·sd²).
Given the shares everything is conjugate, so nothing is sampled or iterated.

Source: Gelman et al., Bayesian Data Analysis, 3rd ed. (2013), chapters 5 and 14;
Searle, Casella, McCulloch, Variance Components (1992), chapter 3.
"""

import math
from dataclasses import dataclass

import numpy as np

from engine.rating_scale import Bools, Floats, Ints


@dataclass(frozen=True)
class Shares:
    """How the total variance is divided; the three sum to 1."""

    artist: float
    album: float
    own: float


@dataclass(frozen=True, eq=False)
class Ratings:
    """Ratings with what is known of the rated, one row each."""

    points: Floats
    numbers: Floats
    """The numbers that slopes apply to, shape (ratings, slopes)."""
    weight: Floats
    """How many rated tracks each is worth; above 0."""
    place: Ints
    """What shares its album's effect has the same place."""
    branch: Ints
    """What shares its artist's effect has the same branch."""
    is_direct: Bools
    """Whether it speaks of the artist itself: no album has a part in it."""


@dataclass(frozen=True, eq=False)
class Sums:
    """All that the tree needs to know of ratings: sums by album, in order of branch.

    A vector of the tree is a rating followed by its numbers, shape (1 + slopes,).
    """

    places: Ints
    """The places that have ratings, shape (albums,)."""
    branches: Ints
    """The branches that have ratings, ascending, shape (artists,)."""
    count: Floats
    """Weight of the ratings of each album."""
    mean: Floats
    """Their mean vectors, shape (1 + slopes, albums)."""
    artist: Ints
    """Row in `branches` of each album, ascending."""
    is_direct: Bools
    """Whether it is no album but the artist's own rating."""
    within: Floats
    """Weighted products of the vectors' distances from their album's mean."""
    ratings: int
    log_weights: float
    """Sum of the logarithms of all weights."""
    album_of: Ints
    """The row in `places` of each rating, shape (ratings,)."""
    kind: Ints
    """Albums of one kind are equally informative: a number for each album."""
    products: Floats
    """Sums over each kind of the products of the mean vectors with themselves,
    shape (kinds, 1 + slopes, 1 + slopes)."""


@dataclass(frozen=True)
class Prior:
    """What is assumed of level, slopes and total variance beforehand."""

    mean: Floats
    """Of each slope, points."""
    precision: Floats
    """Of each slope, in units of one over the total variance; above 0."""
    sd: float
    """Total standard deviation, points."""
    sd_weight: float
    """Half the number of ratings that `sd` is worth."""


@dataclass(frozen=True, eq=False)
class Messages:
    """What the albums tell their artists, for given shares."""

    precision: Floats
    """Of each album's mean as an observation of its artist, shape (albums,)."""
    heard: Floats
    """Sum of those precisions, shape (artists,)."""
    total: Floats
    """Sum of the mean vectors by precision, shape (1 + slopes, artists)."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """What is known of level, slopes and variance, for given shares."""

    log_evidence: float
    """Logarithm of the probability density of all ratings."""
    slopes: Floats
    """Their posterior means, points, shape (slopes,)."""
    covariance: Floats
    """Their covariance, in units of the total variance, shape (slopes, slopes)."""
    variance: float
    """Estimate of the total variance, points squared."""


def sums_of(ratings: Ratings) -> Sums:
    """Gather ratings by album."""
    key = np.stack([ratings.branch, ratings.is_direct, ratings.place])
    albums, album_of = np.unique(key, axis=1, return_inverse=True)
    branches, artist = np.unique(albums[0], return_inverse=True)
    count = np.bincount(album_of, ratings.weight, albums.shape[1]).astype(np.float64)
    vectors = np.vstack([ratings.points, ratings.numbers.T])
    mean = np.empty((len(vectors), len(count)))
    for at, column in enumerate(vectors):
        mean[at] = np.bincount(album_of, ratings.weight * column, len(count)) / count
        vectors[at] -= mean[at][album_of]
    is_direct = albums[1].astype(np.bool_)
    kinds, kind = np.unique(np.where(is_direct, -count, count), return_inverse=True)
    products = np.empty((len(kinds), len(vectors), len(vectors)))
    for at in range(len(kinds)):
        own = mean[:, kind == at]
        products[at] = own @ own.T
    return Sums(
        places=albums[2],
        branches=branches,
        count=count,
        mean=mean,
        artist=artist,
        is_direct=is_direct,
        within=(vectors * ratings.weight) @ vectors.T,
        ratings=len(ratings.points),
        log_weights=float(np.log(ratings.weight).sum()),
        album_of=album_of,
        kind=kind,
        products=products,
    )


def messages_of(sums: Sums, shares: Shares) -> Messages:
    """Return what albums tell their artists: less, the fewer their ratings."""
    spread = np.where(sums.is_direct, 0.0, shares.album)
    precision = 1 / (spread + shares.own / sums.count)
    artists = len(sums.branches)
    total = np.empty((len(sums.mean), artists))
    for at, column in enumerate(sums.mean):
        total[at] = np.bincount(sums.artist, precision * column, artists)
    heard = np.bincount(sums.artist, precision, artists).astype(np.float64)
    return Messages(precision, heard, total)


def posterior_of(sums: Sums, shares: Shares, prior: Prior) -> Posterior:
    """Return what the ratings say of level, slopes and variance."""
    messages = messages_of(sums, shares)
    share = shares.artist / (1 + shares.artist * messages.heard)
    precision = np.zeros(len(sums.products))
    precision[sums.kind] = messages.precision
    gram = (
        sums.within / shares.own
        + np.tensordot(precision, sums.products, 1)
        - (messages.total * share) @ messages.total.T
    )
    pull = prior.precision * prior.mean
    matrix = gram[1:, 1:] + np.diag(prior.precision)
    right = gram[1:, 0] + pull
    root = np.linalg.cholesky(matrix)
    slopes = np.linalg.solve(matrix, right)
    misfit = float(gram[0, 0] + pull @ prior.mean - right @ slopes)
    log_determinant = (
        (sums.ratings - len(sums.count)) * math.log(shares.own)
        - sums.log_weights
        + float(np.log(sums.count).sum() - np.log(messages.precision).sum())
        + float(np.log1p(shares.artist * messages.heard).sum())
        - float(np.log(prior.precision).sum())
        + 2 * float(np.log(np.diag(root)).sum())
    )
    before, after = prior.sd_weight, prior.sd_weight + sums.ratings / 2
    rate = before * prior.sd**2 + max(misfit, 0.0) / 2
    log_variance = (
        before * math.log(before * prior.sd**2)
        - after * math.log(rate)
        + math.lgamma(after)
        - math.lgamma(before)
        - sums.ratings / 2 * math.log(2 * math.pi)
    )
    return Posterior(
        log_evidence=log_variance - log_determinant / 2,
        slopes=slopes.astype(np.float64),
        covariance=np.linalg.inv(matrix).astype(np.float64),
        variance=rate / after,
    )


def views(sums: Sums, shares: Shares) -> tuple[Floats, Floats]:
    """Return what each place adds to a vector, and how unsure that is.

    Returns:
        For rated albums, then artists, then the unknown: the mean vectors,
        shape (albums + artists + 1, 1 + slopes), and the variances of a level
        there in units of the total variance, given the slopes.
    """
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
