"""From Plex's XML elements to columns, without plexapi's reload of each item."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from xml.etree.ElementTree import Element

import numpy as np

from engine.library import Facts, Items, Level, Oddity
from engine.planning.batches import ItemStates
from engine.rating_scale import (
    UNREADABLE,
    Bools,
    Floats,
    Ints,
    Texts,
    unreadable,
)
from tasks.plex.attributes import MAX_SHOWN, Attributes, number

LONGEST_GUID = 255
"""Characters of a guid that is kept as it is; an agent's own may be of any length."""

IDLE_ELEMENTS = "Media,Country,Image,UltraBlurColors,Guid"
IDLE_FIELDS = (
    "summary,thumb,art,parentThumb,grandparentThumb,grandparentArt,parentKey,"
    "grandparentKey,parentGuid,grandparentGuid,parentTitle,grandparentTitle,"
    "grandparentRatingKey,originalTitle,ratingCount,studio,"
    "parentStudio,originallyAvailableAt"
)
TRIMMED: dict[str, str | int] = {
    "includeGuids": 0,
    "excludeElements": IDLE_ELEMENTS,
    "excludeFields": IDLE_FIELDS,
}
"""What we ask listings to leave out; a server may send it all the same."""
DETAILED: dict[str, str | int] = {"includeGuids": 1, "excludeFields": IDLE_FIELDS}
"""The same where external ids and files are wanted."""


@dataclass(frozen=True, eq=False)
class Listing:
    """Items of one level as listed; parents are still keys, not rows."""

    items: Items
    """Ascending by key; `parent` holds ratingKeys, −1 for artists."""
    sort_title: Texts
    """The title that Plex sorts by."""
    oddities: tuple[Oddity, ...] = ()
    """What could not be read."""


def key_of(element: Element) -> int:
    """Return the ratingKey of an element; −1: it has none that can be read."""
    key = number("ratingKey", element.get("ratingKey", ""))
    return -1 if key is None else int(key)


def guid_of(element: Element) -> str:
    """Return the guid of an item, in a form that any database keeps."""
    guid = element.get("guid") or f"local://{key_of(element)}"
    if len(guid) <= LONGEST_GUID:
        return guid
    return f"long://{blake2b(guid.encode(), digest_size=16).hexdigest()}"


def texts(values: Iterable[object]) -> Texts:
    """Return strings, or tuples of them, as an object array."""
    known = list(values)
    column = np.empty(len(known), object)
    column[:] = known
    return column


def listing_of(
    level: Level, elements: Sequence[Element], latest: float = math.inf
) -> Listing:
    """Return a page of a listing as columns; items without a key are left out.

    Dates after `latest`, epoch seconds, are unknown.
    """
    key = np.array([key_of(element) for element in elements], np.int64)
    order = np.argsort(key, kind="stable")
    keyless, order = order[key[order] < 0], order[key[order] >= 0]
    ordered = [elements[row] for row in order]
    columns = Attributes(ordered)
    parent = "none" if level is Level.ARTIST else "parentRatingKey"
    items = Items(
        key=key[order],
        guid=texts(map(guid_of, ordered)),
        title=texts(e.get("title", "") for e in ordered),
        parent=columns.integers(parent, -1),
        rating=columns.ratings(),
        rated_at=columns.rating_dates(latest),
        critic=columns.column("rating"),
        duration=columns.integers("duration", 0),
        facts=_facts(level, ordered, columns, latest),
    )
    sort_title = [e.get("titleSort") or e.get("title", "") for e in ordered]
    oddities = [_without_key(level, elements[row]) for row in keyless]
    oddities += [
        Oddity(items.named(level, row), note)
        for row, notes in sorted(columns.odd.items())
        for note in notes
    ]
    return Listing(items, texts(sort_title), tuple(oddities))


