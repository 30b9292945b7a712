"""Reading the library: three listings become one immutable value."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.errors import LibraryChanging
from engine.library import Items, Level, Library
from engine.partition import letter_of
from tasks.plex.gateway import PlexGateway
from tasks.plex.markup import Listing, texts


def read_library(
    gateway: PlexGateway, between: Callable[[], None] = lambda: None
) -> Library:
    """Read all artists, albums and tracks; `between` pages others may intervene.

    Raises:
        LibraryChanging: An item names a parent that is not listed.
        PlexUnreachable: A listing did not arrive whole.
    """
    return assemble({level: gateway.listing(level, between) for level in Level})


def assemble(listings: dict[Level, Listing]) -> Library:
    """Tie listings together: parents become rows instead of keys.

    Raises:
        LibraryChanging: An item names a parent that is not listed.
    """
    artists = listings[Level.ARTIST]
    albums = _under(listings[Level.ALBUM].items, artists.items, Level.ALBUM)
    tracks = _under(listings[Level.TRACK].items, albums, Level.TRACK)
    return Library(
        artists=artists.items,
        albums=albums,
        tracks=tracks,
        letter=texts([letter_of(title) for title in artists.sort_title]),
    )


def _under(items: Items, parents: Items, level: Level) -> Items:
    rows = parents.rows_of(items.parent)
    orphans = np.flatnonzero(rows < 0)
    if len(orphans):
        first = orphans[0]
        raise LibraryChanging(
            f"{len(orphans)} {level.word}s belong to nothing that Plex listed; "
            f"the first is {items.title[first]!r} ({items.key[first]})."
        )
    return replace(items, parent=rows)
