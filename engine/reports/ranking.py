"""The power rankings: the best and the worst artists or albums of a library."""

from dataclasses import dataclass

import numpy as np

from engine.evidence import LibraryView
from engine.library import Level
from engine.rating_scale import Floats, Ints

RANKED = 10
"""How many artists the report names at either end."""


@dataclass(frozen=True)
class Ranked:
    """One line of the power rankings: an artist or an album."""

    name: str
    rating: float
    """Points."""
    albums: int
    rated_tracks: int
    """Tracks that a person rated."""
    is_manual: bool
    """Whether a person rated it."""


def ranking(
    part: LibraryView, held: Floats, count: int = RANKED, level: Level = Level.ARTIST
) -> tuple[list[Ranked], list[Ranked]]:
    """Return the best artists or albums, best first, and the worst, worst first.

    Args:
        part: The artists and what is beneath them.
        held: What each artist (or album) holds, points; unrated are left out.
        count: How many at either end; nothing is named at both.
        level: Artists or albums.
    """
    rated = np.flatnonzero(~np.isnan(held))
    titles = part[level].items.title
    order = sorted(rated, key=lambda row: (-held[row], titles[row]))
    line = _artist if level is Level.ARTIST else _album
    best = [line(part, held, int(row)) for row in order[:count]]
    rest = sorted(order[count:], key=lambda row: (held[row], titles[row]))
    return best, [line(part, held, int(row)) for row in rest[:count]]


def _artist(part: LibraryView, held: Floats, row: int) -> Ranked:
    albums = np.flatnonzero(part.albums.items.parent == row)
    name = str(part.artists.items.title[row])
    return _ranked(part, Level.ARTIST, row, name, albums, held)


def _album(part: LibraryView, held: Floats, row: int) -> Ranked:
    albums = part.albums.items
    artist = part.artists.items.title[albums.parent[row]]
    name = f"{artist} – {albums.title[row]}"
    return _ranked(part, Level.ALBUM, row, name, np.array([row]), held)


def _ranked(
    part: LibraryView, level: Level, row: int, name: str, albums: Ints, held: Floats
) -> Ranked:
    tracks = np.isin(part.tracks.items.parent, albums)
    rated = ~np.isnan(part.tracks.ownership.manual[tracks])
    return Ranked(
        name=name,
        rating=float(held[row]),
        albums=len(albums),
        rated_tracks=int(rated.sum()),
        is_manual=not np.isnan(part[level].ownership.manual[row]),
    )
