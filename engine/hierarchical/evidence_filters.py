"""Which ratings are heard: of the same recording twice, and none of filler.

Say a recording is on an album and a collection: one opinion on both. Only what is
the same beyond doubt counts: same artist, same title to the letter, nearly the same
length, and no live recording. Filler is no music, such as skits: its ratings say
nothing of an album.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.evidence import LibraryView
from engine.hierarchical.grouping import branches_of
from engine.library import Items
from engine.rating_scale import Bools, Floats, Ints, Texts

LENGTH_TOLERANCE = 2000
"""Milliseconds by which the lengths of one recording may differ between two discs."""

LIVE_WORDS = ("live", "unplugged", "concert")
"""Words in the title of an album or track that is another performance."""


@dataclass(frozen=True)
class Filler:
    """By which rules a track is filler; without any, none is."""

    shortest: float = 0.0
    """Seconds; a shorter track is filler. Unknown lengths are not short."""
    words: tuple[str, ...] = ()
    """Whole words of a title, in either case, such as `intro` or `skit`."""


def doubles_of(part: LibraryView) -> Ints:
    """Return for each track the first row with the same recording.

    A title with something in brackets is only the same as exactly that title.
    The part must hold the artists with all their tracks.
    """
    tracks, albums = part.tracks.items, part.albums.items
    artist = albums.parent[tracks.parent]
    is_live = _has_word(albums.title, LIVE_WORDS)[tracks.parent]
    is_live |= _has_word(tracks.title, LIVE_WORDS)
    able = (tracks.duration > 0) & ~is_live & ~branches_of(part).is_nobody[artist]
    titles: dict[str, int] = {}
    numbers = (titles.setdefault(title, len(titles)) for title in tracks.title)
    title = np.fromiter(numbers, np.int64, len(tracks))
    rows = np.flatnonzero(able & (tracks.title != ""))
    rows = rows[np.lexsort((tracks.duration[rows], title[rows], artist[rows]))]
    new = np.ones(len(rows), np.bool_)
    new[1:] = (
        (np.diff(artist[rows]) != 0)
        | (np.diff(title[rows]) != 0)
        | (np.diff(tracks.duration[rows]) > LENGTH_TOLERANCE)
    )
    group = np.cumsum(new) - 1
    first = np.full(group.max(initial=-1) + 1, len(tracks))
    np.minimum.at(first, group, rows)
    same = np.arange(len(tracks))
    same[rows] = first[group]
    return same


def with_doubles(part: LibraryView) -> LibraryView:
    """Return the part in which a rating is also heard where its double stands.

    An unrated track hears the mean of its doubles' ratings. It remains unrated:
    nobody owns a rating of it, so it may be inferred, from just what it hears.
    """
    heard = part.tracks.evidence
    same = doubles_of(part)
    rated = ~np.isnan(heard)
    count = np.bincount(same[rated], minlength=len(same))
    total = np.bincount(same[rated], heard[rated], len(same))
    shared = np.where(count > 0, total / np.maximum(count, 1), np.nan)[same]
    able = np.isnan(part.tracks.ownership.manual)
    heard = np.where(rated | ~able, heard, shared)
    return replace(part, tracks=replace(part.tracks, heard=heard))


def duplicate_rating(part: LibraryView) -> Floats:
    """Return what unrated tracks hear of their doubles, points; NaN: nothing."""
    tracks = part.tracks
    return np.where(np.isnan(tracks.ownership.manual), tracks.evidence, np.nan)


def filler_of(tracks: Items, rules: Filler) -> Bools:
    """Say which tracks are filler."""
    short = (tracks.duration > 0) & (tracks.duration < 1000 * rules.shortest)
    return short | _has_word(tracks.title, rules.words)


def without_filler(part: LibraryView, rules: Filler) -> LibraryView:
    """Return the part with the ratings of filler tracks ignored.

    They stay a person's and are never touched, but nothing is learned from them.
    """
    filler = filler_of(part.tracks.items, rules)
    heard = np.where(filler, np.nan, part.tracks.evidence)
    return replace(part, tracks=replace(part.tracks, heard=heard))


def _has_word(titles: Texts, words: Sequence[str]) -> Bools:
    """Say which titles have one of these whole words, in either case."""
    if not words:
        return np.zeros(len(titles), np.bool_)
    either = "|".join(re.escape(word) for word in words)
    pattern = re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
    found = (pattern.search(title) is not None for title in titles)
    return np.fromiter(found, np.bool_, len(titles))
