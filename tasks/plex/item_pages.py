"""Items with all that there is of them, hundreds a request, and all of them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from xml.etree.ElementTree import Element

import numpy as np

from engine.errors import NotThere, RequestTooLong
from engine.rating_scale import Ints
from tasks.plex.pagination import READERS
from tasks.plex.parsing import IDLE_ELEMENTS, key_of

MOST = 400
"""Items in one request: their keys, of up to eight digits, make no URL that Plex, or a
proxy before it, refuses."""


class ItemPages:
    """Reads the pages of items, several requests at a time."""

    def __init__(self, ask: Callable[[str], Element]) -> None:
        """Prepare to read, given how to read a path."""
        self._ask = ask
        self._most = MOST
        """Items in one request; fewer once the server refused so many."""

    def read(self, keys: Ints) -> list[Element]:
        """Return items as elements; those that are gone are left out."""
        size = self._most
        chunks = [keys[at : at + size] for at in range(0, len(keys), size)]
        with ThreadPoolExecutor(READERS) as readers:
            pages = list(readers.map(self._whole, chunks))
        return [element for page in pages for element in page]

    def _whole(self, missing: Ints) -> list[Element]:
        """Return a page of items; what a short answer leaves out is asked for again."""
        elements: list[Element] = []
        while len(missing):
            asked = set(missing.tolist())
            sent = self._pages_of(missing)
            found = [element for element in sent if key_of(element) in asked]
            elements += found
            left = np.setdiff1d(missing, [key_of(element) for element in found])
            missing = left if len(left) < len(missing) else missing[:0]
        return elements

    def _pages_of(self, keys: Ints) -> list[Element]:
        """Return the pages of items, as far as Plex sends them at once."""
        ids = ",".join(str(key) for key in keys)
        exclude = f"skipRefresh=1&excludeElements={IDLE_ELEMENTS},Genre"
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
            return self._pages_of(keys[:middle]) + self._pages_of(keys[middle:])
