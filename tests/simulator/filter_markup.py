"""Writes what a client is told about filtering and sorting."""

from functools import cache

from tests.simulator.fields import ADVERTISED, FILTERS
from tests.simulator.items import Kind
from tests.simulator.markup import element
from tests.simulator.tags import TAG_TYPES

SORTS = {
    Kind.ARTIST: {
        "titleSort": "Title",
        "userRating": "Rating",
        "addedAt": "Date Added",
        "lastViewedAt": "Date Played",
        "viewCount": "Plays",
        "random": "Randomly",
    },
    Kind.ALBUM: {
        "titleSort": "Title",
        (
            "artist.titleSort,album.titleSort,album.index,album.id"
            ",album.originallyAvailableAt"
        ): "Album Artist",
        "year": "Year",
        "originallyAvailableAt": "Release Date",
        "rating": "Critic Rating",
        "userRating": "Rating",
        "addedAt": "Date Added",
        "lastViewedAt": "Date Played",
        "viewCount": "Plays",
        "random": "Randomly",
    },
    Kind.TRACK: {
        "titleSort": "Title",
        (
            "artist.titleSort,album.titleSort,album.year,track.absoluteIndex"
            ",track.index,track.titleSort,track.id"
        ): "Album Artist",
        "userRating": "Rating",
        "duration": "Duration",
        "viewCount": "Plays",
        "addedAt": "Date Added",
        "lastViewedAt": "Date Played",
        "lastRatedAt": "Date Rated",
        "ratingCount": "Popularity",
        "random": "Randomly",
    },
}

ADVERTISED_OPERATORS = {
    "string": {
        "=": "contains",
        "!=": "does not contain",
        "==": "is",
        "!==": "is not",
        "<=": "begins with",
        ">=": "ends with",
    },
    "integer": {
        "=": "is",
        "!=": "is not",
        ">>=": "is greater than",
        "<<=": "is less than",
    },
    "tag": {"=": "is", "!=": "is not"},
    "date": {"<<=": "is before", ">>=": "is after"},
    "boolean": {"=": "is true", "!=": "is false"},
}
"""Fewer than the server understands: a client that guesses must be caught."""


@cache
def write_meta(section: int) -> str:
    """Return the `Meta` element of a music section."""
    kinds = "".join(_write_kind(section, kind) for kind in Kind)
    return element("Meta", {}, kinds + _write_operators())


def _write_kind(section: int, kind: Kind) -> str:
    names = ADVERTISED[kind]
    rows = [_write_filter(section, kind, name) for name in names if name in TAG_TYPES]
    rows += [_write_sort(key, title) for key, title in SORTS[kind].items()]
    rows += [_write_field(kind, name) for name in names]
    facts = {
        "key": f"/library/sections/{section}/all?type={kind}",
        "type": kind.label,
        "title": f"{kind.label.capitalize()}s",
        "active": int(kind == Kind.ARTIST),
    }
    return element("Type", facts, "".join(rows))


def _write_filter(section: int, kind: Kind, name: str) -> str:
    facts = {
        "filter": name,
        "filterType": "string",
        "key": f"/library/sections/{section}/{name}?type={kind}",
        "title": name.capitalize(),
        "type": "filter",
    }
    return element("Filter", facts)


def _write_sort(key: str, title: str) -> str:
    first, *rest = key.split(",")
    facts = {
        "key": key,
        "defaultDirection": "asc" if "titleSort" in key else "desc",
        "descKey": ",".join([f"{first}:desc", *rest]),
        "title": title,
    }
    if key == "titleSort":
        facts |= {"default": "asc", "active": "1", "activeDirection": "asc"}
    return element("Sort", facts)


def _write_field(kind: Kind, name: str) -> str:
    facts = {
        "key": f"{kind.label}.{name}",
        "title": f"{kind.label.capitalize()} {name}",
        "type": FILTERS[name].type,
        "subType": "rating" if name in {"rating", "userRating"} else None,
    }
    return element("Field", facts)


def _write_operators() -> str:
    return "".join(
        element(
            "FieldType",
            {"type": type_},
            "".join(
                element("Operator", {"key": key, "title": title})
                for key, title in operators.items()
            ),
        )
        for type_, operators in ADVERTISED_OPERATORS.items()
    )
