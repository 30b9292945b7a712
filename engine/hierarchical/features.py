"""What is known of tracks besides ratings, as numbers that a model can weigh."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.evidence import LibraryView
from engine.hierarchical.grouping import Branches
from engine.hierarchical.priors import COLUMNS
from engine.library import Facts, Items
from engine.rating_scale import Floats, Ints

BLOCK = 50_000
"""Rows that are worked on at once; bounds the memory, not the result."""

FARTHEST = 5.0
"""Standard deviations from the mean beyond which no column counts further: a
mistyped year, or the one track never played, must not decide a rating."""

SEPARATOR = ";"
"""Between two genres of one item."""


@dataclass(frozen=True)
class Standardizer:
    """How a column is brought to mean 0 and standard deviation 1."""

    name: str
    mean: float
    sd: float
    """Above 0."""


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """The raw columns of a part: its tracks, then its albums without tracks.

    An album without tracks stands for one track of which nothing is known but
    what the album itself says.
    """

    values: Floats
    """In the order of `COLUMNS`, shape (columns, rows); NaN: not known."""
    genre: Ints
    """Which of `genres` each row has."""
    genres: tuple[frozenset[str], ...]
    """The combinations of genres that occur, in lower case."""
    album: Ints
    """The album row that each row belongs to."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.album)


@dataclass(frozen=True, eq=False)
class FeatureEncoder:
    """Turns rows of a sheet into the numbers that slopes apply to.

    The first is always 1, for the general level; then come the standardised
    columns, 0 where unknown, and then 1 for each genre that a track has.
    """

    sheet: FeatureTable
    scales: tuple[Standardizer, ...]
    genres: tuple[str, ...]

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        return 1 + len(self.scales) + len(self.genres)

    def rows(self, rows: Ints) -> Floats:
        """Return the numbers of some rows, shape (rows, width)."""
        out = np.ones((len(rows), self.width))
        for at, scale in enumerate(self.scales, start=1):
            out[:, at] = self._standardised(scale, rows)
        out[:, 1 + len(self.scales) :] = self._genre_table()[self.sheet.genre[rows]]
        return out

    def _standardised(self, scale: Standardizer, rows: Ints) -> Floats:
        raw = self.sheet.values[list(COLUMNS).index(scale.name), rows]
        scaled = np.nan_to_num((raw - scale.mean) / scale.sd, nan=0.0)
        near: Floats = np.clip(scaled, -FARTHEST, FARTHEST)
        return near

    def _genre_table(self) -> Floats:
        """Return which genres each combination of the sheet has, as 0 and 1."""
        has = [[name in own for name in self.genres] for own in self.sheet.genres]
        return np.array(has, np.float64).reshape(len(has), len(self.genres))

    def means(self, group: Ints, groups: int) -> Floats:
        """Return the means over groups of rows, shape (groups, width); 0 if none.

        Args:
            group: The group of each row of the sheet; −1: none.
            groups: How many there are.
        """
        rows = np.flatnonzero(group >= 0)
        own = group[rows]
        total = np.zeros((groups, self.width))
        for at, scale in enumerate(self.scales, start=1):
            total[:, at] = np.bincount(own, self._standardised(scale, rows), groups)
        pairs = own * len(self.sheet.genres) + self.sheet.genre[rows]
        pair, times = np.unique(pairs, return_counts=True)
        at_group, genre = np.divmod(pair, len(self.sheet.genres))
        has = self._genre_table()[genre] * times[:, None]
        for at in range(len(self.genres)):
            column = np.bincount(at_group, has[:, at], groups)
            total[:, 1 + len(self.scales) + at] = column
        count = np.bincount(own, minlength=groups)
        means: Floats = total / np.maximum(count, 1)[:, None]
        means[:, 0] = 1
        return means


def blocks(rows: Ints) -> Iterator[Ints]:
    """Yield rows in order, not too many at once."""
    for start in range(0, len(rows), BLOCK):
        yield rows[start : start + BLOCK]


