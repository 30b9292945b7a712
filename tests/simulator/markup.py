"""Writes XML: artists, albums and tracks, briefly in listings, fully on their pages."""

import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from tests.simulator.items import Item, Kind
from tests.simulator.world import World

GENRES_IN_LISTINGS = 2
COLORS = {
    "topLeft": "3a2213",
    "topRight": "41301f",
    "bottomRight": "1c1a26",
    "bottomLeft": "5b1f2c",
}

_SPECIAL = re.compile('[&<>"\n\r\t]')
_ESCAPES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "\n": "&#10;",
    "\r": "&#13;",
    "\t": "&#9;",
}

Attributes = Mapping[str, object]


class Verbatim(str):
    """The source text of an attribute, written as it is: `&#4;` stays `&#4;`."""

    __slots__ = ()


def element(name: str, attributes: Attributes, body: str = "") -> str:
    """Return an element; attributes that are None are left out."""
    texts = {
        key: v if isinstance(v, str) else str(v)
        for key, v in attributes.items()
        if v is not None
    }
    # One search for the whole element: most need no escaping at all.
    if _SPECIAL.search("".join(texts.values())):
        texts = {key: escape(text) for key, text in texts.items()}
    shown = "".join([f' {key}="{text}"' for key, text in texts.items()])
    return f"<{name}{shown}>{body}</{name}>" if body else f"<{name}{shown}/>"


def escape(text: str) -> str:
    """Return text fit for an attribute; control characters stay as they are."""
    if isinstance(text, Verbatim):
        return text
    return _SPECIAL.sub(lambda match: _ESCAPES[match[0]], text)


def container(attributes: Attributes, children: Iterable[str] = ()) -> bytes:
    """Return a whole document."""
    body = "\n".join(children)
    root = element("MediaContainer", attributes, body)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{root}\n'.encode()


def write_points(points: float | None, mode: str) -> str | None:
    """Return a rating as the server writes it."""
    if points is None:
        return None
    if mode == "float32":
        return repr(struct.unpack("f", struct.pack("f", points))[0])
    return f"{points:.1f}" if mode == "one-decimal" else repr(float(points))


@dataclass(frozen=True, slots=True)
class ItemWriter:
    """Writes items as one account sees them."""

    world: World
    account: int
    float_mode: str
    without_fields: set[str]
    without_elements: set[str]
    """What the client does not want."""
    with_guids: bool
    is_page: bool
    """Whether the item has a page of its own, with all that listings lack."""

    def write(self, item: Item, place: Attributes | None = None) -> str:
        """Return the element of one item, with what its place in a list adds."""
        attributes = _common(item)
        if item.kind == Kind.ARTIST:
            attributes |= {"thumb": _picture(item)}
        elif item.kind == Kind.ALBUM:
            attributes |= _of_album(item)
        else:
            attributes |= _of_track(item)
        attributes |= self._personal(item)
        if self.is_page:
            attributes |= of_section(self.world)
            if item.kind == Kind.ALBUM:
                attributes |= {"leafCount": len(item.children)}
        attributes |= place or {}
        odd = item.odd_attributes
        attributes |= {k: v and Verbatim(v) for k, v in odd.items()}
        attributes = {
            key: value
            for key, value in attributes.items()
            if key not in self.without_fields
        }
        body = "".join(
            element(child, facts, inside)
            for child, facts, inside in self._children(item)
            if child not in self.without_elements
        )
        name = "Track" if item.kind == Kind.TRACK else "Directory"
        return element(name, attributes, body)

    def _personal(self, item: Item) -> dict[str, object]:
        mine = self.world.personal_of(self.account, item)
        return {
            "userRating": write_points(mine.rating, self.float_mode),
            "viewCount": mine.view_count,
            "skipCount": mine.skip_count,
            "lastViewedAt": mine.last_viewed_at,
            "lastRatedAt": mine.last_rated_at,
        }

    def _children(self, item: Item) -> Iterable[tuple[str, Attributes, str]]:
        """Yield the names, attributes and bodies of the elements inside an item."""
        if item.kind != Kind.TRACK and not item.is_local:
            yield "UltraBlurColors", COLORS, ""
        elif item.kind == Kind.TRACK and "Media" not in self.without_elements:
            yield "Media", *_media(item, with_stream=self.is_page)
        if picture := _picture(item):
            facts = {"alt": item.title, "type": "coverPoster", "url": picture}
            yield "Image", facts, ""
        if self.with_guids and not item.is_local:
            yield "Guid", {"id": f"mbid://{item.guid[-24:]}"}, ""
        if self.is_page:
            yield from self._page_children(item)
        elif item.kind != Kind.TRACK:
            for genre in item.tags.get("genre", [])[:GENRES_IN_LISTINGS]:
                yield "Genre", {"tag": genre}, ""

    def _page_children(self, item: Item) -> Iterable[tuple[str, Attributes, str]]:
        """Yield the elements that only an item's own page has."""
        for tag_type, texts in item.tags.items():
            for text in texts:
                number = self.world.tag_book.number(tag_type, text)
                facts = {"id": number, "filter": f"{tag_type}={number}", "tag": text}
                yield tag_type.capitalize(), facts, ""
        for locked in sorted(item.locks):
            yield "Field", {"locked": 1, "name": locked}, ""
        if item.kind == Kind.ARTIST:
            yield "Location", {"path": f"/music/{item.title}"}, ""


