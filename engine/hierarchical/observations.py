"""Which ratings are observations of the hierarchical model, with what weight."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.evidence import LibraryView, rated_rows, tally
from engine.hierarchical.features import FeatureEncoder
from engine.hierarchical.gaussian_tree import Ratings
from engine.hierarchical.grouping import Branches
from engine.library import Level
from engine.rating_scale import Ints


@dataclass(frozen=True)
class ObservationWeights:
    """What the ratings of albums and artists are worth as evidence."""

    album: float
    """How many rated tracks an album's own rating is worth."""
    artist: float
    """How many rated tracks an artist's own rating is worth."""
    offset: float
    """How much higher tracks are rated than their rated album, points."""


class RatedRows(NamedTuple):
    """Whose ratings speak: rows of tracks, of albums, and of artists."""

    tracks: Ints
    albums: Ints
    artists: Ints

    def of(self, rating: int) -> tuple[Level, int]:
        """Return the level and the row of what has a certain rating."""
        levels = (Level.TRACK, Level.ALBUM, Level.ARTIST)
        level = np.repeat(levels, [len(rows) for rows in self])
        return Level(level[rating]), int(np.concatenate(self)[rating])


def rated_rows_of(part: LibraryView, branches: Branches) -> RatedRows:
    """Return whose ratings speak; a name for many cannot speak for anybody."""
    heard = ~np.isnan(part.artists.evidence) & ~branches.is_nobody
    return RatedRows(
        rated_rows(part.tracks, branches.album),
        rated_rows(part.albums, part.albums.items.parent),
        np.flatnonzero(heard),
    )


def ratings_of(
    part: LibraryView,
    branches: Branches,
    reader: FeatureEncoder,
    worth: ObservationWeights,
) -> Ratings:
    """Return all ratings that speak: of tracks, then of albums, then of artists."""
    own = rated_rows_of(part, branches)
    tracks, albums, artists = own
    counts = [len(rows) for rows in own]
    album = reader.sheet.album
    above = part.albums.items.parent[album]
    points = (
        part.tracks.evidence[tracks],
        part.albums.evidence[albums] + worth.offset,
        part.artists.evidence[artists],
    )
    numbers = (
        reader.rows(tracks),
        reader.means(_among(album, albums), len(albums)),
        reader.means(_among(above, artists), len(artists)),
    )
    place = np.concatenate([branches.album[tracks], albums])
    return Ratings(
        points=np.concatenate(points),
        numbers=np.concatenate(numbers),
        weight=np.repeat([1.0, worth.album, worth.artist], counts),
        place=np.concatenate([place, artists]),
        branch=np.concatenate([branches.branch[place], artists]),
        is_direct=np.repeat([False, False, True], counts),
    )


def _among(values: Ints, chosen: Ints) -> Ints:
    """Return at which place of the chosen each value is; −1: it is not."""
    at = np.full(max(values.max(initial=-1), chosen.max(initial=-1)) + 1, -1)
    at[chosen] = np.arange(len(chosen))
    found: Ints = at[values]
    return found


def offset_of(part: LibraryView) -> float:
    """Return how much higher tracks are rated than their rated album, points."""
    evidence = tally(part.tracks, part.tracks.items.parent, len(part.albums))
    both = (evidence.count > 0) & ~np.isnan(part.albums.evidence)
    count = evidence.count[both]
    distance = evidence.total[both] / count - part.albums.evidence[both]
    weight = np.minimum(count, 3)
    return float((weight * distance).sum() / (weight.sum() + 5))
