"""Items of a library, described as saved ratings are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from engine.library import Facts, Level, Library
from engine.rating_scale import Ints
from engine.saved_ratings.table import SavedRating


class Details(NamedTuple):
    """What an item's own page says beyond a listing."""

    ids: tuple[str, ...] = ()
    """Identifiers of other services."""
    path: str = ""
    """The end of the file's path."""


UNKNOWN = Details()
DetailsByKey = Mapping[int, Details]


@dataclass(frozen=True)
class Candidate:
    """An item of the library, described as a saved rating is."""

    row: int
    """Among all items that are listed."""
    described: SavedRating


def candidates(
    library: Library,
    level: Level,
    details: DetailsByKey | None = None,
    rows: Ints | None = None,
) -> list[Candidate]:
    """Describe items of a level as saved ratings, with the ratings of now.

    All of them, or those in some rows of the listed ones.
    """
    items = library.listed(level)
    names = _names(library, level)
    facts = items.facts or Facts.unknown(len(items))
    known = details or {}
    described = []
    for row in range(len(items)) if rows is None else rows.tolist():
        key = int(items.key[row])
        artist, album, title = names[row]
        own = known.get(key, UNKNOWN)
        saved = SavedRating(
            level=level,
            points=float(items.rating[row]),
            rated_at=int(items.rated_at[row]),
            artist=artist,
            album=album,
            title=title,
            duration=int(items.duration[row]),
            disc=_whole(facts.disc[row]),
            number=_whole(facts.number[row]),
            guid=items.guid[row],
            ids=own.ids,
            path=own.path,
            key=key,
        )
        described.append(Candidate(row, saved))
    return described


def _whole(value: float) -> int:
    return int(value) if value >= 0 else 0  # NaN is not


def _names(library: Library, level: Level) -> list[tuple[str, str, str]]:
    """Return artist, album and title of each item; items without a parent lack them."""
    items = library.listed(level)
    inside = len(library[level])
    artists = library.artists.title[library.artist_row(level)].tolist()
    albums = [""] * inside
    if level is Level.ALBUM:
        albums = items.title.tolist()[:inside]
    elif level is Level.TRACK:
        albums = library.albums.title[library.tracks.parent].tolist()
    outside = [""] * (len(items) - inside)
    columns = artists + outside, albums + outside, items.title.tolist()
    return list(zip(*columns, strict=True))
