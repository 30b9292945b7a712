"""What is known of tracks besides ratings, as numbers that a model can weigh."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.evidence import LibraryView
from engine.hierarchical.grouping import Branches
from engine.library import Facts, Items
from engine.rating_scale import Floats, Ints


class Slope(NamedTuple):
    """What is assumed of the effect of one column, in units of the total sd.

    Both are for one standard deviation of the column.
    """

    mean: float
    spread: float


COLUMNS: dict[str, Slope] = {
    "plays": Slope(0.40, 0.30),
    "never played": Slope(0.0, 0.15),
    "plays of the album": Slope(-0.05, 0.20),
    "plays of the artist": Slope(-0.15, 0.20),
    "skips": Slope(0.0, 0.15),
    "duration": Slope(0.05, 0.08),
    "year": Slope(0.0, 0.10),
    "track number": Slope(-0.03, 0.06),
    "first track": Slope(0.0, 0.05),
    "critic": Slope(0.45, 0.25),
}
"""The columns in their order; what listeners' libraries have in common."""

GENRE = Slope(0.0, 0.30)
"""Of one genre; genres are 0 or 1 and not standardised."""

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
        for at, column in enumerate(self._columns(rows), start=1):
            out[:, at] = column
        return out

    def means(self, group: Ints, groups: int) -> Floats:
        """Return the means over groups of rows, shape (groups, width); 0 if none.

        A row of group −1 is in none.
        """
        rows = np.flatnonzero(group >= 0)
        own = group[rows]
        count = np.maximum(np.bincount(own, minlength=groups), 1)
        out = np.ones((groups, self.width))
        for at, column in enumerate(self._columns(rows), start=1):
            out[:, at] = np.bincount(own, column, groups) / count
        return out

    def _columns(self, rows: Ints) -> Iterator[Floats]:
        """Yield what slopes apply to, a column at a time: the memory is bounded."""
        for scale in self.scales:
            raw = self.sheet.values[list(COLUMNS).index(scale.name), rows]
            scaled = np.nan_to_num((raw - scale.mean) / scale.sd, nan=0.0)
            yield np.clip(scaled, -FARTHEST, FARTHEST)
        genre = self.sheet.genre[rows]
        for name in self.genres:
            has = np.array([name in own for own in self.sheet.genres], np.float64)
            yield has[genre]


def sheet_of(part: LibraryView, branches: Branches) -> FeatureTable:
    """Return the raw columns of a part."""
    tracks, albums = part.tracks.items, part.albums.items
    empty = np.setdiff1d(np.arange(len(albums)), tracks.parent)
    place = np.concatenate([branches.album, empty])
    album = np.concatenate([tracks.parent, empty])
    facts = tracks.facts or Facts.unknown(len(tracks))
    above = albums.facts or Facts.unknown(len(albums))
    blank = np.full(len(empty), np.nan)

    def own(column: Floats) -> Floats:
        return np.concatenate([column, blank])

    plays, number, year = own(np.log1p(facts.plays)), own(facts.number), own(facts.year)
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
    count = Counter[str]()
    for names, number in zip(sheet.genres, times, strict=True):
        count.update(dict.fromkeys(names, int(number)))
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
        texts = [""] * len(items) if items.facts is None else items.facts.genre
        found = (codes.setdefault(text, len(codes)) for text in texts)
        return np.fromiter(found, np.int64, len(items))

    levels = (part.artists, part.albums, part.tracks)
    artist, above, own = (code(view.items) for view in levels)
    above = np.where(above > 0, above, artist[part.albums.items.parent])
    own = np.concatenate([own, np.zeros(len(album) - len(own), np.int64)])
    words = (text.lower().split(SEPARATOR) for text in codes)
    genres = tuple(frozenset(w.strip() for w in own if w.strip()) for own in words)
    return np.where(own > 0, own, above[album]), genres
