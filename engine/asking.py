"""What to rate next: the tracks whose ratings would teach most of all the others.

A rating of a track says something of its artist, and so of all the artist's tracks:
the more, the more tracks there are, and the less, the more ratings there are already.
So, again and again, a random track is asked for of the artist with the largest
tracks² / (1 + ratings)², where what was asked for before counts as rated. Source:
trials with hidden ratings of real libraries. Where taste hangs on artists, guesses
come closer than after random questions. Where it hardly does, they come as close if
there were twenty ratings before; if there was none, they are worse for some sixty
answers, since artists with many tracks may be liked more than others.
"""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from engine.evidence import LibraryView
from engine.hierarchical.evidence_filters import Filler, doubles_of, filler_of
from engine.hierarchical.grouping import NOBODY
from engine.partition import fold_name
from engine.rating_scale import Bools, Ints

NO_ARTIST = (*NOBODY, "Various", "VA", "V.A.", "Unknown", "Unknown Artist")
"""Names, in either case, of what is no artist with a style of their own."""

NO_FILLER = Filler()


def to_ask(
    view: LibraryView, count: int, seed: int, filler: Filler = NO_FILLER
) -> Ints:
    """Return the tracks to rate next, the most telling first.

    Of each artist, there is one per album at first, and albums without any rating
    come before others. None is rated by a person, to be left alone or filler, and
    none is of what is no artist or has one track only. Tracks that share a rating,
    or are the same recording, count as one and are asked for once.

    Args:
        view: The whole library.
        count: How many tracks to return; there may be fewer. Not negative.
        seed: Makes the choice; with the same seed it is the same. Not negative.
        filler: Which tracks are no music.

    Returns:
        Rows of tracks, shape (`count` or fewer,).
    """
    draw = np.random.default_rng(seed)
    catalog = _catalog(view, filler)
    rows = draw.permutation(catalog.candidates)
    rows = rows[np.lexsort((_round(catalog, rows), catalog.artist[rows]))]
    artist = catalog.artist[rows]
    before = np.arange(len(rows)) - np.searchsorted(artist, artist)
    # The squares of these stand in the same order.
    urgency = catalog.tracks[artist] / (1 + catalog.ratings[artist] + before)
    tie = draw.permutation(len(view.artists))[artist]
    return rows[np.lexsort((tie, -urgency))][:count]


def seed_of(library: str, view: LibraryView) -> int:
    """Return a seed that changes with every rating, and with nothing else.

    `library` is its UUID.
    """
    manual = view.tracks.ownership.manual
    said = f"{library} {np.count_nonzero(~np.isnan(manual))}"
    return int.from_bytes(blake2b(said.encode(), digest_size=8).digest())


@dataclass(frozen=True, eq=False)
class _Catalog:
    """What of a library matters for asking."""

    candidates: Ints
    """Rows of the tracks that may be asked for, one of each recording."""
    album: Ints
    """Row of the album of each track."""
    artist: Ints
    """Row of the artist of each track."""
    is_rated: Bools
    """Whether a person rated the recording of each track."""
    tracks: Ints
    """How many recordings each artist has."""
    ratings: Ints
    """How many of them a person rated."""


def _catalog(view: LibraryView, filler: Filler) -> _Catalog:
    tracks, recording = view.tracks, _recordings(view)
    album = tracks.items.parent
    artist = view.albums.items.parent[album]
    by_person = ~np.isnan(tracks.ownership.manual) | tracks.ownership.unread
    is_rated = np.isin(recording, recording[by_person])
    is_music = ~filler_of(tracks.items, filler)

    def per_artist(own: Bools) -> Ints:
        pairs = np.unique(artist[own] * len(tracks) + recording[own])
        return np.bincount(pairs // len(tracks), minlength=len(view.artists))

    sizes = per_artist(is_music)
    none = {fold_name(name) for name in NO_ARTIST}
    names = (fold_name(title) not in none for title in view.artists.items.title)
    is_artist = np.fromiter(names, np.bool_, len(view.artists)) & (sizes > 1)
    open_to = is_music & ~is_rated & is_artist[artist]
    if tracks.hands_off is not None:
        open_to &= ~tracks.hands_off
    rows = np.flatnonzero(open_to)
    _, first = np.unique(recording[rows], return_index=True)
    ratings = per_artist(is_music & is_rated)
    return _Catalog(rows[first], album, artist, is_rated, sizes, ratings)


def _recordings(view: LibraryView) -> Ints:
    """Return a number for each track; one rating answers all with the same number."""
    recording = np.arange(len(view.tracks))
    _, shared = np.unique(view.tracks.shared, return_inverse=True)
    links = (shared, doubles_of(view))
    while True:
        before = recording
        for link in links:
            least = np.full(len(recording), len(recording))
            np.minimum.at(least, link, recording)
            recording = least[link]
        if (recording == before).all():
            return recording


def _round(catalog: _Catalog, rows: Ints) -> Ints:
    """Say how soon each of these tracks is its artist's turn; low numbers first.

    The first of an album comes before a second of any, and before it where nothing
    of the album is rated.
    """
    album = catalog.album[rows]
    _, first = np.unique(album, return_index=True)
    turn = np.full(len(rows), 2)
    turn[first] = np.isin(album[first], catalog.album[catalog.is_rated])
    return turn
