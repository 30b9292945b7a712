"""What one library teaches: fitted once from all ratings, used for every part."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.evidence import LibraryView
from engine.hierarchical.features import (
    COLUMNS,
    GENRE,
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
    posterior_of,
    sums_of,
)
from engine.hierarchical.grouping import Branches, branches_of
from engine.hierarchical.observations import ObservationWeights, offset_of, ratings_of
from engine.hierarchical.rating_scale_usage import Taste, taste_of
from engine.rating_scale import Floats

ENOUGH = 0.9
"""Candidates beyond this much weight are kept only if they are not negligible."""


@dataclass(frozen=True)
class Assumptions:
    """What is assumed of a listener before the first rating is seen.

    A rating is the sum of a general level, the effects of the columns, what its
    artist and its album share, and what is its own. The variances of the last
    three are shares of one total. All of it is learned from the ratings; these
    are the starting points, which matter below a hundred ratings.
    """

    mean: float = 7.0
    """Level of a listener of whom nothing is known, points."""
    mean_weight: float = 1.0
    """How many ratings that prior is worth, by the total variance."""
    sd: float = 1.7
    """Total standard deviation of such a listener's ratings, points."""
    sd_weight: float = 1.5
    """Half the number of ratings that the prior of `sd` is worth; above 0.5."""
    shared: tuple[float, ...] = (
        *(0.02, 0.06, 0.12, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    )
    """Candidates for the share of the variance above the track, ascending."""
    shared_prior: tuple[float, float] = (1.5, 2.0)
    """Parameters of the beta distribution of that share."""
    artistic: tuple[float, ...] = (0.05, 0.2, 0.4, 0.6, 0.8, 0.95)
    """Candidates for the artist's part of what is shared, ascending."""
    artistic_prior: tuple[float, float] = (1.5, 1.5)
    """Parameters of the beta distribution of that part."""
    negligible: float = 0.01
    """Candidates of less weight are dropped once nine tenths are kept."""
    columns: tuple[str, ...] = tuple(COLUMNS)
    """Which columns may have an effect."""
    genres: int = 60
    """How many genres may have an effect, at most."""
    genre_ratings: int = 3
    """How many rated tracks a genre must have for that."""
    album_weights: tuple[float, ...] = (0.1, 0.3, 1.0, 2.0, 4.0, 8.0, 20.0)
    """Candidates for how many rated tracks an album's own rating is worth."""
    album_weight: float = 2.0
    """The most plausible of them, known to a factor of e."""
    artist_weight: float = 2.0
    """How many rated tracks an artist's own rating is worth."""


USUAL = Assumptions()
TREE_ONLY = Assumptions(columns=(), genres=0)
"""The model without any columns: ratings and where they stand."""


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


def fit(part: LibraryView, assumed: Assumptions = USUAL) -> Fit:
    """Learn from all ratings of a library; the part must be the whole of it."""
    branches = branches_of(part)
    sheet = sheet_of(part, branches)
    rated = np.flatnonzero(~np.isnan(part.tracks.evidence))
    genres = common_genres(sheet, rated, assumed.genre_ratings, assumed.genres)
    reader = FeatureEncoder(sheet, scales_of(sheet, assumed.columns), genres)
    worth = _worth(part, branches, sheet, assumed)
    ratings = ratings_of(part, branches, reader, worth)
    prior = prior_of(ratings.points, reader, assumed)
    tracks, albums = part.tracks.evidence[rated], part.albums.evidence
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


def _weighed(
    sums: Sums, prior: Prior, assumed: Assumptions
) -> tuple[list[tuple[Shares, Posterior]], Floats]:
    """Return what follows from each candidate, and its logarithmic weight."""
    grid = grid_of(assumed)
    found = [(shares, posterior_of(sums, shares, prior)) for shares, _ in grid]
    logs = [p.log_evidence + log for (_, p), (_, log) in zip(found, grid, strict=True)]
    return found, np.array(logs)


def _candidates(
    sums: Sums, prior: Prior, assumed: Assumptions
) -> tuple[Candidate, ...]:
    found, logs = _weighed(sums, prior, assumed)
    weight = np.exp(logs - logs.max())
    weight /= weight.sum()
    order = np.argsort(-weight, kind="stable")
    before = np.cumsum(weight[order]) - weight[order]
    kept = order[(before < ENOUGH) | (weight[order] >= assumed.negligible)]
    total = weight[kept].sum()
    return tuple(
        Candidate(
            weight=float(weight[at] / total),
            shares=shares,
            slopes=tuple(posterior.slopes.tolist()),
            covariance=tuple(map(tuple, posterior.covariance.tolist())),
            variance=posterior.variance,
        )
        for at, (shares, posterior) in ((at, found[at]) for at in kept)
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
    logs = []
    for album in assumed.album_weights:
        ratings = ratings_of(part, branches, reader, replace(worth, album=album))
        prior = prior_of(ratings.points, reader, assumed)
        _, evidence = _weighed(sums_of(ratings), prior, assumed)
        distance = math.log(album / assumed.album_weight)
        logs.append(float(np.logaddexp.reduce(evidence)) - distance**2 / 2)
    return replace(worth, album=assumed.album_weights[int(np.argmax(logs))])
