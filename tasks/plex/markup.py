"""From Plex's XML elements to columns, without plexapi's reload of each item."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import numpy as np

from engine.batches import Look
from engine.errors import PlexUnreachable
from engine.library import Facts, Items, Level
from engine.points import TOLERANCE, Floats, Ints, Texts

PARENT = {Level.ALBUM: "parentRatingKey", Level.TRACK: "parentRatingKey"}
"""Where an element names the item that it belongs to."""

NUMBERS = -(2.0**53), 2.0**53
"""Between these, every whole number is told from its neighbours."""

RATINGS = -TOLERANCE, 10 + TOLERANCE
"""Points; beyond them there is no star."""

EARLIEST = 631_152_000
"""1990 in epoch seconds; a server that names an earlier date does not know the time."""

UNKNOWN_DATE = -1
"""Stands for a date that is there and cannot be meant."""
IDLE_ELEMENTS = "Media,Country,Image,UltraBlurColors,Guid"
IDLE_FIELDS = (
    "summary,thumb,art,parentThumb,grandparentThumb,grandparentArt,parentKey,"
    "grandparentKey,parentGuid,grandparentGuid,parentTitle,grandparentTitle,"
    "grandparentRatingKey,parentIndex,originalTitle,ratingCount,studio,"
    "parentStudio,originallyAvailableAt,addedAt,lastViewedAt"
)
"""What we ask listings to leave out; a server may send it all the same."""


@dataclass(frozen=True, eq=False)
class Listing:
    """Items of one level as listed; parents are still keys, not rows."""

    items: Items
    """Ascending by key; `parent` holds ratingKeys, −1 for artists."""
    sort_title: Texts
    """The title that Plex sorts by."""


def texts(values: Sequence[object]) -> Texts:
    """Return strings, or tuples of them, as an object array."""
    column = np.empty(len(values), object)
    column[:] = values
    return column


def number(element: Element, name: str, absent: float) -> float:
    """Return a numeric attribute, or `absent` where the element has none.

    Raises:
        PlexUnreachable: The attribute is there and not a number that can be meant.
    """
    text = element.get(name)
    if text is None or not text:
        return absent
    lowest, highest = RATINGS if name == "userRating" else NUMBERS
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if lowest <= value <= highest:
        return value
    raise PlexUnreachable(
        f"Plex sent {name}={text[:40]!r} for item {element.get('ratingKey')}, "
        f"which is not {'a rating' if name == 'userRating' else 'a number'}."
    )


def date_of(element: Element, name: str, latest: float = math.inf) -> int:
    """Return a date in epoch seconds, 0 where the element has none.

    Args:
        element: An item.
        name: The attribute.
        latest: Beyond which no date is believed, epoch seconds.

    Returns:
        UNKNOWN_DATE if it is no number, before 1990, or beyond `latest`.
    """
    text = element.get(name)
    if not text or text == "0":
        return 0
    try:
        date = int(text)
    except ValueError:
        return UNKNOWN_DATE
    return date if EARLIEST <= date <= latest else UNKNOWN_DATE


def key_of(element: Element) -> int:
    """Return the ratingKey of an element.

    Raises:
        PlexUnreachable: It has none, or one that is not a number.
    """
    key = int(number(element, "ratingKey", -1))
    if key < 0:
        raise PlexUnreachable("Plex listed an item without a ratingKey.")
    return key


def listing_of(
    level: Level, elements: Sequence[Element], latest: float = math.inf
) -> Listing:
    """Return a page of a listing as columns; no date beyond `latest` is believed."""
    keys = np.array([key_of(e) for e in elements], np.int64)
    order = np.argsort(keys, kind="stable")
    ordered = [elements[row] for row in order]
    parent = PARENT.get(level)
    items = Items(
        key=keys[order],
        guid=texts([e.get("guid") or f"local://{key_of(e)}" for e in ordered]),
        title=texts([e.get("title", "") for e in ordered]),
        parent=_integers(ordered, parent or "none", -1),
        rating=_floats(ordered, "userRating"),
        rated_at=_dates(ordered, "lastRatedAt", latest),
        critic=_floats(ordered, "rating"),
        duration=_integers(ordered, "duration", 0),
        facts=_facts(level, ordered),
    )
    sort_title = [e.get("titleSort") or e.get("title", "") for e in ordered]
    return Listing(items, texts(sort_title))


def joined(pages: Sequence[Listing]) -> Listing:
    """Return the pages of one listing as one; there is at least one page."""
    items = Items.joined([page.items for page in pages])
    order = np.argsort(items.key, kind="stable")
    sort_title = np.concatenate([page.sort_title for page in pages])
    return Listing(items.take(order), sort_title[order])


def _facts(level: Level, elements: Sequence[Element]) -> Facts:
    """Return what listings tell besides ratings; the number of a track is its index.

    A play or skip count that is absent is none; an album's year comes with it.
    """
    is_track = level is Level.TRACK
    return Facts(
        plays=_floats(elements, "viewCount", 0 if is_track else np.nan),
        skips=_floats(elements, "skipCount", 0 if is_track else np.nan),
        year=_floats(elements, "parentYear" if is_track else "year"),
        number=_floats(elements, "index" if is_track else "none"),
        genre=texts([";".join(_tags(e, "Genre")) for e in elements]),
    )


def looks_of(
    elements: Sequence[Element], tag: str, latest: float = math.inf
) -> dict[Level, Look]:
    """Return what item pages say about ratings, locks and our tag, by level."""
    return {
        level: _look([e for e in elements if e.get("type") == level.word], tag, latest)
        for level in Level
    }


def _look(elements: Sequence[Element], tag: str, latest: float) -> Look:
    by_key = {key_of(e): e for e in elements}
    ordered = [by_key[key] for key in sorted(by_key)]
    return Look(
        key=np.array(sorted(by_key), np.int64),
        guid=texts([e.get("guid") or f"local://{key_of(e)}" for e in ordered]),
        rating=_floats(ordered, "userRating"),
        rated_at=_dates(ordered, "lastRatedAt", latest),
        mood_locked=_flags("mood" in _locked(e) for e in ordered),
        rating_locked=_flags("userRating" in _locked(e) for e in ordered),
        has_tag=_flags(tag.casefold() in _moods(e) for e in ordered),
        moods=texts([tuple(_tags(e, "Mood")) for e in ordered]),
    )


def _floats(elements: Sequence[Element], name: str, absent: float = np.nan) -> Floats:
    told = [e.get(name) for e in elements]
    lowest, highest = RATINGS if name == "userRating" else NUMBERS
    try:
        values = [float(text) if text else absent for text in told]
    except ValueError:
        values = []
    kept = zip(values, told, strict=False)
    sane = all(lowest <= value <= highest for value, text in kept if text)
    if sane and len(values) == len(told):
        return np.array(values)
    # Let it be told of which item.
    return np.array([number(e, name, absent) for e in elements])


def _integers(elements: Sequence[Element], name: str, absent: int) -> Ints:
    return _floats(elements, name, absent).astype(np.int64)


def _dates(elements: Sequence[Element], name: str, latest: float) -> Ints:
    return np.array([date_of(e, name, latest) for e in elements], np.int64)


def _flags(values: Iterable[bool]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array(list(values), np.bool_)


def _locked(element: Element) -> set[str]:
    fields = element.iter("Field")
    return {f.get("name", "") for f in fields if f.get("locked") == "1"}


def _moods(element: Element) -> set[str]:
    return {mood.casefold() for mood in _tags(element, "Mood")}


def _tags(element: Element, kind: str) -> list[str]:
    return [tag.get("tag", "") for tag in element.iter(kind)]
