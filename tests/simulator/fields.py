"""The fields by which a music section can be filtered and sorted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.simulator.items import Item, Kind, Personal, fold
from tests.simulator.tags import TAG_TYPES

Reader = Callable[[Item, Personal], Any]

OPERATORS = {
    "integer": {"=", "!=", ">>=", "<<=", ">=", "<="},
    "string": {"=", "!=", "==", "!==", "<=", ">="},
    "tag": {"=", "!="},
    "date": {"=", "!=", ">>=", "<<="},
    "boolean": {"=", "!="},
}
"""What the server understands, which is more than what it advertises."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to filter or sort by."""

    name: str
    type: str
    read: Reader
    absent: Any = None
    """The value that stands for an item without one."""


def _tag_field(name: str) -> Field:
    return Field(name, "tag", lambda item, _: item.tags.get(name, ()))


def _words(text: str) -> list[str]:
    return text.split()


_ALL = [
    Field("id", "integer", lambda item, _: item.key),
    Field("guid", "string", lambda item, _: item.guid),
    Field("title", "string", lambda item, _: item.title),
    Field("studio", "string", lambda item, _: item.studio),
    Field("summary", "string", lambda item, _: item.summary),
    Field("index", "integer", lambda item, _: item.index),
    Field("year", "integer", lambda item, _: item.year),
    Field("decade", "integer", lambda item, _: item.year and item.year // 10 * 10),
    Field("duration", "integer", lambda item, _: item.duration),
    Field("rating", "integer", lambda item, _: item.critic, -1),
    Field("ratingCount", "integer", lambda item, _: item.listeners),
    Field("addedAt", "date", lambda item, _: item.added_at, 0),
    Field("updatedAt", "date", lambda item, _: item.updated_at, 0),
    Field("userRating", "integer", lambda _, mine: mine.rating, -1),
    Field("viewCount", "integer", lambda _, mine: mine.view_count, 0),
    Field("skipCount", "integer", lambda _, mine: mine.skip_count, 0),
    Field("lastRatedAt", "date", lambda _, mine: mine.last_rated_at, 0),
    Field("lastViewedAt", "date", lambda _, mine: mine.last_viewed_at, 0),
    Field("unmatched", "boolean", lambda item, _: item.is_local),
    Field("trash", "boolean", lambda _item, _: False),
    *(_tag_field(name) for name in TAG_TYPES),
]
FILTERS = {field.name: field for field in _ALL}
BUT_ID = frozenset(FILTERS) - {"id"}
"""All but that by which edits are limited to some items."""

SORTS: dict[str, Reader] = {field.name: field.read for field in _ALL} | {
    "title": lambda item, _: fold(item.title),
    "titleSort": lambda item, _: fold(item.sort_title),
    "absoluteIndex": lambda item, _: (item.disc or 1, item.index or 0),
    "originallyAvailableAt": lambda item, _: item.year,
}

ADVERTISED = {
    Kind.ARTIST: _words(
        "title userRating genre collection country mood style addedAt lastViewedAt"
        " unmatched label"
    ),
    Kind.ALBUM: _words(
        "title year decade genre viewCount lastViewedAt userRating rating studio mood"
        " style collection addedAt unmatched label"
    ),
    Kind.TRACK: _words(
        "title viewCount lastViewedAt skipCount userRating lastRatedAt mood addedAt"
        " trash label"
    ),
}
"""The fields that the server tells of for each kind; it knows all for all."""
