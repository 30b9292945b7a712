"""Writes artists, albums and tracks: briefly in listings, fully on their pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from tests.simulator.items import Item, Kind
from tests.simulator.markup import Verbatim, element, write_points
from tests.simulator.world import World

GENRES_IN_LISTINGS = 2
COLORS = {
    "topLeft": "3a2213",
    "topRight": "41301f",
    "bottomRight": "1c1a26",
    "bottomLeft": "5b1f2c",
}
NEEDED = {"ratingKey", "key", "type"}


@dataclass(frozen=True, slots=True)
class Trim:
    """Which attributes and elements the client does not want."""

    fields: frozenset[str] = frozenset()
    elements: frozenset[str] = frozenset()
    only_fields: frozenset[str] | None = None

    def keep(self, attributes: dict[str, object]) -> dict[str, object]:
        """Return the attributes that are wanted."""
        if self.only_fields is not None:
            wanted = self.only_fields | NEEDED
            return {k: v for k, v in attributes.items() if k in wanted}
        if not self.fields:
            return attributes
        return {k: v for k, v in attributes.items() if k not in self.fields}


@dataclass(frozen=True, slots=True)
class ItemWriter:
    """Writes items as one account sees them."""

    world: World
    account: int
    float_mode: str = "exact"
    trim: Trim = Trim()
    with_guids: bool = False
    is_page: bool = False
    """Whether the item has a page of its own, with all that listings lack."""

    def write(self, item: Item) -> str:
        """Return the element of one item."""
        attributes = _common(item)
        if item.kind == Kind.ARTIST:
            attributes |= {"thumb": _picture(item)}
        elif item.kind == Kind.ALBUM:
            attributes |= _of_album(item)
        else:
            attributes |= _of_track(item)
        attributes |= self._personal(item)
        if self.is_page:
            attributes |= {
                "librarySectionTitle": self.world.name,
                "librarySectionID": self.world.section,
                "librarySectionKey": f"/library/sections/{self.world.section}",
                "leafCount": len(item.children) if item.kind == Kind.ALBUM else None,
            }
        odd = self.world.oddities.attributes.get(item.key, {})
        attributes |= {k: v and Verbatim(v) for k, v in odd.items()}
        name = "Track" if item.kind == Kind.TRACK else "Directory"
        return element(name, self.trim.keep(attributes), self._body(item))

    def _personal(self, item: Item) -> dict[str, object]:
        mine = self.world.personal_of(self.account, item)
        return {
            "userRating": write_points(mine.rating, self.float_mode),
            "viewCount": mine.view_count,
            "skipCount": mine.skip_count,
            "lastViewedAt": mine.last_viewed_at,
            "lastRatedAt": mine.last_rated_at,
        }

    def _body(self, item: Item) -> str:
        children = [
            (name, text)
            for name, text in self._children(item)
            if name not in self.trim.elements
        ]
        return "".join(text for _, text in children)

    def _children(self, item: Item) -> Iterable[tuple[str, str]]:
        """Yield the names and texts of the elements inside an item."""
        if item.kind == Kind.TRACK:
            yield "Media", _media(item, with_stream=self.is_page)
        elif not item.is_local:
            yield "UltraBlurColors", element("UltraBlurColors", COLORS)
        if picture := _picture(item):
            facts = {"alt": item.title, "type": "coverPoster", "url": picture}
            yield "Image", element("Image", facts)
        if self.with_guids and not item.is_local:
            yield "Guid", element("Guid", {"id": f"mbid://{item.guid[-24:]}"})
        if self.is_page:
            yield from self._page_children(item)
        elif item.kind != Kind.TRACK:
            for genre in item.tags.get("genre", [])[:GENRES_IN_LISTINGS]:
                yield "Genre", element("Genre", {"tag": genre})

    def _page_children(self, item: Item) -> Iterable[tuple[str, str]]:
        """Yield the elements that only an item's own page has."""
        for tag_type, texts in item.tags.items():
            name = tag_type.capitalize()
            for text in texts:
                number = self.world.tag_book.number(tag_type, text)
                facts = {"id": number, "filter": f"{tag_type}={number}", "tag": text}
                yield name, element(name, facts)
        for locked in sorted(item.locks):
            yield "Field", element("Field", {"locked": 1, "name": locked})
        if item.kind == Kind.ARTIST:
            yield "Location", element("Location", {"path": f"/music/{item.title}"})


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


def _media(item: Item, *, with_stream: bool) -> str:
    facts = {"id": item.key, "duration": item.duration, "container": "mp3"}
    sound = {"bitrate": 256, "audioChannels": 2, "audioCodec": "mp3"}
    file = f"/music/{quote(item.title, safe=' ')}.mp3"
    part = facts | {"key": f"/library/parts/{item.key}/file.mp3", "file": file}
    stream = {"id": item.key, "streamType": 2, "selected": 1, "codec": "mp3"}
    inside = element("Stream", stream) if with_stream else ""
    return element("Media", facts | sound, element("Part", part, inside))