def _facts(
    level: Level, elements: Sequence[Element], columns: Attributes, latest: float
) -> Facts:
    """Return what listings tell besides ratings; the number of a track is its index.

    A play or skip count that is absent is none; an album's year comes with it.
    """
    is_track = level is Level.TRACK
    return Facts(
        plays=columns.column("viewCount", 0 if is_track else np.nan),
        skips=columns.column("skipCount", 0 if is_track else np.nan),
        year=columns.column("parentYear" if is_track else "year"),
        number=columns.column("index" if is_track else "none"),
        disc=columns.column("parentIndex" if is_track else "none"),
        genre=texts(";".join(tags_of(e, "Genre")) for e in elements),
        added_at=columns.dates("addedAt", latest),
        played_at=columns.dates("lastViewedAt", latest),
    )


def _without_key(level: Level, element: Element) -> Oddity:
    key = element.get("ratingKey")
    told = "no ratingKey" if key is None else f"ratingKey {key[:MAX_SHOWN]!r}"
    title = f"{level.word} {element.get('title', '')!r}"
    note = f"{title}: {told}, so it was left out"
    return Oddity("", note, element.get("guid", ""))


def joined(pages: Sequence[Listing]) -> Listing:
    """Return the pages of one listing as one; there is at least one page."""
    items = Items.joined([page.items for page in pages])
    order = np.argsort(items.key, kind="stable")
    sort_title = np.concatenate([page.sort_title for page in pages])
    oddities = tuple(oddity for page in pages for oddity in page.oddities)
    items = items.take(order)
    items = replace(items, rating=_as_shared(items.rating, items.guid))
    return Listing(items, sort_title[order], oddities)


def repeated(keys: Ints) -> Ints:
    """Return the keys that are there more than once; they are in order."""
    return np.unique(keys[1:][np.diff(keys) == 0])


def without_copies(listing: Listing, level: Level) -> Listing:
    """Return a listing with each item once; two ratings of one are unreadable."""
    items = listing.items
    key, first = np.unique(items.key, return_index=True)
    twice = repeated(items.key)
    unclear = [
        one for one in twice if len(np.unique(items.rating[items.key == one])) > 1
    ]
    once = items.take(first)
    rating = np.where(np.isin(key, unclear), UNREADABLE, once.rating)
    once = replace(once, rating=rating)
    rows = once.rows_of(twice).tolist()
    oddities = [Oddity(once.named(level, row), "listed twice") for row in rows]
    return Listing(once, listing.sort_title[first], (*listing.oddities, *oddities))


def _as_shared(rating: Floats, guid: Texts) -> Floats:
    """Return ratings so that one that cannot be read counts for all with its guid."""
    odd = unreadable(rating)
    if not odd.any():
        return rating
    guids = set(guid[odd])
    return np.where(_flags(one in guids for one in guid), UNREADABLE, rating)


def looks_of(
    elements: Sequence[Element], tag: str, latest: float = math.inf
) -> dict[Level, ItemStates]:
    """Return what item pages say about ratings, locks and our tag, by level."""
    return {
        level: _look([e for e in elements if e.get("type") == level.word], tag, latest)
        for level in Level
    }


def _look(elements: Sequence[Element], tag: str, latest: float) -> ItemStates:
    by_key = {key: e for e in elements if (key := key_of(e)) >= 0}
    ordered = [by_key[key] for key in sorted(by_key)]
    columns, guid = Attributes(ordered), texts(map(guid_of, ordered))
    locked = [
        {f.get("name") for f in e.iter("Field") if f.get("locked") == "1"}
        for e in ordered
    ]
    moods = [tuple(tags_of(e, "Mood")) for e in ordered]
    wanted = tag.casefold()
    return ItemStates(
        key=np.array(sorted(by_key), np.int64),
        guid=guid,
        rating=_as_shared(columns.ratings(), guid),
        rated_at=columns.rating_dates(latest),
        mood_locked=_flags("mood" in fields for fields in locked),
        rating_locked=_flags("userRating" in fields for fields in locked),
        has_tag=_flags(wanted in map(str.casefold, those) for those in moods),
        moods=texts(moods),
    )


def _flags(values: Iterable[bool]) -> Bools:
    return np.array(list(values), np.bool_)


def tags_of(element: Element, kind: str) -> list[str]:
    """Return the texts of an element's tags of a kind, such as Mood."""
    return [tag.get("tag", "") for tag in element.iter(kind)]
