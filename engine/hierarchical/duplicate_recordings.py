"""The same recording twice, say on an album and a collection: one opinion on both.

Only what is the same beyond doubt counts: same artist, same title to the
letter, nearly the same length, and no live recording.
"""

import re
from dataclasses import replace

import numpy as np

from engine.evidence import LibraryView
from engine.hierarchical.grouping import branches_of
from engine.rating_scale import Bools, Floats, Ints, Texts

LENGTH_TOLERANCE = 2.0
"""Seconds by which the lengths of one recording may differ between two discs."""

NOT_THE_SAME = re.compile(r"(?<!\w)(live|unplugged|concert)(?!\w)", re.IGNORECASE)
"""Words in a title of an album or track that was played anew."""


def doubles_of(part: LibraryView, tolerance: float = LENGTH_TOLERANCE) -> Ints:
    """Return for each track the first row with the same recording.

    A title with something in brackets is only the same as exactly that title.

    Args:
        part: The artists with all their tracks.
        tolerance: Seconds by which lengths may differ.
    """
    tracks, albums = part.tracks.items, part.albums.items
    artist = albums.parent[tracks.parent]
    anew = _is_anew(albums.title)[tracks.parent] | _is_anew(tracks.title)
    able = (tracks.duration > 0) & ~anew & ~branches_of(part).is_nobody[artist]
    titles: dict[str, int] = {}
    numbers = (titles.setdefault(title, len(titles)) for title in tracks.title)
    title = np.fromiter(numbers, np.int64, len(tracks))
    rows = np.flatnonzero(able & (tracks.title != ""))
    rows = rows[np.lexsort((tracks.duration[rows], title[rows], artist[rows]))]
    new = np.ones(len(rows), np.bool_)
    new[1:] = (
        (np.diff(artist[rows]) != 0)
        | (np.diff(title[rows]) != 0)
        | (np.diff(tracks.duration[rows]) > 1000 * tolerance)
    )
    group = np.cumsum(new) - 1
    first = np.full(group.max(initial=-1) + 1, len(tracks))
    np.minimum.at(first, group, rows)
    same = np.arange(len(tracks))
    same[rows] = first[group]
    return same


def with_doubles(part: LibraryView, tolerance: float = LENGTH_TOLERANCE) -> LibraryView:
    """Return the part in which a rating is also heard where its double stands.

    An unrated track hears the mean of its doubles' ratings. It remains unrated:
    nobody owns a rating of it, so it may be inferred, from just what it hears.
    """
    heard = part.tracks.evidence
    same = doubles_of(part, tolerance)
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


def _is_anew(titles: Texts) -> Bools:
    found = (NOT_THE_SAME.search(title) is not None for title in titles)
    return np.fromiter(found, np.bool_, len(titles))
