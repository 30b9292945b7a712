"""Panels of the report that tell a listener something new about their own ratings."""

from collections import Counter

import numpy as np

from engine.hierarchical.evidence_filters import doubles_of
from engine.library import Level, Named
from engine.rating_scale import Bools, Floats, Ints
from engine.reports.library_report import Compared, Find
from engine.reports.picture import Picture

SHOWN = 20
"""How many finds are shown."""
PER_ARTIST = 2
"""How many of them may be of one artist."""
OPINIONS = 3
"""Rated tracks from which on their mean is your opinion of the album."""
COMPARED = 8
"""How many albums are compared with the critics, either way."""
HIGH = 7.0
"""Points: from here on a track is a favourite."""
IDLE = 180.0
"""Days after which a favourite is forgotten."""


def against_critics(picture: Picture) -> tuple[list[Compared], list[Compared]]:
    """Return the albums that you rate most above the critics, and most below."""
    yours, critics = _albums_by_you(picture), picture.view.albums.items.critic
    gap = yours - critics
    known = np.flatnonzero(np.isfinite(gap))
    order = known[np.argsort(-gap[known], kind="stable")]
    above = [row for row in order[:COMPARED].tolist() if gap[row] > 0]
    below = [row for row in order[::-1][:COMPARED].tolist() if gap[row] < 0]

    def compared(rows: list[int]) -> list[Compared]:
        return [
            Compared(
                picture.named(Level.ALBUM, row), float(yours[row]), float(critics[row])
            )
            for row in rows
        ]

    return compared(above), compared(below)


def _albums_by_you(picture: Picture) -> Floats:
    """Return your rating of each album, or the mean of what you rated on it."""
    own, size = picture.rated[Level.ALBUM].manual, len(picture.view.albums)
    tracks, parent = picture.rated[Level.TRACK].manual, picture.view.tracks.items.parent
    rated = ~np.isnan(tracks)
    count = np.bincount(parent[rated], minlength=size)
    total = np.bincount(parent[rated], tracks[rated], size)
    mean = np.where(count >= OPINIONS, total / np.maximum(count, 1), np.nan)
    return np.where(np.isnan(own), mean, own)


def surprises(picture: Picture, expected: Floats, sd: Floats) -> list[Compared]:
    """Return your ratings that were expected least, the oddest first.

    Args:
        picture: The library.
        expected: What would be expected of each rated track if it were not, points.
        sd: How sure that is, points; NaN: nobody can say.
    """
    yours = picture.rated[Level.TRACK].manual
    gap = np.abs(yours - expected)
    odd = np.where(np.isnan(sd), gap, gap / sd)
    rows = np.flatnonzero(np.isfinite(odd))
    rows = rows[np.argsort(-odd[rows], kind="stable")[:SHOWN]]
    return [
        Compared(
            item=picture.named(Level.TRACK, row),
            yours=float(yours[row]),
            expected=float(expected[row]),
            surprise=None if np.isnan(sd[row]) else float(odd[row]),
        )
        for row in rows.tolist()
    ]


def gem_rows(picture: Picture, count: int = SHOWN) -> Ints:
    """Return tracks that were never played and are guessed above your own average.

    Those come first of which it is most certain that they are good.
    """
    own, never = picture.rated[Level.TRACK], picture.facts(Level.TRACK).plays == 0
    yours = own.manual[~np.isnan(own.manual)]
    least = float(yours.mean()) if len(yours) else HIGH
    return _best(picture, own.ours & never & (own.held > least), count)


def forgotten_rows(picture: Picture, count: int = SHOWN) -> Ints:
    """Return favourites that were not played for long, best first."""
    idle = picture.idle_days() >= IDLE
    return _best(picture, idle & (picture.rated[Level.TRACK].held >= HIGH), count)


def _best(picture: Picture, chosen: Bools, count: int) -> Ints:
    """Return the best of the chosen tracks, a few of each artist, each title once."""
    tracks, low = picture.view.tracks, picture.low(Level.TRACK)
    artist = picture.view.albums.items.parent[tracks.items.parent]
    rows = np.flatnonzero(chosen & tracks.is_primary)
    of_artist: Counter[int] = Counter()
    best: list[int] = []
    for row in rows[np.argsort(-low[rows], kind="stable")].tolist():
        if of_artist[artist[row]] < PER_ARTIST:
            of_artist[artist[row]] += 1
            best.append(row)
        if len(best) == count:
            break
    return np.array(best, np.int64)


def finds(picture: Picture, rows: Ints) -> list[Find]:
    """Return tracks as they are shown to people who may want to hear them."""
    own, plays = picture.rated[Level.TRACK], picture.facts(Level.TRACK).plays
    idle, low = picture.idle_days(), picture.low(Level.TRACK)
    is_sure = Level.TRACK in picture.guesses
    return [
        Find(
            item=picture.named(Level.TRACK, row),
            rating=float(own.held[row]),
            low=float(low[row]) if is_sure and own.ours[row] else None,
            is_yours=not np.isnan(own.manual[row]),
            plays=int(np.nan_to_num(plays[row])),
            idle_days=None if np.isnan(idle[row]) else float(idle[row]),
        )
        for row in rows.tolist()
    ]


def twins(picture: Picture) -> list[list[tuple[Named, float | None]]]:
    """Return recordings that are there twice, those rated most differently first."""
    same, held = doubles_of(picture.view), picture.rated[Level.TRACK].held
    manual = picture.rated[Level.TRACK].manual
    order = np.argsort(same, kind="stable")
    _, start = np.unique(same[order], return_index=True)
    groups = [rows for rows in np.split(order, start[1:]) if len(rows) > 1]

    def gap(rows: Ints) -> float:
        own = manual[rows]
        own = own[~np.isnan(own)]
        return float(np.ptp(own)) if len(own) > 1 else -1.0

    groups.sort(key=lambda rows: (-gap(rows), int(rows[0])))
    return [
        [
            (
                picture.named(Level.TRACK, row),
                None if np.isnan(held[row]) else float(held[row]),
            )
            for row in rows.tolist()
        ]
        for rows in groups[:SHOWN]
    ]
