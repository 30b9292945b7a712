"""How sure the guesses of a run are; the least and the most certain artists."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.evidence import LibraryView
from engine.library import Level
from engine.planning.plan import PhasePlan
from engine.rating_scale import Estimates, Floats

CONFIDENCES: tuple[float, ...] = (0.0, 0.05, 0.25, 0.5, 0.75)
"""Where the bands of confidence begin, ascending."""

RATINGS: tuple[float, ...] = (0.0, 1.0, 3.0, 10.0)
"""Where the bands of the number of ratings begin, if that is all that is known."""

NAMED = 5
"""How many artists are named at either end."""


@dataclass(frozen=True)
class Band:
    """Guesses about which equally much is known."""

    least: float
    """Confidence, or number of ratings, from which on."""
    most: float | None
    """Up to which; none: no bound."""
    guesses: int
    ratings: float
    """On how many ratings they rest, on the average."""
    sd: float | None
    """Standard deviation, points, on the average; none: nobody can say."""


@dataclass(frozen=True)
class Familiar:
    """An artist with what is known of them; rating and standard deviation in points."""

    name: str
    rating: float
    sd: float | None
    confidence: float | None
    ratings: int
    """How many ratings that rests on."""
    tracks: int


@dataclass
class Sureness:
    """How sure the guesses of a run are."""

    by: str = ""
    """`confidence`, or `ratings` if that is all that is known; empty: no guess."""
    bands: list[Band] = field(default_factory=list)
    """The least sure first; only those with guesses."""
    least: list[Familiar] = field(default_factory=list)
    """The least certain artists, those with most tracks first."""
    most: list[Familiar] = field(default_factory=list)
    """The most certain artists, best known first."""


def sureness_of(part: LibraryView, plans: Iterable[PhasePlan]) -> Sureness:
    """Say how sure the guesses of some plans for a library are."""
    given = [plan for plan in plans if len(plan)]
    if not given:
        return Sureness()
    found = Estimates.joined([plan.estimates for plan in given])
    if np.isnan(found.confidence).all():
        by, known, starts = "ratings", found.ratings.astype(np.float64), RATINGS
    else:
        by, known, starts = "confidence", found.confidence, CONFIDENCES
    least, most = _extremes(part, given, by)
    return Sureness(by, list(_bands(found, known, starts)), least, most)


def _bands(
    found: Estimates, known: Floats, starts: tuple[float, ...]
) -> Iterator[Band]:
    band = np.digitize(known, starts) - 1
    for at, (least, most) in enumerate(zip(starts, [*starts[1:], None], strict=True)):
        own = (band == at) & ~np.isnan(known)
        if own.any():
            ratings = float(found.ratings[own].mean())
            yield Band(least, most, int(own.sum()), ratings, mean_of(found.sd[own]))


def mean_of(values: Floats) -> float | None:
    """Return the mean of what is known; None if nothing is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def _extremes(
    part: LibraryView, plans: Sequence[PhasePlan], by: str
) -> tuple[list[Familiar], list[Familiar]]:
    """Return the least and the most certain artists, none of them twice."""
    artist = part.albums.items.parent[part.tracks.items.parent]
    tracks = np.bincount(artist, minlength=len(part.artists))
    titles = part.artists.items.title
    found = []
    for plan in plans:
        if plan.phase.level is not Level.ARTIST:
            continue
        rows = part.artists.items.rows_of(plan.key).tolist()
        guesses = zip(rows, plan.after.tolist(), plan.estimates.known(), strict=True)
        found += [
            Familiar(
                name=str(titles[row]),
                rating=rating,
                sd=known["sd"],
                confidence=known["confidence"],
                ratings=int(known["ratings"] or 0),
                tracks=int(tracks[row]),
            )
            for row, rating, known in guesses
            if row >= 0
        ]
    found.sort(key=lambda own: (getattr(own, by) or 0, -own.tracks, own.name))
    return found[:NAMED], found[NAMED:][: -NAMED - 1 : -1]
