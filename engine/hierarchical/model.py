"""The hierarchical model: every rating speaks for its album and its artist.

    artist ◄── messages, by precision ── album ◄── ratings    artist ──► album ──► track

How much an album tells its artist, and an artist its albums, is learned from
the library: where a person rates albums as a whole the tree is trusted, where
not, what is known of the track itself. Everything is inferred at once; the
four phases only say what is written when.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from engine.classic import Phase
from engine.evidence import LibraryView
from engine.hierarchical.features import FeatureEncoder, sheet_of
from engine.hierarchical.fitting import Fit
from engine.hierarchical.gaussian_tree import Ratings, Sums, sums_of, views
from engine.hierarchical.grouping import Branches, branches_of
from engine.hierarchical.observations import ratings_of
from engine.hierarchical.rating_scale_usage import (
    HIGHEST,
    LOWEST,
    chances,
    chances_of_level,
    interval,
)
from engine.library import Level
from engine.rating_scale import Estimates, Floats, Ints

BLOCK = 50_000
"""Tracks that are worked on at once; bounds the memory, not the result."""


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


@dataclass(frozen=True, eq=False)
class FittedLibrary:
    """A part as a fitted model sees it, before any item is looked at."""

    part: LibraryView
    fit: Fit
    branches: Branches
    reader: FeatureEncoder
    ratings: Ratings
    sums: Sums
    mixture: Mixture

    @classmethod
    def of(cls, part: LibraryView, fit: Fit) -> Self:
        """Return a part as a fitted model sees it."""
        branches = branches_of(part)
        reader = FeatureEncoder(sheet_of(part, branches), fit.scales, fit.genres)
        ratings = ratings_of(part, branches, reader, fit.worth)
        sums, mixture = sums_of(ratings), Mixture.of(fit)
        return cls(part, fit, branches, reader, ratings, sums, mixture)

    def artist_rows(self) -> Ints:
        """Return which rated artist each branch is; their number if none."""
        size = len(self.part.artists) + len(self.branches.branch)
        rows = np.full(size, len(self.sums.branches))
        rows[self.sums.branches] = np.arange(len(self.sums.branches))
        return rows

    def album_rows(self) -> Ints:
        """Return which row of `views` each place of the tree is."""
        rows = len(self.sums.places) + self.artist_rows()[self.branches.branch]
        rated = np.flatnonzero(~self.sums.is_direct)
        rows[self.sums.places[rated]] = rated
        return rows

    @cached_property
    def album_numbers(self) -> Floats:
        """The mean numbers of each album's tracks, shape (albums, slopes)."""
        return self.reader.means(self.reader.sheet.album, len(self.part.albums))

    def artist_numbers(self) -> Floats:
        """Return the mean numbers of each artist's tracks, (artists, slopes)."""
        parent, artists = self.part.albums.items.parent, len(self.part.artists)
        times = np.bincount(self.reader.sheet.album, minlength=len(parent))
        count = np.maximum(np.bincount(parent, times, artists), 1)
        means = np.ones((artists, self.reader.width))
        for at, column in enumerate(self.album_numbers.T[1:], start=1):
            means[:, at] = np.bincount(parent, times * column, artists) / count
        return means

    def ratings_near(self, branch: Ints) -> Ints:
        """Return how many ratings there are of the same artists."""
        owner = self.sums.artist[self.sums.album_of]
        counts = np.bincount(owner, minlength=len(self.sums.branches) + 1)
        near: Ints = counts[self.artist_rows()[branch]]
        return near

    def effect(self, level: Level) -> RandomEffect:
        """Return what the tree adds: to albums, then artists, then the unknown.

        To the levels of artists themselves it adds from the first artist on.
        """
        mixture, is_artist = self.mixture, level is Level.ARTIST
        first = len(self.sums.places) * is_artist
        seen, adds = [], []
        for own, slopes in zip(self.fit.candidates, mixture.slopes, strict=True):
            vectors, variance = views(self.sums, own.shares)
            vectors = vectors[first:]
            seen.append(
                (vectors[:, 1:], variance[first:] - is_artist * own.shares.album)
            )
            adds.append(vectors[:, 0] - vectors[:, 1:] @ slopes)
        mean = mixture.weight @ np.stack(adds)
        slant = np.zeros((len(mean), len(mixture.level)))
        spread = np.zeros(len(mean))
        for at, (numbers, variance) in enumerate(seen):
            weight, off = mixture.weight[at], adds[at] - mean
            unsure = numbers @ mixture.covariance[at]
            change = off[:, None] * (mixture.slopes[at] - mixture.level)
            slant += weight * (change - unsure)
            spread += weight * (
                mixture.variance[at] * variance
                + (unsure * numbers).sum(axis=1)
                + off**2
            )
        return RandomEffect(mean, slant, spread)

    def moments(
        self, effect: RandomEffect, rows: Ints, numbers: Floats
    ) -> tuple[Floats, Floats]:
        """Return mean and variance of the levels of items, unclipped."""
        mixture = self.mixture
        mean = effect.mean[rows] + numbers @ mixture.level
        own = (numbers @ mixture.square + 2 * effect.slant[rows]) * numbers
        return mean, np.maximum(own.sum(axis=1) + effect.spread[rows], 0)


