"""Playlists at Plex: what they hold and by which rule; ours are made and filled."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

import numpy as np

from engine.errors import NotThere, PlexUnusable
from engine.library import Level
from engine.rating_scale import Ints
from tasks.plex.client import PlexGateway
from tasks.plex.parsing import IDLE_ELEMENTS, IDLE_FIELDS, key_of

KEYS_ONLY = urlencode(
    {
        "includeGuids": 0,
        "excludeElements": f"{IDLE_ELEMENTS},Genre",
        "excludeFields": f"{IDLE_FIELDS},guid,title,titleSort,userRating,lastRatedAt,"
        "duration,index,parentIndex,parentYear,parentRatingKey,viewCount,skipCount,"
        "rating,updatedAt,year",
    },
    safe=",",
)
"""What we ask listings to leave out where keys are enough."""
AT_ONCE = 150
"""Tracks added to a playlist in one request: no URL becomes too long."""


@dataclass(frozen=True)
class PlexPlaylist:
    """An audio playlist as Plex lists it."""

    key: int
    title: str
    summary: str
    is_smart: bool


def audio_playlists(gateway: PlexGateway) -> list[PlexPlaylist]:
    """Return the playlists of music that an account has."""
    listed = gateway.get("/playlists?playlistType=audio")
    return [_playlist(e) for e in listed if e.get("playlistType") == "audio"]


def _playlist(element: Element) -> PlexPlaylist:
    return PlexPlaylist(
        key=key_of(element),
        title=element.get("title", ""),
        summary=element.get("summary", ""),
        is_smart=element.get("smart") == "1",
    )


def playlist_of(gateway: PlexGateway, key: int) -> tuple[PlexPlaylist, str] | None:
    """Return a playlist and the content of its rule, if any; None: it is gone."""
    try:
        (element,) = gateway.get(f"/playlists/{key}")
    except (NotThere, ValueError):
        return None
    return _playlist(element), element.get("content", "")


def members_of(gateway: PlexGateway, key: int) -> Ints:
    """Return the ratingKeys of the tracks in a playlist."""
    return _keys(gateway, f"/playlists/{key}/items?{KEYS_ONLY}", Level.TRACK)


def matching(gateway: PlexGateway, level: Level, query: str) -> Ints:
    """Return the ratingKeys of the items of a level that a query finds, in its order.

    The query is without a type.
    """
    path = gateway.all_items(level, {}) + (query and f"&{query}")
    return _keys(gateway, f"{path}&{KEYS_ONLY}", level)


def _keys(gateway: PlexGateway, path: str, level: Level) -> Ints:
    def digest(page: Element) -> list[int]:
        return [
            key_of(element) for element in page if element.get("type") == level.word
        ]

    pages = gateway.pages(path, digest, lambda: None, f"{level.word}s").read()
    return np.array([key for page in pages for key in page], np.int64)


def make(gateway: PlexGateway, title: str, tracks: Sequence[int]) -> PlexPlaylist:
    """Make a playlist; it has no summary yet."""
    said = {"type": "audio", "title": title, "smart": 0, "uri": _uri(gateway, tracks)}
    path = f"/playlists?{urlencode(said)}"
    answer = gateway.send("post", path, f"making the playlist {title!r}")
    made = [] if answer is None else list(answer)
    if len(made) != 1 or key_of(made[0]) < 0:
        raise PlexUnusable(f"Plex did not say which playlist it made of {title!r}.")
    return _playlist(made[0])


def describe(gateway: PlexGateway, key: int, summary: str) -> None:
    """Give a playlist a summary."""
    path = f"/playlists/{key}?{urlencode({'summary': summary})}"
    gateway.send("put", path, f"describing playlist {key}")


def refill(gateway: PlexGateway, key: int, tracks: Sequence[int]) -> None:
    """Let a playlist hold these tracks and no others."""
    gateway.send("delete", f"/playlists/{key}/items", f"emptying playlist {key}")
    for start in range(0, len(tracks), AT_ONCE):
        uri = _uri(gateway, tracks[start : start + AT_ONCE])
        path = f"/playlists/{key}/items?{urlencode({'uri': uri})}"
        gateway.send("put", path, f"filling playlist {key}")


def delete(gateway: PlexGateway, key: int) -> None:
    """Delete a playlist."""
    gateway.send("delete", f"/playlists/{key}", f"deleting playlist {key}")


def _uri(gateway: PlexGateway, tracks: Sequence[int]) -> str:
    place = f"server://{gateway.identity.server}/com.plexapp.plugins.library"
    return f"{place}/library/metadata/{','.join(map(str, tracks))}"
