"""Hiding known ratings to see how well they are guessed: always the same ones."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np

from engine.errors import UsageError
from engine.evidence import LibraryView
from engine.rating_scale import Floats, Ints, Texts

FOLDS = 5
"""Every rating is hidden once, with a fifth of all."""

KEPT = {"keep05": (0.05, 8), "keep10": (0.1, 8), "keep20": (0.2, 5), "keep50": (0.5, 3)}
"""Or this part of the ratings is kept, so often, with other ratings kept each time."""

REGIMES = ("track5", "album5", "artist5", *KEPT)
"""Ways of hiding: single tracks, whole albums, whole artists, or nearly all."""

WHOLE = 2**64
"""One more than the greatest number that `number_of` returns."""


@dataclass(frozen=True, eq=False)
class Fold:
    """Some rated tracks whose ratings are hidden from the models."""

    rows: Ints
    """Rows of the tracks that are to be guessed."""
    weight: float
    """What each of them counts in the total; all of a regime sum to 1."""


def number_of(text: str) -> int:
    """Return a number from 0 to 2⁶⁴ − 1 that only depends on the text.

    >>> number_of("artist|album|track") % 5
    1
    """
    return int.from_bytes(sha256(text.encode(errors="surrogatepass")).digest()[:8])


def fractions(texts: Iterable[str]) -> Floats:
    """Return a number from 0 to 1 for each text.

    >>> fractions(["keep|0|a|b|c"]).round(3)
    array([0.069])
    """
    return np.array([number_of(text) / WHOLE for text in texts])


def artist_texts(part: LibraryView) -> Texts:
    """Return the artist's name for each track."""
    titles: Texts = part.artists.items.title
    return titles[part.albums.items.parent[part.tracks.items.parent]]


def album_texts(part: LibraryView) -> Texts:
    """Return artist and album for each track, divided by `|`."""
    return artist_texts(part) + "|" + part.albums.items.title[part.tracks.items.parent]


def key_texts(part: LibraryView) -> Texts:
    """Return artist, album and title for each track, divided by `|`."""
    return album_texts(part) + "|" + part.tracks.items.title


def hidings(part: LibraryView, regime: str) -> list[Fold]:
    """Return which ratings of a whole library are hidden when.

    Raises:
        UsageError: There is no such regime.
    """
    if regime not in REGIMES:
        raise UsageError(f"{regime!r} is none of {', '.join(REGIMES)}.")
    rated = rated_rows(part)
    if regime in KEPT:
        keys, (kept, seeds) = key_texts(part)[rated], KEPT[regime]
        groups = [
            rated[fractions(f"keep|{seed}|{key}" for key in keys) >= kept]
            for seed in range(seeds)
        ]
        return [Fold(rows, 1 / (seeds * len(rows))) for rows in groups if len(rows)]
    texts = {"track5": key_texts, "album5": album_texts, "artist5": artist_texts}
    names = texts[regime](part)[rated]
    fold = np.array([number_of(name) % FOLDS for name in names], np.int64)
    groups = [rated[fold == number] for number in range(FOLDS)]
    return [Fold(rows, 1 / len(rated)) for rows in groups if len(rows)]


def rated_rows(part: LibraryView) -> Ints:
    """Return the tracks whose ratings count, those that share one only once."""
    tracks = part.tracks
    return np.flatnonzero(~np.isnan(tracks.evidence) & tracks.is_primary)


def without(part: LibraryView, rows: Ints) -> LibraryView:
    """Return the part as if tracks, and all with their guids, had never been rated."""
    tracks = part.tracks
    hidden = np.isin(tracks.shared, tracks.shared[rows])
    heard = np.where(hidden, np.nan, tracks.evidence)
    return replace(part, tracks=replace(tracks, heard=heard))