def predict(part: LibraryView, fit: Fit, level: Level) -> Estimates:
    """Return what is inferred of all items of one level of a part.

    The part holds some artists with all that is beneath them; what is inferred of
    them does not depend on what else the library holds.
    """
    survey = FittedLibrary.of(part, fit)
    if level is Level.TRACK:
        return predict_tracks(survey, np.arange(len(part.tracks)))
    if level is Level.ARTIST:
        return _artists(survey)
    mean, variance = _album_moments(survey)
    near = survey.ratings_near(survey.branches.branch[: len(mean)])
    return _estimates(survey, level, mean - fit.worth.offset, variance, near)


def predict_tracks(survey: FittedLibrary, rows: Ints) -> Estimates:
    """Return what is inferred of some tracks, rated or not."""
    effect, place = (
        survey.effect(Level.ALBUM),
        survey.album_rows()[survey.branches.album],
    )
    near = survey.ratings_near(survey.branches.branch[survey.branches.album])
    own = np.array([c.shares.own for c in survey.fit.candidates])
    noise = float(survey.mixture.weight @ (survey.mixture.variance * own))
    found = []
    for start in range(0, max(len(rows), 1), BLOCK):
        block = rows[start : start + BLOCK]
        numbers = survey.reader.rows(block)
        mean, variance = survey.moments(effect, place[block], numbers)
        own_noise = variance + noise
        found.append(_estimates(survey, Level.TRACK, mean, own_noise, near[block]))
    return Estimates.joined(found)


def inferred(
    phase: Phase, part: LibraryView, fit: Fit, least: float = 0.0
) -> Estimates:
    """Return what one phase infers; no mean: another does, or it is too unsure.

    Albums with ratings of their own are rated upwards, the others downwards.
    """
    found = predict(part, fit, phase.level)
    found = replace(found, mean=np.where(found.confidence < least, np.nan, found.mean))
    if phase.level is not Level.ALBUM:
        return found
    has_own = np.zeros(len(part.albums), np.bool_)
    has_own[part.tracks.items.parent[~np.isnan(part.tracks.evidence)]] = True
    mine = has_own == (phase is Phase.ALBUM_UP)
    return replace(found, mean=np.where(mine, found.mean, np.nan))


def _album_moments(survey: FittedLibrary) -> tuple[Floats, Floats]:
    """Return mean and variance of the level of each album's tracks."""
    rows = survey.album_rows()[: len(survey.part.albums)]
    return survey.moments(survey.effect(Level.ALBUM), rows, survey.album_numbers)


def _artists(survey: FittedLibrary) -> Estimates:
    """Return what is known of artists; of one who is many, of a usual album."""
    count, parent = len(survey.part.artists), survey.part.albums.items.parent
    mean, variance = survey.moments(
        survey.effect(Level.ARTIST),
        survey.artist_rows()[:count],
        survey.artist_numbers(),
    )
    near = survey.ratings_near(np.arange(count))
    many = survey.branches.is_nobody
    if many.any():
        albums = np.bincount(parent, minlength=count)
        known = many & (albums > 0)

        def usual(own: Floats, of_albums: Floats) -> Floats:
            total = np.bincount(parent, of_albums, count)
            return np.where(known, total / np.maximum(albums, 1), own)

        of_albums = _album_moments(survey)
        mean, variance = usual(mean, of_albums[0]), usual(variance, of_albums[1])
        beneath = survey.ratings_near(survey.branches.branch[: len(parent)])
        total = np.bincount(parent, beneath, count).astype(np.int64)
        near = np.where(many, total, near)
    return _estimates(survey, Level.ARTIST, mean, variance, near)


def _estimates(
    survey: FittedLibrary, level: Level, mean: Floats, variance: Floats, near: Ints
) -> Estimates:
    fit, sd = survey.fit, np.sqrt(variance)
    low, high = interval(mean, sd, fit.freedom)
    is_track = level is Level.TRACK
    found = chances(fit.taste, mean, sd) if is_track else chances_of_level(mean, sd)
    return Estimates(
        mean=np.clip(mean, LOWEST, HIGHEST),
        sd=sd,
        low=low,
        high=high,
        ratings=near,
        good=found.good,
        poor=found.poor,
        confidence=_confidence(survey, level, sd),
    )


def _confidence(survey: FittedLibrary, level: Level, sd: Floats) -> Floats:
    """Return how sure estimates are: 0 without any rating, 1 beyond doubt.

    It is 1 − sd / sd without ratings, both of the level of items like it:
    what sets a track apart from its album is in no rating but its own.
    """
    shares = [c.shares for c in survey.fit.candidates]
    divided = np.array([(own.artist, own.album, own.own) for own in shares])
    mixture = survey.mixture
    artist, album, own = (mixture.weight * mixture.variance) @ divided
    unknown = artist if level is Level.ARTIST else artist + album
    of_level = sd**2 - (own if level is Level.TRACK else 0.0)
    sure: Floats = np.clip(1 - np.sqrt(np.maximum(of_level, 0) / unknown), 0, 1)
    return sure
