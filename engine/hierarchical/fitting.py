"""What one library teaches: fitted once from all ratings, used for every part."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.evidence import LibraryView, rated_rows
from engine.hierarchical.features import (
    FeatureEncoder,
    FeatureTable,
    Standardizer,
    common_genres,
    scales_of,
    sheet_of,
)
from engine.hierarchical.gaussian_tree import (
    Posterior,
    Prior,
    Shares,
    Sums,
    messages_of,
    posterior_of,
    sums_of,
)
from engine.hierarchical.grouping import Branches, branches_of
from engine.hierarchical.observations import ObservationWeights, offset_of, ratings_of
from engine.hierarchical.priors import COLUMNS, GENRE, Assumptions
from engine.hierarchical.rating_scale_usage import Taste, taste_of
from engine.rating_scale import Floats

ENOUGH = 0.9
"""Candidates beyond this much weight are kept only if they are not negligible."""


@dataclass(frozen=True)
class Candidate:
    """One way to divide the variance, and what follows from it."""

    weight: float
    """How plausible it is after seeing the ratings; all of a fit sum to 1."""
    shares: Shares
    slopes: tuple[float, ...]
    """General level and effects, points."""
    covariance: tuple[tuple[float, ...], ...]
    """Their covariance, in units of `variance`."""
    variance: float
    """Total variance, points squared."""


@dataclass(frozen=True)
class Fit:
    """All that the hierarchical model knows of a library, whatever the part."""

    scales: tuple[Standardizer, ...]
    genres: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    """The most plausible first."""
    worth: ObservationWeights
    taste: Taste
    ratings: int
    """How many ratings it was fitted to, of tracks, albums and artists."""
    freedom: float
    """Degrees of freedom of what is predicted."""

    @property
    def confidence(self) -> float:
        """How many rated tracks the library mean is worth: the classic model's C."""
        logs = (
            c.weight * math.log(c.shares.own / (c.shares.artist + c.shares.album))
            for c in self.candidates
        )
        return math.exp(sum(logs))


def fit(part: LibraryView, assumptions: Assumptions | None = None) -> Fit:
    """Learn from all ratings of a library; the part must be the whole of it.

    Args:
        part: The library with the ratings that count as evidence.
        assumptions: What is assumed beforehand; the defaults if none.
    """
    assumed = assumptions or Assumptions()
    branches = branches_of(part)
    sheet = sheet_of(part, branches)
    rated = np.flatnonzero(~np.isnan(part.tracks.evidence))
    genres = common_genres(sheet, rated, assumed.genre_ratings, assumed.genres)
    reader = FeatureEncoder(sheet, scales_of(sheet, assumed.columns), genres)
    worth = _worth(part, branches, sheet, assumed)
    ratings = ratings_of(part, branches, reader, worth)
    prior = prior_of(ratings.points, reader, assumed)
    tracks = part.tracks.evidence[rated]
    albums = part.albums.evidence
    return Fit(
        scales=reader.scales,
        genres=genres,
        candidates=_candidates(sums_of(ratings), prior, assumed),
        worth=worth,
        taste=taste_of(tracks if len(tracks) else albums[~np.isnan(albums)]),
        ratings=len(ratings.points),
        freedom=2 * assumed.sd_weight + len(ratings.points),
    )


def prior_of(points: Floats, reader: FeatureEncoder, assumed: Assumptions) -> Prior:
    """Return what is assumed of level, slopes and variance beforehand."""
    slopes = [COLUMNS[scale.name] for scale in reader.scales]
    slopes += [GENRE] * len(reader.genres)
    spread = float(((points - points.mean()) ** 2).sum()) if len(points) else 0.0
    weight = assumed.sd_weight + max(len(points) - 1, 0) / 2
    sd = math.sqrt((assumed.sd_weight * assumed.sd**2 + spread / 2) / weight)
    return Prior(
        mean=np.array([assumed.mean, *(sd * slope.mean for slope in slopes)]),
        precision=np.array(
            [assumed.mean_weight, *(slope.spread**-2 for slope in slopes)]
        ),
        sd=assumed.sd,
        sd_weight=assumed.sd_weight,
    )


def grid_of(assumed: Assumptions) -> list[tuple[Shares, float]]:
    """Return the candidate shares with the logarithm of their prior weight."""

    def weights(values: Sequence[float], beta: tuple[float, float]) -> Floats:
        at = np.array(values)
        density = (beta[0] - 1) * np.log(at) + (beta[1] - 1) * np.log1p(-at)
        logs: Floats = density + np.log(np.gradient(at))
        return logs

    shared = weights(assumed.shared, assumed.shared_prior)
    artistic = weights(assumed.artistic, assumed.artistic_prior)
    return [
        (Shares(h * s, h * (1 - s), 1 - h), float(shared[i] + artistic[j]))
        for i, h in enumerate(assumed.shared)
        for j, s in enumerate(assumed.artistic)
    ]


def _posteriors(
    sums: Sums, prior: Prior, assumed: Assumptions
) -> tuple[list[Posterior], Floats]:
    """Return what follows from each candidate, and its logarithmic weight."""
    grid = grid_of(assumed)
    posteriors = [
        posterior_of(sums, shares, prior, messages_of(sums, shares))
        for shares, _ in grid
    ]
    logs = [p.log_evidence + log for p, (_, log) in zip(posteriors, grid, strict=True)]
    return posteriors, np.array(logs)


def _candidates(
    sums: Sums, prior: Prior, assumed: Assumptions
) -> tuple[Candidate, ...]:
    posteriors, logs = _posteriors(sums, prior, assumed)
    weight = np.exp(logs - logs.max())
    weight /= weight.sum()
    order = np.argsort(-weight, kind="stable")
    before = np.cumsum(weight[order]) - weight[order]
    kept = order[(before < ENOUGH) | (weight[order] >= assumed.negligible)]
    total = weight[kept].sum()
    grid = grid_of(assumed)
    return tuple(
        Candidate(
            weight=float(weight[at] / total),
            shares=grid[at][0],
            slopes=tuple(posteriors[at].slopes.tolist()),
            covariance=tuple(map(tuple, posteriors[at].covariance.tolist())),
            variance=posteriors[at].variance,
        )
        for at in kept
    )


def _worth(
    part: LibraryView, branches: Branches, sheet: FeatureTable, assumed: Assumptions
) -> ObservationWeights:
    """Find out what albums' own ratings are worth, by the tree alone."""
    worth = ObservationWeights(
        assumed.album_weight, assumed.artist_weight, offset_of(part)
    )
    if np.isnan(part.albums.evidence).all():
        return worth
    reader = FeatureEncoder(sheet, (), ())
    ratings = ratings_of(part, branches, reader, worth)
    prior = prior_of(ratings.points, reader, assumed)
    tracks = rated_rows(part.tracks, branches.album)
    is_album = ~ratings.is_direct & (np.arange(len(ratings.points)) >= len(tracks))
    logs = []
    for album in assumed.album_weights:
        weight = np.where(is_album, album, ratings.weight)
        sums = sums_of(replace(ratings, weight=weight))
        _, evidence = _posteriors(sums, prior, assumed)
        distance = math.log(album / assumed.album_weight)
        logs.append(float(np.logaddexp.reduce(evidence)) - distance**2 / 2)
    return replace(worth, album=assumed.album_weights[int(np.argmax(logs))])
