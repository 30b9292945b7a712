"""Artists, albums and tracks as a music server keeps them, and what people did."""

import unicodedata
from dataclasses import dataclass, field
from enum import IntEnum

ARTICLES = ("the ", "a ", "an ")
LOCAL = "local://"
"""Guids of items that no metadata agent has recognised begin like this."""


class Kind(IntEnum):
    """The three kinds of music items, with Plex's numbers for them."""

    ARTIST = 8
    ALBUM = 9
    TRACK = 10

    @property
    def label(self) -> str:
        """The kind's name in attributes and scoped fields, such as `album`."""
        return self.name.lower()


@dataclass(slots=True, eq=False)
class Item:
    """One artist, album or track; everything here is the same for all accounts."""

    key: int
    kind: Kind
    guid: str
    title: str
    parent: "Item | None" = None
    """The artist of an album, the album of a track."""
    title_sort: str | None = None
    """Only where it differs from the title."""
    index: int | None = None
    disc: int | None = None
    year: int | None = None
    duration: int | None = None
    """Milliseconds."""
    critic: float | None = None
    """Points (0–10) of the critics."""
    studio: str | None = None
    original_title: str | None = None
    """Who plays a track, where that is not the album's artist."""
    summary: str = ""
    added_at: int = 0
    updated_at: int | None = None
    listeners: int | None = None
    """How many people heard a track, by Last.fm."""
    truth: float | None = None
    """What the user would say, in points; never served to a client."""
    tags: dict[str, list[str]] = field(default_factory=dict)
    locks: set[str] = field(default_factory=set)
    children: list["Item"] = field(default_factory=list)

    @property
    def sort_title(self) -> str:
        """The title by which the item is filed."""
        return self.title_sort or self.title

    @property
    def is_local(self) -> bool:
        """Whether no metadata agent has recognised the item."""
        return self.guid.startswith(LOCAL)

    def related(self, kind: Kind) -> list["Item"]:
        """Return the items of a kind above, at or below this one."""
        if kind == self.kind:
            return [self]
        if kind < self.kind:
            return self.parent.related(kind) if self.parent else []
        return [item for child in self.children for item in child.related(kind)]


@dataclass(slots=True)
class Personal:
    """What one account did with everything that carries one guid."""

    rating: float | None = None
    """Points (0–10); None is unrated, 0.0 is a rating of no stars."""
    last_rated_at: int | None = None
    view_count: int | None = None
    skip_count: int | None = None
    last_viewed_at: int | None = None


def file_title(title: str) -> str | None:
    """Return the title without its leading article, or None if it has none.

    >>> file_title("The Hollow Pines")
    'Hollow Pines'
    """
    for article in ARTICLES:
        if title.lower().startswith(article) and title[len(article) :].strip():
            return title[len(article) :].strip()
    return None


def fold(text: str) -> str:
    """Return text without case and accents: the order in which titles stand."""
    if text.isascii():
        return text.casefold()
    parts = unicodedata.normalize("NFKD", text)
    bare = "".join(c for c in parts if not unicodedata.combining(c))
    # Hangul syllables come apart as well, and are to stay whole.
    return unicodedata.normalize("NFC", bare).casefold()


def bucket_of(item: Item) -> str:
    """Return the letter under which an item is filed.

    Digits, ASCII symbols and nothing at all share "#"; every other script
    (and symbol) has a bucket for each character.
    """
    first = fold(item.sort_title.strip())[:1].upper()[:1]
    return "#" if not first or (first.isascii() and not first.isalpha()) else first
