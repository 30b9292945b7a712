"""Many items, page by page: several pages at a time, and all of them or none."""

import re
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import repeat
from typing import Generic, TypeVar
from xml.etree.ElementTree import Element

import numpy as np

from engine.errors import (
    LibraryChanging,
    NotThere,
    PlexUnreachable,
    PlexUnusable,
    RequestTooLong,
)
from engine.planning.batches import chunks
from engine.rating_scale import Ints
from tasks.plex.parsing import IDLE_ELEMENTS, key_of

WITHOUT = f"{IDLE_ELEMENTS},Genre"
"""Elements of an item's page that are usually not needed."""

MOST = 400
"""Items in one request: their keys, of up to eight digits, make no URL that Plex, or a
proxy before it, refuses."""

PAGE = 1000
"""Items asked for in one page of a listing."""

READERS = 4
"""Pages asked for at a time: Plex answers readers beside each other."""

MOST_ITEMS = 10_000_000
"""Items of one kind; a library of a hundredth of that is among the largest."""

MOST_PAGES = 20_000
"""Pages of one listing, even if a server sends a few items at a time."""

MAX_IDS = 300
"""Items that a listing is limited to by name: their keys, of up to eight digits, make
no URL that is too long. For more, reading everything is as cheap."""


class ItemPages:
    """Reads the pages of items, several requests at a time."""

    def __init__(
        self, ask: Callable[[str], Element], executor: Callable[[int], Executor]
    ) -> None:
        """Prepare to read, given how to read a path, and several at a time."""
        self._ask = ask
        self._executor = executor
        self._most = MOST
        """Items in one request; fewer once the server refused so many."""

    def read(self, keys: Ints, without: str = WITHOUT) -> list[Element]:
        """Return items as elements; those that are gone are left out.

        Plex is asked to leave out the elements that they are read `without`.
        """
        with self._executor(READERS) as readers:
            pieces = chunks(keys, self._most)
            pages = list(readers.map(self._whole, pieces, repeat(without)))
        return [element for page in pages for element in page]

    def _whole(self, missing: Ints, without: str) -> list[Element]:
        """Return a page of items; what a short answer leaves out is asked for again."""
        elements: list[Element] = []
        while len(missing):
            asked = set(missing.tolist())
            sent = self._pages_of(missing, without)
            found = [element for element in sent if key_of(element) in asked]
            elements += found
            left = np.setdiff1d(missing, [key_of(element) for element in found])
            missing = left if len(left) < len(missing) else missing[:0]
        return elements

    def _pages_of(self, keys: Ints, without: str) -> list[Element]:
        """Return the pages of items, as far as Plex sends them at once."""
        ids = ",".join(str(key) for key in keys)
        exclude = f"skipRefresh=1&excludeElements={without}"
        try:
            return list(self._ask(f"/library/metadata/{ids}?{exclude}"))
        except NotThere:  # none of them
            return []
        except RequestTooLong:
            if len(keys) == 1:
                raise
            middle = len(keys) // 2
            if len(keys) >= self._most:
                self._most = middle
            halves = keys[:middle], keys[middle:]
            return [one for half in halves for one in self._pages_of(half, without)]


Digest = TypeVar("Digest")
"""What is kept of a page."""


@dataclass(frozen=True)
class Pages(Generic[Digest]):
    """How to read one listing."""

    ask: Callable[[int, int], Element]
    """Ask for items: from where on, and how many."""
    digest: Callable[[Element], Digest]
    between: Callable[[], None]
    """Called before every page; it may raise to stop."""
    word: str
    """What is listed, in the plural."""
    executor: Callable[[int], Executor]
    """Asks for so many pages at a time."""

    def read(self) -> list[Digest]:
        """Read all pages, in their order.

        Raises:
            LibraryChanging: Items came or went meanwhile.
            PlexUnreachable: A page did not arrive whole.
            PlexUnusable: There is no end to them.
        """
        first = self._page(0, PAGE)
        total, length = announced(first), len(first)
        if total and not length:
            raise self._broken_off(0, total)
        begun = [self.digest(first)]
        if length >= total:
            return begun
        if total > min(MOST_ITEMS, MOST_PAGES * length):
            raise PlexUnusable(
                f"Plex announced {total} {self.word} in pages of {length}: that is "
                f"no music library. At most {MOST_ITEMS} are read, in at most "
                f"{MOST_PAGES} pages. Does PLEX_URL lead to a Plex server?"
            )
        readers = self.executor(READERS)
        try:
            starts = range(length, total, length)
            ends = (min(start + length, total) for start in starts)
            rest = readers.map(self._stretch, starts, ends, repeat(total))
            return begun + [piece for pieces in rest for piece in pieces]
        finally:
            readers.shutdown(cancel_futures=True)

    def _stretch(self, start: int, end: int, total: int) -> list[Digest]:
        """Read from one item to another; a server may send less than it is asked."""
        pieces = []
        while start < end:
            page = self._page(start, end - start)
            if announced(page) != total:
                raise LibraryChanging(
                    f"The library changed from {total} to {announced(page)} "
                    f"{self.word} while it was read."
                )
            if not len(page):
                raise self._broken_off(start, total)
            pieces.append(self.digest(page))
            start += len(page)
        return pieces

    def _page(self, start: int, size: int) -> Element:
        self.between()
        return self.ask(start, size)

    def _broken_off(self, start: int, total: int) -> PlexUnreachable:
        return PlexUnreachable(
            f"Plex sent {start} of {total} {self.word} and then nothing."
        )


def only_these(keys: Ints) -> dict[str, str] | None:
    """Return the filter of a listing that is to hold these items; None: take all."""
    if len(keys) > MAX_IDS:
        return None
    return {"id": ",".join(map(str, keys.tolist()))}


def announced(page: Element) -> int:
    """Return how many items Plex says that there are.

    Raises:
        PlexUnreachable: It does not say.
    """
    announced = page.get("totalSize")
    if announced is None or not re.fullmatch("[0-9]{1,9}", announced):
        raise PlexUnreachable("Plex did not say how many items there are.")
    return int(announced)
