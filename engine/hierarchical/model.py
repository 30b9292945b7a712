"""The hierarchical model: every rating speaks for its album and its artist.

    artist ◄── messages, by precision ── album ◄── ratings    artist ──► album ──► track

How much an album tells its artist, and an artist its albums, is learned from
the library: where a person rates albums as a whole the tree is trusted, where
not, what is known of the track itself. Everything is inferred at once; the
four phases only say what is written when.
"""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Self

import numpy as np

from engine.classic import Phase
from engine.estimates import Estimates
from engine.evidence import LibraryView
from engine.hierarchical.features import FeatureEncoder, blocks, sheet_of
from engine.hierarchical.fitting import Fit
from engine.hierarchical.gaussian_tree import Ratings, Sums, sums_of
from engine.hierarchical.grouping import Branches, branches_of
from engine.hierarchical.observations import ratings_of
from engine.hierarchical.posterior import (
    Mixture,
    RandomEffect,
    artist_views,
    confidence,
    stand_of,
    views,
)
from engine.hierarchical.rating_scale_usage import (
    HIGHEST,
    LOWEST,
    chances,
    chances_of_level,
    interval,
)
from engine.library import Level
from engine.rating_scale import Bools, Floats, Ints


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

    def artist_numbers(self) -> Floats:
        """Return the mean numbers of each artist's tracks, (artists, slopes)."""
        parent, artists = self.part.albums.items.parent, len(self.part.artists)
        times = np.bincount(self.reader.sheet.album, minlength=len(parent))
        count = np.bincount(parent, times, artists)
        total = [
            np.bincount(parent, times * column, artists)
            for column in self.album_numbers.T
        ]
        means: Floats = np.stack(total, axis=1) / np.maximum(count, 1)[:, None]
        means[:, 0] = 1
        return means

    def albums(self) -> RandomEffect:
        """Return what the tree adds to each row of `views`."""
        return stand_of(
            self.mixture, [views(self.sums, c) for c in self.fit.candidates]
        )

    def artists(self) -> RandomEffect:
        """Return what the tree adds to each row of `artist_views`."""
        return stand_of(
            self.mixture, [artist_views(self.sums, c) for c in self.fit.candidates]
        )

    @cached_property
    def album_numbers(self) -> Floats:
        """The mean numbers of each album's tracks, shape (albums, slopes)."""
        sheet = self.reader.sheet
        return self.reader.means(sheet.album, len(self.part.albums))

    def counts(self) -> Ints:
        """Return how many ratings each artist has, and 0 for an unknown one."""
        owner = self.sums.artist[self.sums.album_of]
        return np.bincount(owner, minlength=len(self.sums.branches) + 1)


def predict(part: LibraryView, fit: Fit, level: Level) -> Estimates:
    """Return what is inferred of all items of one level of a part.

    Args:
        part: Some artists with all that is beneath them; what is inferred of
            them does not depend on what else the library holds.
        fit: What the whole library taught.
        level: Tracks, albums or artists.
    """
    return estimates(FittedLibrary.of(part, fit), level)


def estimates(survey: FittedLibrary, level: Level) -> Estimates:
    """Return what is inferred of all items of one level."""
    if level is Level.TRACK:
        return predict_tracks(survey, np.arange(len(survey.part.tracks)))
    return _albums(survey) if level is Level.ALBUM else _artists(survey)


def predict_tracks(survey: FittedLibrary, rows: Ints) -> Estimates:
    """Return what is inferred of some tracks, rated or not."""
    stand, place = survey.albums(), survey.album_rows()[survey.branches.album]
    branch = survey.branches.branch[survey.branches.album]
    counts, artist = survey.counts(), survey.artist_rows()[branch]
    own = np.array([c.shares.own for c in survey.fit.candidates])
    noise = float(survey.mixture.weight @ (survey.mixture.variance * own))
    found = []
    for block in blocks(rows):
        numbers = survey.reader.rows(block)
        mean, variance = _moments(survey.mixture, stand, place[block], numbers)
        ratings = counts[artist[block]]
        found.append(_estimates(survey, Level.TRACK, mean, variance + noise, ratings))
    return _joined(found, survey)


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


def _albums(survey: FittedLibrary) -> Estimates:
    mean, variance = album_moments(survey)
    artist = survey.artist_rows()[survey.branches.branch[: len(mean)]]
    own = mean - survey.fit.worth.offset
    return _estimates(survey, Level.ALBUM, own, variance, survey.counts()[artist])


def album_moments(survey: FittedLibrary) -> tuple[Floats, Floats]:
    """Return mean and variance of the level of each album's tracks, unclipped."""
    rows = survey.album_rows()[: len(survey.part.albums)]
    return _moments(survey.mixture, survey.albums(), rows, survey.album_numbers)


def _artists(survey: FittedLibrary) -> Estimates:
    count = len(survey.part.artists)
    parent = survey.part.albums.items.parent
    rows = survey.artist_rows()[:count]
    mean, variance = _moments(
        survey.mixture, survey.artists(), rows, survey.artist_numbers()
    )
    ratings = survey.counts()[rows]
    many = survey.branches.is_nobody
    if many.any():
        values = album_moments(survey)
        mean, variance = (
            _averaged(own, of_albums, parent, many)
            for own, of_albums in zip((mean, variance), values, strict=True)
        )
        artist = survey.artist_rows()[survey.branches.branch[: len(parent)]]
        beneath = np.bincount(parent, survey.counts()[artist], count)
        ratings = np.where(many, beneath.astype(np.int64), ratings)
    return _estimates(survey, Level.ARTIST, mean, variance, ratings)


def _averaged(own: Floats, albums: Floats, parent: Ints, many: Bools) -> Floats:
    """Return what is known of artists; of one who is many, of a usual album."""
    count = np.bincount(parent, minlength=len(own))
    total = np.bincount(parent, albums, len(own))
    return np.where(many & (count > 0), total / np.maximum(count, 1), own)


def _moments(
    mixture: Mixture, stand: RandomEffect, rows: Ints, numbers: Floats
) -> tuple[Floats, Floats]:
    """Return mean and variance of the levels of items."""
    mean = stand.mean[rows] + numbers @ mixture.level
    variance = ((numbers @ mixture.square + 2 * stand.slant[rows]) * numbers).sum(
        axis=1
    ) + stand.spread[rows]
    return mean, np.maximum(variance, 0)


def _estimates(
    survey: FittedLibrary, level: Level, mean: Floats, variance: Floats, ratings: Ints
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
        ratings=ratings,
        good=found.good,
        poor=found.poor,
        confidence=confidence(fit, survey.mixture, level, sd),
    )


def _joined(found: list[Estimates], survey: FittedLibrary) -> Estimates:
    if not found:
        nothing = np.empty(0)
        none = np.empty(0, np.int64)
        return _estimates(survey, Level.TRACK, nothing, nothing, none)
    columns = {
        field.name: np.concatenate([getattr(own, field.name) for own in found])
        for field in fields(Estimates)
    }
    return replace(found[0], **columns)
