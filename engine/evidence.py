"""Which ratings count, and beneath which album and artist they stand."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from engine.library import Items, Level, Library, Named, shared_guids
from engine.ownership import Ownership
from engine.rating_scale import Bools, Columns, Floats, Ints

MEAN_WITHOUT_RATINGS = 6.0
"""The library mean if no track is rated by hand: 3 stars, said aloud."""


@dataclass(frozen=True, eq=False)
class LevelView(Columns):
    """The items of one level with whose rating each of them has."""

    items: Items
    ownership: Ownership
    shared: Ints
    """A number that items share exactly if they share one rating (one guid)."""
    is_primary: Bools
    """Whether the item is the one of its guid that is written."""
    heard: Floats | None = None
    """The ratings that count as evidence, points; none: all manual ones do."""
    hands_off: Bools | None = None
    """Of which items nothing is to be inferred; none: of all something may be."""

    @property
    def evidence(self) -> Floats:
        """The ratings that count as evidence, points; NaN: nothing to learn."""
        return self.ownership.manual if self.heard is None else self.heard

    def together(self, rows: Ints) -> Ints:
        """Return these rows and all that share a rating with one of them."""
        order, shared = self._by_guid, np.unique(self.shared[rows])
        first = np.searchsorted(self.shared, shared, "left", order)
        last = np.searchsorted(self.shared, shared, "right", order)
        spans = [order[a:b] for a, b in zip(first, last, strict=True)]
        return np.concatenate([np.empty(0, np.int64), *spans])

    def copies(self, rows: Ints) -> Ints:
        """Return how many items share the rating of each of these rows."""
        order, shared = self._by_guid, self.shared[rows]
        first = np.searchsorted(self.shared, shared, "left", order)
        last = np.searchsorted(self.shared, shared, "right", order)
        return last - first

    @cached_property
    def _by_guid(self) -> Ints:
        """All rows, with those together that share a guid; sorted once a run."""
        return np.argsort(self.shared, kind="stable")


@dataclass(frozen=True, eq=False)
class LibraryView:
    """Some artists with everything beneath them; parents are rows of the part."""

    artists: LevelView
    albums: LevelView
    tracks: LevelView

    def __getitem__(self, level: Level) -> LevelView:
        """Return the items of one level."""
        return (self.artists, self.albums, self.tracks)[level - Level.ARTIST]

    def named(self, level: Level, row: int) -> Named:
        """Return the titles of an item and of what it stands under; −1: all unknown."""
        titles = [""] * len(Level)
        for one in range(level, Level.ARTIST - 1, -1):
            if row >= 0:
                items = self[Level(one)].items
                titles[one - Level.ARTIST] = str(items.title[row])
                row = int(items.parent[row])
        return Named(*titles)


@dataclass(frozen=True, eq=False)
class Tally:
    """How many ratings there are beneath each parent, and their sum."""

    count: Floats
    total: Floats
    """Points."""

    def __add__(self, other: "Tally") -> "Tally":
        """Return the evidence of both."""
        return Tally(self.count + other.count, self.total + other.total)


def whole(library: Library, ownerships: dict[Level, Ownership]) -> LibraryView:
    """Return the whole library as one part."""

    def view(level: Level) -> LevelView:
        shared = shared_guids(library[level].guid)
        is_primary = shared == np.arange(len(shared))
        off = library.hands_off.get(level)
        return LevelView(
            library[level], ownerships[level], shared, is_primary, hands_off=off
        )

    return LibraryView(*map(view, Level))


def split(library: Library, everything: LibraryView) -> dict[str, LibraryView]:
    """Return the parts of a library by letter, each complete in itself."""
    artists, albums, tracks = (_rows_by_letter(library, level) for level in Level)

    def beneath(whole: LevelView, rows: Ints, above: Ints) -> LevelView:
        own = whole.take(rows)
        parent = np.searchsorted(above, own.items.parent)
        return replace(own, items=replace(own.items, parent=parent))

    return {
        letter: LibraryView(
            everything.artists.take(artists[letter]),
            beneath(everything.albums, albums[letter], artists[letter]),
            beneath(everything.tracks, tracks[letter], albums[letter]),
        )
        for letter in artists
    }


def _rows_by_letter(library: Library, level: Level) -> dict[str, Ints]:
    names, code = np.unique(library.letter, return_inverse=True)
    code = code[library.artist_row(level)]
    order = np.argsort(code, kind="stable")
    ends = np.searchsorted(code[order], np.arange(len(names) + 1))
    return {
        name: order[start:end]
        for name, start, end in zip(names, ends, ends[1:], strict=False)
    }


def tally(view: LevelView, parent: Ints, parents: int) -> Tally:
    """Count the ratings that are evidence beneath each of so many parents.

    Items that share one rating count once beneath each parent.
    """
    rated = rated_rows(view, parent)
    points = view.evidence[rated]
    return Tally(
        count=np.bincount(parent[rated], minlength=parents).astype(np.float64),
        total=np.bincount(parent[rated], points, parents).astype(np.float64),
    )


def rated_rows(view: LevelView, parent: Ints) -> Ints:
    """Return the rows that are evidence; a shared rating once beneath a parent."""
    rated = np.flatnonzero(~np.isnan(view.evidence))
    pairs = parent[rated] * (view.shared.max(initial=0) + 1) + view.shared[rated]
    _, first = np.unique(pairs, return_index=True)
    rows: Ints = rated[np.sort(first)]
    return rows


def library_mean(tracks: LevelView) -> float | None:
    """Return the mean of the manual track ratings, points; None if none."""
    everything = tally(tracks, np.zeros(len(tracks), np.int64), 1)
    if not everything.count[0]:
        return None
    return float(everything.total[0] / everything.count[0])


def prior_mean(part: LibraryView) -> float:
    """Return the library mean, points, or what stands for it if nothing is rated."""
    found = library_mean(part.tracks)
    return MEAN_WITHOUT_RATINGS if found is None else found
