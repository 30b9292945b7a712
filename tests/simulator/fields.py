"""The fields by which a section is filtered and sorted, and what clients hear of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.simulator.items import TAG_TYPES, Item, Kind, Personal, fold
from tests.simulator.markup import element

Reader = Callable[[Item, Personal], Any]

OPERATORS = {
    "integer": {"=", "!=", ">>=", "<<=", ">=", "<="},
    "string": {"=", "!=", "==", "!==", "<=", ">="},
    "tag": {"=", "!="},
    "date": {"=", "!=", ">>=", "<<="},
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


_ALL = [
    Field("id", "integer", lambda item, _: item.key),
    Field("title", "string", lambda item, _: item.title),
    Field("year", "integer", lambda item, _: item.year),
    Field("decade", "integer", lambda item, _: item.year and item.year // 10 * 10),
    Field("rating", "integer", lambda item, _: item.critic, -1),
    Field("addedAt", "date", lambda item, _: item.added_at, 0),
    Field("userRating", "integer", lambda _, mine: mine.rating, -1),
    Field("viewCount", "integer", lambda _, mine: mine.view_count, 0),
    Field("lastRatedAt", "date", lambda _, mine: mine.last_rated_at, 0),
    Field("lastViewedAt", "date", lambda _, mine: mine.last_viewed_at, 0),
    *(_tag_field(name) for name in TAG_TYPES),
]
FILTERS = {field.name: field for field in _ALL}
BUT_ID = frozenset(FILTERS) - {"id"}
"""All but that by which edits are limited to some items."""

SORTS: dict[str, Reader] = {field.name: field.read for field in _ALL} | {
    "title": lambda item, _: fold(item.title),
    "titleSort": lambda item, _: fold(item.title_sort or item.title),
    "index": lambda item, _: item.index,
}
RANDOM = "random"
"""Stands for no order in particular, another one each time."""

ADVERTISED = {
    Kind.ARTIST: "title userRating genre mood style addedAt lastViewedAt",
    Kind.ALBUM: "title year decade genre mood style userRating rating addedAt "
    "lastViewedAt",
    Kind.TRACK: "title userRating mood viewCount addedAt lastViewedAt lastRatedAt",
}
"""Some fields that the server tells of for each kind; it knows all for all."""
ADVERTISED_OPERATORS = {
    "string": ("=", "!=", "==", "!==", "<=", ">="),
    "integer": ("=", "!=", ">>=", "<<="),
    "tag": ("=", "!="),
    "date": ("<<=", ">>="),
}
"""Fewer than the server understands: a client that guesses must be caught."""


@cache
def write_meta(section: int) -> str:
    """Return what a client is told about filtering and sorting."""
    types = [
        element("FieldType", {"type": type_}, "".join(map(_write_operator, operators)))
        for type_, operators in ADVERTISED_OPERATORS.items()
    ]
    kinds = [_write_kind(section, kind) for kind in Kind]
    return element("Meta", {}, "".join(kinds + types))


def _write_operator(key: str) -> str:
    return element("Operator", {"key": key, "title": key})


def _write_kind(section: int, kind: Kind) -> str:
    path = f"/library/sections/{section}"
    fields = [FILTERS[name] for name in ADVERTISED[kind].split()]
    rows = [
        element(
            "Filter",
            {
                "filter": field.name,
                "filterType": "string",
                "key": f"{path}/{field.name}?type={kind}",
                "title": field.name,
                "type": "filter",
            },
        )
        for field in fields
        if field.type == "tag"
    ]
    sorts = ["titleSort", *(field.name for field in fields if field.type != "tag")]
    sorts.append(RANDOM)
    rows += [
        element("Sort", {"key": key, "descKey": f"{key}:desc", "title": key})
        for key in sorts
    ]
    rows += [
        element(
            "Field",
            {
                "key": f"{kind.label}.{field.name}",
                "title": field.name,
                "type": field.type,
            },
        )
        for field in fields
    ]
    facts = {"key": f"{path}/all?type={kind}", "type": kind.label, "title": kind.label}
    return element("Type", facts | {"active": int(kind == Kind.ARTIST)}, "".join(rows))
