"""The one door to Plex: its answers become values, its errors become ours."""

from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock
from typing import Literal, Self
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

import numpy as np
import requests

from engine.edits import Edit
from engine.errors import LibraryChanging, PlexRefused, PlexUnreachable, RequestTooLong
from engine.library import OWNER_ACCOUNT, Identity, Items, Level
from engine.planning.batches import ItemStates
from engine.rating_scale import Ints
from engine.saved_ratings.candidates import DetailsByKey
from tasks.config.settings import Settings
from tasks.machine import MACHINE, Machine
from tasks.plex.details import details_of
from tasks.plex.edit_parameters import decimal, parameters_of
from tasks.plex.errors import translate_errors
from tasks.plex.libraries import account_of, find_library
from tasks.plex.pagination import Digest, ItemPages, Pages, announced, only_these
from tasks.plex.parsing import (
    DETAILED,
    IDLE_ELEMENTS,
    TRIMMED,
    Listing,
    joined,
    key_of,
    listing_of,
    looks_of,
    repeated,
    tags_of,
    without_copies,
)
from tasks.plex.session import PlexSession, Transport, cancellable

LONGEST_URL = 4000
"""Bytes; Plex answers 400 to much longer ones, some proxies at 8 kB."""

Wanted = Mapping[str, str | int]
"""Parameters of a request."""

Method = Literal["put", "post", "delete"]

NO_ITEM = 2**31 - 1
"""A ratingKey that no item has."""


