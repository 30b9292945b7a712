"""Items of which a person wants nothing to be inferred: named, or marked in Plex."""

from collections.abc import Collection, Mapping

import numpy as np

from engine.evidence import LibraryView
from engine.library import Level, Library, shared_guids
from engine.ownership import Owner
from engine.partition import fold_name
from engine.rating_scale import Bools, Ints


def hands_off(
    library: Library, artists: Collection[str], marked: Mapping[Level, Ints]
) -> dict[Level, Bools]:
    """Say which items of each level nothing is inferred for.

    An artist covers its albums, an album its tracks, and an item all that share its
    rating.

    Args:
        library: The library.
        artists: Names of artists, or their ratingKeys.
        marked: The ratingKeys of items that bear a mark, by level.
    """
    names = {fold_name(name) for name in artists}
    chosen: dict[Level, Bools] = {}
    for level in Level:
        items = library[level]
        off = np.isin(items.key, marked.get(level, np.empty(0, np.int64)))
        if level is Level.ARTIST:
            off |= np.array([fold_name(title) in names for title in items.title], bool)
            titles = {fold_name(title) for title in items.title}
            keys = [name for name in artists if fold_name(name) not in titles]
            off |= np.isin(items.key.astype(str), keys)
        else:
            off |= chosen[Level(level - 1)][items.parent]
        shared = shared_guids(items.guid)
        chosen[level] = np.isin(shared, shared[off])
    return chosen


def not_found(library: Library, artists: Collection[str]) -> list[str]:
    """Return the names, or ratingKeys, that no artist of the library has."""
    known = {fold_name(title) for title in library.artists.title}
    keys = set(map(str, library.artists.key.tolist()))
    return [
        name for name in artists if fold_name(name) not in known and name not in keys
    ]


def to_take_back(part: LibraryView, level: Level) -> Bools:
    """Say which inferred ratings belong to items that are excluded by now."""
    view = part[level]
    if view.hands_off is None:
        return np.zeros(len(view.items), np.bool_)
    owner = view.ownership.owner
    return view.hands_off & np.isin(owner, (Owner.US, Owner.WRITTEN))


def count_to_take_back(part: LibraryView) -> int:
    """Return how many ratings of ours of a part are to be removed, one of a guid."""
    return sum(
        int(np.count_nonzero(to_take_back(part, level) & part[level].is_primary))
        for level in Level
    )
