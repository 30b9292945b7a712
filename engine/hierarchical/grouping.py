"""Which ratings hang together: the tree as the hierarchical model sees it.

An artist is a person or a band with a style of their own. `Various Artists` is
not: it is a name for many, so each of its albums is a branch of its own. If
such an album has no title either, its tracks have nothing in common at all.
"""

from dataclasses import dataclass

import numpy as np

from engine.evidence import LibraryView
from engine.rating_scale import Bools, Ints

NOBODY = ("Various Artists", "[Unknown Artist]", "")
"""Names under which Plex and other players file what has no single artist."""


@dataclass(frozen=True, eq=False)
class Branches:
    """The tree of one part: tracks hang on albums, albums on branches."""

    album: Ints
    """Where each track hangs: an album row, or the number of albums plus its
    own row if it hangs on nothing; shape (tracks,)."""
    branch: Ints
    """Whose each of those places is: an artist row, or the number of artists
    plus the place itself if it is nobody's; shape (albums + tracks,)."""
    is_nobody: Bools
    """Whether an artist is a name for many, shape (artists,)."""


def branches_of(part: LibraryView) -> Branches:
    """Return the tree of a part that holds its artists' works completely."""
    artists, albums, tracks = (part.artists.items, part.albums.items, part.tracks.items)
    is_nobody = np.isin(artists.title, NOBODY)
    nobodys = is_nobody[albums.parent]
    loose = (nobodys & (albums.title == ""))[tracks.parent]
    own = len(albums) + np.arange(len(tracks))
    places = np.arange(len(albums) + len(tracks))
    artist = np.concatenate([albums.parent, albums.parent[tracks.parent]])
    apart = np.concatenate([nobodys, nobodys[tracks.parent]])
    return Branches(
        album=np.where(loose, own, tracks.parent),
        branch=np.where(apart, len(artists) + places, artist),
        is_nobody=is_nobody,
    )
