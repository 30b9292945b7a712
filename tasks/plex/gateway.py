"""The one door to Plex: its answers become values, its errors become ours."""

from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Self
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import Element

import numpy as np
import plexapi
import requests
from plexapi.server import PlexServer

from engine.batches import MOST_IDS, Look
from engine.errors import (
    LibraryChanging,
    PlexRefused,
    PlexUnreachable,
)
from engine.library import Identity, Items, Level
from engine.points import Ints
from engine.reversal import Reversal
from tasks.plex.markup import (
    IDLE_ELEMENTS,
    IDLE_FIELDS,
    Listing,
    joined,
    key_of,
    listing_of,
    looks_of,
    number,
)
from tasks.plex.refusals import translated
from tasks.plex.survey import chosen
from tasks.settings import Settings

PAGE = 1000
"""Items asked for in one page of a listing."""

LONGEST_URL = 4000
"""Bytes; Plex answers 400 to much longer ones, some proxies at 8 kB."""

OWNER_ACCOUNT = "1"
"""The number that a Plex server gives to its owner's account."""

# plexapi would otherwise tell the server this machine's name and MAC address.
plexapi.BASE_HEADERS.update(
    {
        "X-Plex-Product": "plexbayes",
        "X-Plex-Device-Name": "plexbayes",
        "X-Plex-Client-Identifier": "plexbayes",
    }
)