class PlexGateway:
    """One music library of one Plex server, seen by one account."""

    def __init__(
        self,
        settings: Settings,
        is_cancelled: Callable[[], bool] = lambda: False,
        transport: Transport | None = None,
        machine: Machine = MACHINE,
    ) -> None:
        self.reads = self.writes = 0
        """Requests that asked, and requests that changed."""
        self._obeys_ids: bool | None = None
        self._counting = Lock()
        self._executor = machine.executor
        self._item_pages = ItemPages(self.get, machine.executor)
        self._tag = settings.inferred_tag
        token = settings.plex_token.get_secret_value()
        self._session = PlexSession(
            settings.ca_file, is_cancelled, transport, machine.now
        )
        self._session.hooks["response"].append(self._count)
        self._plex = self._session.connect(settings.plex_url, token, settings.timeout)
        self.version = str(self._plex.version)
        """Of the server."""
        libraries = self.get("/library/sections")
        library = find_library(libraries, settings.library_name)
        self.library = f"/library/sections/{library.get('key')}"
        """Its path."""
        self.is_scanned = library.get("refreshing") == "1"
        """Whether the server was looking through the library's files at the start."""
        account, self.notice = account_of(
            token, settings.account, lambda: self.get("/accounts")
        )
        """`notice`: what a person should know of the account; empty: nothing."""
        self.identity = Identity(
            server=str(self._plex.machineIdentifier),
            uuid=str(library.get("uuid")),
            account=account,
            title=str(library.get("title")),
        )

    def __enter__(self) -> Self:
        """Return the gateway; leaving closes its connections."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._session.close()

    def listing(
        self,
        level: Level,
        between: Callable[[], None],
        only: dict[str, str] | None = None,
    ) -> Listing:
        """Read all items of a level; one that is listed twice for good is kept once.

        `between` is called before every page, and may raise to stop; `only` is a
        filter in Plex's query language.

        Raises:
            LibraryChanging: Items came or went, or were sent twice, meanwhile.
            PlexUnreachable: A page is incomplete.
        """
        listing = self._listing(level, between, only)
        twice = repeated(listing.items.key)
        if not len(twice):
            return listing
        again = self._listing(level, between, only_these(twice))
        if len(np.setdiff1d(twice, repeated(again.items.key))):
            raise LibraryChanging(f"Plex listed {len(twice)} {level.word}s twice.")
        return without_copies(listing, level)

    def details(self, level: Level, between: Callable[[], None]) -> DetailsByKey:
        """Read external ids and file paths of all items of a level, by ratingKey.

        Listings usually leave them out; `between` is as there.
        """
        path = self.all_items(level, {"sort": "id", **DETAILED})
        pages = self.pages(path, details_of, between, f"{level.word}s").read()
        return dict(pair for page in pages for pair in page.items())

    def _listing(
        self, level: Level, between: Callable[[], None], only: dict[str, str] | None
    ) -> Listing:
        latest = self._session.latest_date
        path = self.all_items(level, {**(only or {}), "sort": "id", **TRIMMED})
        digest = lambda page: listing_of(level, list(page), latest)  # noqa: E731
        return joined(self.pages(path, digest, between, f"{level.word}s").read())

    def all_items(self, level: Level, wanted: Wanted) -> str:
        """Return the path of a listing of the items of a level."""
        query = urlencode({"type": int(level), **wanted}, safe=",")
        return f"{self.library}/all?{query}"

    def pages(
        self,
        path: str,
        digest: Callable[[Element], Digest],
        between: Callable[[], None] = lambda: None,
        word: str = "items",
    ) -> Pages[Digest]:
        """Return how to read a listing of any path; see `Pages`."""
        ask = partial(self._page, path)
        return Pages(ask, digest, between, word, self._executor)

    @cancellable()
    def _page(self, path: str, start: int, size: int) -> Element:
        return self.get(path, start, size)

    def fetch_items(self, keys: Ints) -> dict[Level, ItemStates]:
        """Read ratings, locks and our tag of those items that are still there."""
        elements = self._item_pages.read(keys)
        return looks_of(elements, self._tag, self._session.latest_date)

    def items_by_key(self, level: Level, keys: Ints) -> Items:
        """Return items of a level from their own pages, listed or not, by key."""
        pages = [e for e in self._item_pages.read(keys) if e.get("type") == level.word]
        return listing_of(level, pages, self._session.latest_date).items

    def tagged(self, level: Level, trusted: Ints | None = None) -> Items:
        """Return the items of a level that bear our tag; maybe none.

        A server may ignore a filter, so what it lists is only trusted if the items
        show the tag on their own pages. For `trusted` keys, the server's word is
        enough, if it filters at all.
        """
        mood = self._mood(level)
        if mood is None:
            return listing_of(level, []).items
        found = self.listing(level, lambda: None, {f"{level.word}.mood": mood}).items
        doubted = found.key
        if trusted is not None and len(found) < self._count_items(level):
            doubted = np.setdiff1d(found.key, trusted)
        false = np.setdiff1d(doubted, self._bearing_tag(level, doubted))
        return found.take(np.flatnonzero(~np.isin(found.key, false)))

    def bearing_tag(self, level: Level, keys: Ints) -> Ints:
        """Return the keys of those items that show our tag on their own pages."""
        if not len(keys) or self._mood(level) is None:
            return keys[:0]
        return self._bearing_tag(level, keys)

    def _bearing_tag(self, level: Level, keys: Ints) -> Ints:
        look = self.fetch_items(keys)[level]
        return look.key[look.has_tag]

    def _count_items(self, level: Level, only: str = "") -> int:
        path = f"{self.library}/all?type={level:d}{only}"
        return announced(self.get(path, 0, 0))

    def _mood(self, level: Level) -> str | None:
        """Return the number that Plex gave to our tag, if any item bears it."""
        # Only the owner can tag, so to others a tag says nothing of their ratings.
        is_owner = self.identity.account == OWNER_ACCOUNT
        wanted = self._tag.casefold() if is_owner else ""
        return (wanted and self.tags(level, "mood").get(wanted)) or None

    def tags(self, level: Level, kind: str) -> dict[str, str]:
        """Return the number of each mood, genre, collection or label of a level.

        That is: of those that an item of the level bears, by name in lower case.
        """
        tags = self.get(f"{self.library}/{kind}?type={level}")
        return {one.get("title", "").casefold(): one.get("key", "") for one in tags}

    def tags_on(self, keys: Ints, kind: str) -> dict[int, set[str]]:
        """Return what items bear on their own pages, in lower case, by ratingKey."""
        pages = self._item_pages.read(keys, without=IDLE_ELEMENTS)
        word = kind.capitalize()
        return {
            key_of(page): set(map(str.casefold, tags_of(page, word))) for page in pages
        }

    def edit(self, edit: Edit, *, conditional: bool = False) -> None:
        """Change items in one request, and leave their locks as they are.

        A `conditional` one asks Plex to leave items alone that were rated since;
        only some servers understand that.

        Raises:
            PlexUnreachable: Whether the write arrived is not known.
            RequestTooLong: So many items do not go into one request.
        """
        if not len(edit) or not np.issubdtype(edit.key.dtype, np.integer):
            # Without ids, Plex would edit the whole library.
            raise ValueError("An edit must name its items.")
        if self._obeys_ids is False:
            raise PlexRefused("Plex ignores which items an edit is meant for.")
        ids = ",".join(str(int(key)) for key in edit.key)
        parameters = parameters_of(edit, conditional=conditional)
        query = urlencode({"type": int(edit.level), "id": ids, **parameters})
        path = f"{self.library}/all?{query}"
        if len(path) > LONGEST_URL:
            raise RequestTooLong(f"An edit of {len(path)} bytes is too long.")
        self.send("put", path, f"writing to {len(edit)} {edit.level.word}(s)")

    def obeys_ids(self) -> bool:
        """Return whether Plex limits a request to the items that it names; ask once."""
        if self._obeys_ids is None:
            self._obeys_ids = not self._count_items(Level.TRACK, f"&id={NO_ITEM}")
        return self._obeys_ids

    def rate_one(self, key: int, points: float | None) -> None:
        """Rate one item as Plex's own apps do; None takes the rating away.

        Raises:
            NotThere: There is no such item.
            PlexUnreachable: Whether the write arrived is not known.
        """
        parameters = {
            "key": int(key),
            "identifier": "com.plexapp.plugins.library",
            "rating": "-1" if points is None else decimal(points),
        }
        self.send("put", f"/:/rate?{urlencode(parameters)}", f"rating item {key}")

    def send(self, method: Method, path: str, doing: str) -> Element | None:
        """Send a request that changes something; `doing` says what, if it fails."""
        with translate_errors(doing):
            answer: Element | None = self._plex.query(
                path, method=getattr(self._session, method)
            )
        return answer

    def get(self, path: str, start: int | None = None, size: int = 0) -> Element:
        """Return what Plex answers to a path."""
        part = {"X-Plex-Container-Start": start, "X-Plex-Container-Size": size}
        headers = None if start is None else {k: str(v) for k, v in part.items()}
        with translate_errors(f"reading {path.split('?', maxsplit=1)[0][:80]}"):
            answer: Element | None = self._plex.query(path, headers=headers)
        if answer is None:
            raise PlexUnreachable(f"Plex sent an empty answer to {path[:80]}.")
        return answer

    def _count(self, response: requests.Response, *_: object, **__: object) -> None:
        with self._counting:
            if response.request.method == "GET":
                self.reads += 1
            else:
                self.writes += 1