def sheet_of(part: LibraryView, branches: Branches) -> FeatureTable:
    """Return the raw columns of a part."""
    tracks, albums = part.tracks.items, part.albums.items
    filled = np.zeros(len(albums), np.bool_)
    filled[tracks.parent] = True
    empty = np.flatnonzero(~filled)
    place = np.concatenate([branches.album, empty])
    album = np.concatenate([tracks.parent, empty])
    facts = tracks.facts or Facts.unknown(len(tracks))
    above = albums.facts or Facts.unknown(len(albums))
    blank = np.full(len(empty), np.nan)

    def own(column: Floats) -> Floats:
        return np.concatenate([column, blank])

    plays = own(np.log1p(facts.plays))
    number = own(facts.number)
    year = own(facts.year)
    duration = own(np.where(tracks.duration > 0, tracks.duration, np.nan)) / 1000
    values = {
        "plays": plays,
        "never played": np.where(np.isnan(plays), np.nan, plays == 0),
        "plays of the album": _group_means(plays, place),
        "plays of the artist": _group_means(plays, branches.branch[place]),
        "skips": own(np.log1p(facts.skips)),
        "duration": np.log(np.maximum(duration, 1)),
        "year": np.where(np.isnan(year), above.year[album], year),
        "track number": np.log(np.maximum(number, 1)),
        "first track": (number == 1).astype(np.float64),
        "critic": albums.critic[album],
    }
    genre, genres = _genres(part, album)
    table = np.stack([values[name] for name in COLUMNS])
    return FeatureTable(table, genre, genres, album)


def scales_of(sheet: FeatureTable, wanted: Sequence[str]) -> tuple[Standardizer, ...]:
    """Return how the wanted columns are standardised; dull ones are left out."""
    scales = []
    for at, name in enumerate(COLUMNS):
        column = sheet.values[at]
        known = column[~np.isnan(column)]
        if name in wanted and len(known):
            mean, sd = float(known.mean()), float(known.std())
            if sd > 1e-9 * max(1.0, abs(mean)):
                scales.append(Standardizer(name, mean, sd))
    return tuple(scales)


def common_genres(
    sheet: FeatureTable, rated: Ints, least: int, most: int
) -> tuple[str, ...]:
    """Return the genres of at least so many rated rows, the commonest first."""
    times = np.bincount(sheet.genre[rated], minlength=len(sheet.genres))
    count: dict[str, int] = {}
    for names, number in zip(sheet.genres, times, strict=True):
        for name in names:
            count[name] = count.get(name, 0) + int(number)
    ranked = sorted(count, key=lambda name: (-count[name], name))
    return tuple([name for name in ranked if count[name] >= least][:most])


def _group_means(column: Floats, group: Ints) -> Floats:
    known = ~np.isnan(column)
    total = np.bincount(group[known], column[known], group.max(initial=-1) + 1)
    count = np.bincount(group[known], minlength=len(total))
    means = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return means[group]


def _genres(part: LibraryView, album: Ints) -> tuple[Ints, tuple[frozenset[str], ...]]:
    codes: dict[str, int] = {"": 0}

    def code(items: Items) -> Ints:
        if items.facts is None or not (items.facts.genre != "").any():
            return np.zeros(len(items), np.int64)
        found = (codes.setdefault(text, len(codes)) for text in items.facts.genre)
        return np.fromiter(found, np.int64)

    artist, above, own = (
        code(view.items) for view in (part.artists, part.albums, part.tracks)
    )
    above = np.where(above > 0, above, artist[part.albums.items.parent])
    own = np.concatenate([own, np.zeros(len(album) - len(own), np.int64)])
    words = (text.lower().split(SEPARATOR) for text in codes)
    genres = tuple(frozenset(w.strip() for w in own if w.strip()) for own in words)
    return np.where(own > 0, own, above[album]), genres