class PlexGateway:
    """One music library of one Plex server, seen by one account."""

    identity: Identity
    reads: int
    """Requests that asked."""
    writes: int
    """Requests that changed."""

    def __init__(self, settings: Settings) -> None:
        self.reads = self.writes = 0
        self._tag = settings.inferred_tag
        self._token = settings.plex_token.get_secret_value()
        self._session = requests.Session()
        self._session.hooks["response"].append(self._count)
        with translated(f"connecting to {settings.plex_url}"):
            self._plex = PlexServer(
                settings.plex_url,
                self._token,
                session=self._session,
                timeout=settings.timeout,
            )
            server = self._plex.machineIdentifier
        if not server:
            raise PlexUnreachable("Plex did not say which server it is.")
        libraries = self._get("/library/sections")
        self._section = chosen(libraries, settings.library_name)
        self.identity = Identity(
            server=str(server),
            uuid=str(self._section.get("uuid")),
            account=self._account(),
            title=str(self._section.get("title")),
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
        """Read all items of a level, page by page.

        Args:
            level: Which items.
            between: Called before every page; it may raise to stop.
            only: A filter in Plex's query language.

        Raises:
            LibraryChanging: Items came or went, or were sent twice, meanwhile.
            PlexUnreachable: A page did not arrive whole.
        """
        pages = self._pages(level, between, only or {})
        listing = joined([listing_of(level, list(page)) for page in pages])
        twice = np.count_nonzero(np.diff(listing.items.key) == 0)
        if twice:
            raise LibraryChanging(f"Plex listed {twice} {level.word}s twice.")
        return listing

    def look(self, keys: Ints) -> dict[Level, Look]:
        """Read ratings, locks and our tag of items of any level, 100 a request.

        Items that are gone are simply missing from the answer.
        """
        elements: list[Element] = []
        for start in range(0, len(keys), MOST_IDS):
            missing = keys[start : start + MOST_IDS]
            while len(missing):
                found = self._pages_of(missing)
                elements += found
                # What a short answer leaves out is asked for once more.
                known = [key_of(element) for element in found]
                missing = np.setdiff1d(missing, known) if found else missing[:0]
        return looks_of(elements, self._tag)

    def _pages_of(self, keys: Ints) -> list[Element]:
        """Return the pages of items, as far as Plex sends them at once."""
        ids = ",".join(str(key) for key in keys)
        exclude = f"skipRefresh=1&excludeElements={IDLE_ELEMENTS},Genre"
        try:
            return list(self._get(f"/library/metadata/{ids}?{exclude}"))
        except PlexRefused as refusal:
            if "(404)" in str(refusal):  # none of them is there
                return []
            raise

    def tagged(self, level: Level) -> Items:
        """Return the items of a level that bear our tag; none without a tag."""
        mood = self._mood(level)
        if mood is None:
            return listing_of(level, []).items
        return self.listing(level, lambda: None, {f"{level.word}.mood": mood}).items

    def count_tagged(self, level: Level) -> int:
        """Return how many items of a level bear our tag, in two requests."""
        mood = self._mood(level)
        if mood is None:
            return 0
        path = f"{self._all}?type={level}&{level.word}.mood={mood}"
        return int(number(self._get(path, 0, 0), "totalSize", 0))

    def _mood(self, level: Level) -> str | None:
        """Return the number that Plex gave to our tag, if any item bears it."""
        wanted = self._tag.casefold()
        path = f"/library/sections/{self._section.get('key')}/mood?type={level}"
        for mood in self._get(path) if wanted else []:
            if mood.get("title", "").casefold() == wanted:
                return mood.get("key")
        return None

    def rate(
        self,
        level: Level,
        keys: Ints,
        points: float,
        *,
        mood_locked: bool,
        rating_locked: bool,
    ) -> None:
        """Give items one rating and our tag, and leave their locks as they are.

        Raises:
            PlexUnreachable: Whether the write arrived is not known.
        """
        wishes: dict[str, str | int] = {
            "userRating.value": f"{points:.2f}".rstrip("0").rstrip("."),
            "userRating.locked": int(rating_locked),
        }
        if self._tag:
            wishes |= {"mood.locked": int(mood_locked), "mood[0].tag.tag": self._tag}
        self._edit(level, keys, wishes)

    def reverse(self, reversal: Reversal) -> None:
        """Take our rating, our tag or both off items; locks stay as they are.

        Raises:
            PlexUnreachable: Whether the write arrived is not known.
        """
        wishes: dict[str, str | int] = {}
        if reversal.clears:
            wishes |= {
                "userRating.value": "",
                "userRating.locked": int(reversal.rating_locked),
            }
        if reversal.tag:
            wishes |= self._without(reversal.tag, mood_locked=reversal.mood_locked)
        self._edit(reversal.level, reversal.key, wishes)

    def untag(self, level: Level, keys: Ints, tag: str, *, mood_locked: bool) -> None:
        """Take a tag off items; their other moods and their lock stay.

        Raises:
            PlexUnreachable: Whether the write arrived is not known.
        """
        self._edit(level, keys, self._without(tag, mood_locked=mood_locked))

    @staticmethod
    def _without(tag: str, *, mood_locked: bool) -> dict[str, str | int]:
        # Plex splits the value at commas and decodes each piece once more.
        return {"mood.locked": int(mood_locked), "mood[].tag.tag-": quote(tag)}

    @property
    def _all(self) -> str:
        """The path of the library's listings and edits."""
        return f"/library/sections/{self._section.get('key')}/all"

    def _edit(self, level: Level, keys: Ints, wishes: dict[str, str | int]) -> None:
        if not len(keys) or not np.issubdtype(keys.dtype, np.integer):
            # Without ids, Plex would edit the whole library.
            raise ValueError("An edit must name its items.")
        ids = ",".join(str(int(key)) for key in keys)
        query = urlencode({"type": int(level), "id": ids, **wishes})
        path = f"{self._all}?{query}"
        if len(path) > LONGEST_URL:
            raise ValueError(f"An edit of {len(path)} bytes is too long.")
        with translated(f"writing {len(keys)} {level.word} rating(s)"):
            self._plex.query(path, method=self._session.put)

    def _pages(
        self, level: Level, between: Callable[[], None], only: dict[str, str]
    ) -> Iterator[Element]:
        path = f"{self._all}?" + urlencode(
            {
                **only,
                "type": int(level),
                "sort": "id",
                "includeGuids": 0,
                "excludeElements": IDLE_ELEMENTS,
                "excludeFields": IDLE_FIELDS,
            },
            safe=",",
        )
        start, total = 0, None
        while total is None or start < total:
            between()
            page = self._get(path, start)
            announced = page.get("totalSize")
            if announced is None or not announced.isdigit():
                raise PlexUnreachable("Plex did not say how many items there are.")
            if total not in (None, int(announced)):
                raise LibraryChanging(
                    f"The library changed from {total} to {announced} "
                    f"{level.word}s while it was read."
                )
            total = int(announced)
            if start < total and not len(page):
                raise PlexUnreachable(
                    f"Plex sent {start} of {total} {level.word}s and then nothing."
                )
            yield page
            start += len(page)

    def _get(self, path: str, start: int | None = None, size: int = PAGE) -> Element:
        headers = None
        if start is not None:
            headers = {
                "X-Plex-Container-Start": str(start),
                "X-Plex-Container-Size": str(size),
            }
        with translated(f"reading {path.split('?', maxsplit=1)[0][:80]}"):
            answer: Element | None = self._plex.query(path, headers=headers)
        if answer is None:
            raise PlexUnreachable(f"Plex sent an empty answer to {path[:80]}.")
        return answer

    def _account(self) -> str:
        try:
            self._get("/accounts")
        except PlexRefused:
            # Only the owner may ask; other accounts are told apart by token.
            return "shared-" + blake2b(self._token.encode(), digest_size=8).hexdigest()
        return OWNER_ACCOUNT

    def _count(self, response: requests.Response, *_: object, **__: object) -> None:
        if response.request.method == "GET":
            self.reads += 1
        else:
            self.writes += 1
