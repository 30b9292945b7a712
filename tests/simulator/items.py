"""Artists, albums and tracks as a music server keeps them, and what people did."""

import unicodedata
from dataclasses import dataclass, field
from enum import IntEnum

ARTICLES = ("the ", "a ", "an ")
LOCAL = "local://"
"""Guids of items that no metadata agent has recognised begin like this."""
TAG_TYPES = ("genre", "mood", "style", "country", "collection", "label")


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
    odd_attributes: dict[str, str | None] = field(default_factory=dict)
    """What the server sends instead of the item's own; None: it leaves that out."""
    is_hidden: bool = False
    """Whether no listing shows the item, though its own page exists."""

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

    def make_rating_readable(self) -> None:
        """Send the rating and its date as they are."""
        for name in ("userRating", "lastRatedAt"):
            self.odd_attributes.pop(name, None)


@dataclass(slots=True)
class Personal:
    """What one account did with everything that carries one guid."""

    rating: float | None = None
    """Points (0–10); None is unrated, 0.0 is a rating of no stars."""
    last_rated_at: int | None = None
    view_count: int | None = None
    skip_count: int | None = None
    last_viewed_at: int | None = None


class TagBook:
    """Gives each tag of a type one number and one spelling.

    Tags that differ only by case are one tag; the first spelling stays.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[int, str]] = {}

    def spell(self, tag_type: str, text: str) -> str:
        """Return the spelling under which the tag is stored."""
        return self._entry(tag_type, text)[1]

    def number(self, tag_type: str, text: str) -> int:
        """Return the tag's number, as used in filters."""
        return self._entry(tag_type, text)[0]

    def _entry(self, tag_type: str, text: str) -> tuple[int, str]:
        key = (tag_type, text.casefold())
        return self._known.setdefault(key, (len(self._known) + 31, text))


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