def of_section(world: World) -> dict[str, object]:
    """Return to which section an item belongs, where the container does not say."""
    return {
        "librarySectionTitle": world.name,
        "librarySectionID": world.section,
        "librarySectionKey": f"/library/sections/{world.section}",
    }


def _common(item: Item) -> dict[str, object]:
    key = f"/library/metadata/{item.key}"
    return {
        "ratingKey": item.key,
        "key": key if item.kind == Kind.TRACK else f"{key}/children",
        "guid": item.guid,
        "type": item.kind.label,
        "title": item.title,
        "titleSort": item.title_sort,
        "summary": item.summary,
        "rating": item.critic,
        "index": item.index if item.kind == Kind.TRACK else 1,
        "addedAt": item.added_at,
        "updatedAt": item.updated_at,
    }


def _above(prefix: str, item: Item | None) -> dict[str, object]:
    if item is None:
        return {}
    return {
        f"{prefix}RatingKey": item.key,
        f"{prefix}Guid": item.guid,
        f"{prefix}Key": f"/library/metadata/{item.key}",
        f"{prefix}Title": item.title,
        f"{prefix}Thumb": _picture(item),
    }


def _of_album(item: Item) -> dict[str, object]:
    return _above("parent", item.parent) | {
        "studio": item.studio,
        "year": item.year,
        "originallyAvailableAt": item.year and f"{item.year}-01-01",
        "thumb": _picture(item),
    }


def _of_track(item: Item) -> dict[str, object]:
    album = item.parent
    if album is None:
        return {}
    return (
        _above("parent", album)
        | _above("grandparent", album.parent)
        | {
            "originalTitle": item.original_title,
            "parentYear": album.year,
            "parentStudio": album.studio,
            "parentIndex": item.disc or 1,
            "duration": item.duration,
            "ratingCount": item.listeners,
            "thumb": _picture(album),
        }
    )


def _picture(item: Item) -> str | None:
    """Return the path of an item's picture; unrecognised items have none."""
    if item.is_local:
        return None
    return f"/library/metadata/{item.key}/thumb/{item.added_at}"


def _media(item: Item, *, with_stream: bool) -> tuple[Attributes, str]:
    facts = {"id": item.key, "duration": item.duration, "container": "mp3"}
    sound = {"bitrate": 256, "audioChannels": 2, "audioCodec": "mp3"}
    file = f"/music/{quote(item.title, safe=' ')}.mp3"
    part = facts | {"key": f"/library/parts/{item.key}/file.mp3", "file": file}
    stream = {"id": item.key, "streamType": 2, "selected": 1, "codec": "mp3"}
    inside = element("Stream", stream) if with_stream else ""
    return facts | sound, element("Part", part, inside)
