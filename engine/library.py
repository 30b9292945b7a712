"""The library as it was read at one moment; it never changes afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum
from typing import Self

import numpy as np

from engine.rating_scale import Bools, Columns, Floats, Ints, Texts


class Level(IntEnum):
    """A level of the tree, numbered as in Plex's own protocol."""

    ARTIST = 8
    ALBUM = 9
    TRACK = 10

    @property
    def word(self) -> str:
        """The level in plain English."""
        return self.name.lower()


NO_NAME = "(no name)"
"""What an item is called whose title is empty."""

OWNER_ACCOUNT = "1"
"""The number that a Plex server gives to its owner's account."""

OWNER = "owner"
"""What ACCOUNT says of the server's owner."""

SHARED = "shared-"
"""How the name of an account begins that is not known to be the owner's: what ACCOUNT
says follows, or else a digest of its token, since a server tells such an account
nothing of itself."""


@dataclass(frozen=True)
class Identity:
    """Which library this is, and whose ratings of it are meant."""

    server: str
    """Plex's machineIdentifier."""
    uuid: str
    """The library's own UUID; a re-created library has another."""
    account: str
    """Whose ratings these are: Plex keeps them apart by account."""
    title: str
    """The library's name, for people only."""


def shown_account(account: str) -> str:
    """Return an account as ACCOUNT names it.

    >>> shown_account("1"), shown_account("shared-1f")
    ('owner', '1f')
    """
    return OWNER if account == OWNER_ACCOUNT else account.removeprefix(SHARED)


@dataclass(frozen=True)
class Named:
    """An artist, album or track by its titles; those below the item are empty."""

    artist: str
    album: str = ""
    track: str = ""


@dataclass(frozen=True, eq=False)
class Facts(Columns):
    """What Plex knows of items besides ratings, as columns; NaN: not known."""

    plays: Floats
    """How often this account played it; 0 never."""
    skips: Floats
    """How often this account skipped it."""
    year: Floats
    """When it was released; of a track without one, its album's year counts."""
    number: Floats
    """Its place on the disc, from 1."""
    genre: Texts
    """Its genres, separated by `;`; empty: those of what it belongs to count."""
    disc: Floats
    """Of a track: on which disc it is, from 1."""
    added_at: Floats
    """When it came into the library, epoch seconds."""
    played_at: Floats
    """When this account last played it, epoch seconds; NaN also if never."""

    @classmethod
    def unknown(cls, count: int) -> Self:
        """Return the facts of `count` items of which nothing is known."""
        nothing = np.full(count, np.nan)
        genre = np.full(count, "", object)
        known = dict.fromkeys((field.name for field in fields(cls)), nothing)
        return cls(**{**known, "genre": genre})


@dataclass(frozen=True, eq=False)
class Items(Columns):
    """All items of one level as columns of equal length, ascending by key."""

    key: Ints
    """Plex's ratingKey: unique now, but a re-scan may change it."""
    guid: Texts
    """Plex's guid: the rating belongs to it; several items may share one."""
    title: Texts
    """As shown; may be empty."""
    parent: Ints
    """Row of the parent in the level above; −1 for artists."""
    rating: Floats
    """What Plex holds for this account, points."""
    rated_at: Ints
    """When it was last rated, epoch seconds; 0 if Plex does not say, −1 if it says
    what cannot be meant."""
    critic: Floats
    """The critics' rating, points; NaN if there is none."""
    duration: Ints
    """Milliseconds; 0 if unknown or not a track."""
    facts: Facts | None = None
    """What else is known of them; none: nothing was read."""

    def named(self, level: Level, row: int) -> str:
        """Return an item as a person would look for it."""
        return f"{level.word} {self.title[row]!r} ({self.key[row]})"

    def rows_of(self, keys: Ints) -> Ints:
        """Return the row of each key, −1 where there is no such item."""
        if not len(self):
            return np.full(len(keys), -1)
        at = np.searchsorted(self.key, keys)
        at[at == len(self)] = 0
        return np.where(self.key[at] == keys, at, -1)


@dataclass(frozen=True)
class Oddity:
    """Something that Plex listed and that could not be understood."""

    item: str
    """Of which item; empty: the note says it all."""
    note: str
    guid: str = ""
    """Of an item without a key that can be read: nothing else tells of it."""


@dataclass(frozen=True, eq=False)
class Library:
    """Artists, albums and tracks, tied together by parent rows."""

    artists: Items
    albums: Items
    tracks: Items
    letter: Texts
    """The partition of each artist, shape (artists,)."""
    left_out: Mapping[Level, Items] = field(default_factory=dict)
    """Items without a listed parent; here, `parent` holds keys, −1 where it has none.
    Nothing is inferred from them or for them."""
    oddities: tuple[Oddity, ...] = ()
    """All that could not be understood."""
    hands_off: Mapping[Level, Bools] = field(default_factory=dict)
    """Which items of a level a person wants nothing to be inferred for."""

    def __getitem__(self, level: Level) -> Items:
        """Return the items of one level."""
        return (self.artists, self.albums, self.tracks)[level - Level.ARTIST]

    @property
    def not_understood(self) -> list[str]:
        """What could not be understood, a sentence an item."""
        notes: dict[str, list[str]] = {}
        for one in self.oddities:
            notes.setdefault(one.item, []).append(one.note)
        sentences = notes.pop("", [])
        return [f"{item}: {', '.join(own)}" for item, own in notes.items()] + sentences

    def listed(self, level: Level) -> Items:
        """Return all items of a level: those that belong somewhere, then the others.

        The rows of those that belong somewhere are the same as without the others.
        """
        outside = self.left_out.get(level)
        return Items.joined([self[level], outside]) if outside else self[level]

    def artist_row(self, level: Level) -> Ints:
        """Return the row of the artist that each item of a level belongs to."""
        if level is Level.ARTIST:
            return np.arange(len(self.artists))
        if level is Level.ALBUM:
            return self.albums.parent
        return self.albums.parent[self.tracks.parent]

    def letters(self, level: Level) -> Texts:
        """Return the partition of each item of a level: its artist's letter."""
        return self.letter[self.artist_row(level)]


def shared_guids(guids: Texts) -> Ints:
    """Return for each item the first row with its guid: they share one rating.

    Source: Plex stores a rating per (account, guid), not per ratingKey.
    """
    first: dict[str, int] = {}
    rows = (first.setdefault(guid, row) for row, guid in enumerate(guids))
    return np.fromiter(rows, np.int64, len(guids))
