"""Which ratings speak in the hierarchical model, for whom, and how loudly."""

from dataclasses import dataclass

import numpy as np

from engine.evidence import LibraryView, rated_rows
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


@dataclass(frozen=True, eq=False)
class RatedRows:
    """Whose ratings speak: rows of tracks, of albums, and of artists."""

    tracks: Ints
    albums: Ints
    artists: Ints

    def of(self, rating: int) -> tuple[Level, int]:
        """Return the level and the row of what has a certain rating."""
        at = rating
        for level, rows in (
            (Level.TRACK, self.tracks),
            (Level.ALBUM, self.albums),
            (Level.ARTIST, self.artists),
        ):
            if at < len(rows):
                return level, int(rows[at])
            at -= len(rows)
        raise ValueError(f"There is no rating {rating}.")


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
    tracks, albums, artists = own.tracks, own.albums, own.artists
    above = part.albums.items.parent[reader.sheet.album]
    sources = (
        (part.tracks.evidence[tracks], 1.0, reader.rows(tracks)),
        (
            part.albums.evidence[albums] + worth.offset,
            worth.album,
            reader.means(_among(reader.sheet.album, albums), len(albums)),
        ),
        (
            part.artists.evidence[artists],
            worth.artist,
            reader.means(_among(above, artists), len(artists)),
        ),
    )
    place = np.concatenate([branches.album[tracks], albums, artists])
    branch = np.concatenate(
        [branches.branch[branches.album[tracks]], branches.branch[albums], artists]
    )
    return Ratings(
        points=np.concatenate([points for points, _, _ in sources]),
        numbers=np.concatenate([numbers for _, _, numbers in sources]),
        weight=np.concatenate([np.full(len(p), w) for p, w, _ in sources]),
        place=place,
        branch=branch,
        is_direct=np.arange(len(place)) >= len(tracks) + len(albums),
    )


def _among(values: Ints, chosen: Ints) -> Ints:
    """Return at which place of the chosen each value is; −1: it is not."""
    at = np.full(max(values.max(initial=-1), chosen.max(initial=-1)) + 1, -1)
    at[chosen] = np.arange(len(chosen))
    found: Ints = at[values]
    return found


def offset_of(part: LibraryView) -> float:
    """Return how much higher tracks are rated than their rated album, points."""
    rated = rated_rows(part.tracks, part.tracks.items.parent)
    parent = part.tracks.items.parent[rated]
    count = np.bincount(parent, minlength=len(part.albums))
    total = np.bincount(parent, part.tracks.evidence[rated], len(part.albums))
    both = (count > 0) & ~np.isnan(part.albums.evidence)
    distance = total[both] / count[both] - part.albums.evidence[both]
    weight = np.minimum(count[both], 3)
    return float((weight * distance).sum() / (weight.sum() + 5))
