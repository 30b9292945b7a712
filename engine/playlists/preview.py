"""What a smart playlist holds now, and what it will hold: figures and a sample."""

from dataclasses import dataclass

import numpy as np

from engine.library import NO_NAME, Level, Library, Named
from engine.playlists.moments import Moment
from engine.rating_scale import Ints

SAMPLED = 5
"""How many tracks that come in, or go out, are named."""
HOUR = 3_600_000
"""Milliseconds."""


@dataclass(frozen=True)
class Playlist:
    """What a smart playlist holds now, and what it would hold after the run."""

    title: str
    rule: str
    """In words, as Plex shows it; stars where ratings are meant."""
    now: int = 0
    after: int = 0
    hours_now: float = 0.0
    hours_after: float = 0.0
    guessed: float = 0.0
    """The share of its later members whose rating is inferred, 0 to 1."""
    comes: tuple[Named, ...] = ()
    """A sample of what comes in."""
    goes: tuple[Named, ...] = ()
    """A sample of what goes out."""
    coming: int = 0
    going: int = 0
    not_previewed: str = ""
    """Why nothing of this is known, in a sentence; empty: it is."""


def preview(
    title: str, rule: str, now: Ints, later: Ints, before: Moment, after: Moment
) -> Playlist:
    """Return what becomes of a playlist, given the rows of its tracks at two moments.

    `before` and `after` are what Plex holds then; `rule` is what it says, in words.
    """
    tracks = before.library.listed(Level.TRACK)
    comes, goes = np.setdiff1d(later, now), np.setdiff1d(now, later)
    guessed = after.held[Level.TRACK].inferred[later]
    return Playlist(
        title=title,
        rule=rule,
        now=len(now),
        after=len(later),
        hours_now=float(tracks.duration[now].sum() / HOUR),
        hours_after=float(tracks.duration[later].sum() / HOUR),
        guessed=float(guessed.mean()) if len(later) else 0.0,
        comes=_sample(comes, after),
        goes=_sample(goes, before),
        coming=len(comes),
        going=len(goes),
    )


def _sample(rows: Ints, moment: Moment) -> tuple[Named, ...]:
    """Name a few tracks, the best rated first."""
    rating = np.nan_to_num(moment.held[Level.TRACK].rating[rows], nan=-1.0)
    best = rows[np.argsort(-rating, kind="stable")[:SAMPLED]]
    return tuple(track_named(moment.library, row) for row in best.tolist())


def track_named(library: Library, row: int) -> Named:
    """Return the titles of a track, and of what it belongs to."""
    tracks = library.listed(Level.TRACK)
    title = str(tracks.title[row]) or NO_NAME
    if row >= len(library.tracks):  # it has no parent
        return Named("", "", title)
    album = tracks.parent[row]
    artist = library.albums.parent[album]
    above = library.artists.title[artist], library.albums.title[album]
    artist_name, album_name = (str(one) or NO_NAME for one in above)
    return Named(artist_name, album_name, title)
