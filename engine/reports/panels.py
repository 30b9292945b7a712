"""Panels of the report: how much is rated, how, and what is best and worst."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from engine.evaluation.metrics import FAMOUS
from engine.library import Level, Named
from engine.planning.plan import PhasePlan
from engine.rating_scale import HALF_STAR, Bools, Floats, Ints
from engine.reports.library_report import (
    Bar,
    Changed,
    Coverage,
    Line,
    Placed,
    Threshold,
)
from engine.reports.picture import Picture
from engine.reports.run_report import RANKED, extremes

GENRES = 12
"""How many genres are told apart."""
CHANGES = 200
"""How many changes are shown."""
LINES = 10_000
"""How many artists the table of all artists holds at most."""


def coverage(picture: Picture) -> dict[str, list[Coverage]]:
    """Return how much is rated by level, and of tracks by decade and genre."""
    by_level = [
        _covered(f"{level.word}s", picture, level, np.ones(len(own), np.bool_))
        for level, own in picture.rated.items()
    ]
    return {
        "level": by_level,
        "decade": _by_decade(picture),
        "genre": _by_genre(picture),
    }


def _covered(name: str, picture: Picture, level: Level, chosen: Bools) -> Coverage:
    own = picture.rated[level].take(chosen)
    is_yours = ~np.isnan(own.manual)
    return Coverage(
        name=name,
        items=len(own),
        yours=int(is_yours.sum()),
        before=int((own.was_ours & ~is_yours).sum()),
        after=int(own.ours.sum()),
    )


def _by_decade(picture: Picture) -> list[Coverage]:
    of_album = picture.facts(Level.ALBUM).year
    own = picture.facts(Level.TRACK).year
    year = np.where(np.isnan(own), of_album[picture.view.tracks.items.parent], own)
    decade = 10 * np.floor(year / 10)
    return [
        _covered(f"{one:.0f}s", picture, Level.TRACK, decade == one)
        for one in np.unique(decade[~np.isnan(decade)])
    ]


def _by_genre(picture: Picture) -> list[Coverage]:
    """Return the coverage of the genres with most tracks."""
    albums, parent = picture.view.albums.items, picture.view.tracks.items.parent
    artists = picture.facts(Level.ARTIST).genre[albums.parent]
    own = picture.facts(Level.ALBUM).genre
    genres = [set((a or b).split(";")) for a, b in zip(own, artists, strict=True)]
    tracks = np.bincount(parent, minlength=len(albums)).tolist()
    count: Counter[str] = Counter()
    for names, size in zip(genres, tracks, strict=True):
        count.update(dict.fromkeys(names - {""}, size))
    most = sorted(count.items(), key=lambda pair: (-pair[1], pair[0]))[:GENRES]
    found = []
    for genre, _ in most:
        bears = np.array([genre in names for names in genres], np.bool_)
        found.append(_covered(genre, picture, Level.TRACK, bears[parent]))
    return found


def bars(picture: Picture) -> list[Bar]:
    """Return how many tracks have about so many half stars, yours and inferred."""
    own = picture.rated[Level.TRACK]
    yours, ours = own.manual[~np.isnan(own.manual)], own.held[own.ours]
    most = int(10 / HALF_STAR)

    def counts(ratings: Floats) -> Sequence[int]:
        near = np.clip(np.rint(ratings / HALF_STAR), 0, most).astype(np.int64)
        number: list[int] = np.bincount(near, minlength=most + 1).tolist()
        return number

    both = zip(counts(yours), counts(ours), strict=True)
    found = [Bar(at * HALF_STAR, *own) for at, own in enumerate(both)]
    return found if any((found[0].yours, found[0].ours)) else found[1:]


def placed(picture: Picture, level: Level) -> tuple[list[Placed], list[Placed]]:
    """Return the best artists or albums, best first, and the worst, worst first."""
    own, tracks = picture.rated[level], picture.view.tracks.items.parent
    above = tracks if level is Level.ALBUM else picture.view.albums.items.parent[tracks]
    is_yours = ~np.isnan(picture.rated[Level.TRACK].manual)
    count = np.bincount(above, minlength=len(own))
    rated = np.bincount(above[is_yours], minlength=len(own))
    best, worst = (
        [
            Placed(
                item=picture.named(level, row),
                rating=float(own.held[row]),
                is_yours=not np.isnan(own.manual[row]),
                tracks=int(count[row]),
                rated=int(rated[row]),
            )
            for row in rows
        ]
        for rows in extremes(own.held, picture.view[level].items.title, RANKED)
    )
    return best, worst


def lines(picture: Picture) -> list[Line]:
    """Return all artists, or those with most tracks, by name."""
    view, own = picture.view, picture.rated[Level.ARTIST]
    parent, size = view.albums.items.parent, len(own)
    artist = parent[view.tracks.items.parent]
    albums, tracks = (np.bincount(rows, minlength=size) for rows in (parent, artist))
    is_yours = ~np.isnan(picture.rated[Level.TRACK].manual)
    rated = np.bincount(artist[is_yours], minlength=size)
    sd = np.full(size, np.nan)
    if Level.ARTIST in picture.guesses:
        sd = np.where(own.ours, picture.guesses[Level.ARTIST].sd, np.nan)
    titles = view.artists.items.title
    chosen = np.argsort(-tracks, kind="stable")[:LINES].tolist()
    return [
        Line(
            name=str(titles[row]),
            albums=int(albums[row]),
            tracks=int(tracks[row]),
            rated=int(rated[row]),
            rating=_known(own.held[row]),
            is_yours=not np.isnan(own.manual[row]),
            sd=_known(sd[row]),
        )
        for row in sorted(chosen, key=lambda row: str(titles[row]).casefold())
    ]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def thresholds(picture: Picture, right: dict[float, float]) -> list[Threshold]:
    """Say from where on guesses are as many as the listener would rate so.

    `right` says of a rating how many of those found so were really rated so, by the
    last backtest.
    """
    own = picture.rated[Level.TRACK]
    yours, guessed = own.manual[~np.isnan(own.manual)], np.sort(own.held[own.ours])
    found = []
    for wanted in FAMOUS:
        share = float((yours >= wanted).mean()) if len(yours) else 0.0
        number = round(share * len(guessed))
        if not number:
            continue
        least = float(guessed[-number])
        found.append(
            Threshold(
                wanted=wanted,
                share=share,
                threshold=least,
                tracks=int((guessed >= least).sum()),
                plain=int((guessed >= wanted).sum()),
                right=right.get(wanted),
            )
        )
    return found


def changes(picture: Picture, plans: Sequence[PhasePlan]) -> list[Changed]:
    """Return what plans change most; then come new ratings, the highest first."""
    found: list[tuple[float, float, float, Level, int]] = []
    for plan in plans:
        level = plan.phase.level
        rows = picture.view[level].items.rows_of(plan.key)
        there = np.flatnonzero(rows >= 0)
        moved = np.nan_to_num(np.abs(plan.after - plan.before), nan=-1.0)
        most = there[np.lexsort((-plan.after[there], -moved[there]))[:CHANGES]]
        columns = (moved, plan.after, plan.before)
        each = zip(*(column[most].tolist() for column in columns), strict=True)
        found += [
            (*numbers, level, row)
            for numbers, row in zip(each, rows[most].tolist(), strict=True)
        ]
    found.sort(key=lambda one: (-one[0], -one[1], *one[3:]))
    return [
        Changed(picture.named(level, row), _known(before), after)
        for _, after, before, level, row in found[:CHANGES]
    ]


def first_named(picture: Picture, level: Level, rows: Ints) -> list[Named]:
    """Return the titles of some items of a level."""
    return [picture.named(level, row) for row in rows.tolist()]
