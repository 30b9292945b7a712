"""Numbers in Plex's attributes: what cannot be meant is unknown, and noted."""

import math
import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element

import numpy as np

from engine.rating_scale import TOLERANCE, UNREADABLE, Floats, Ints

WHOLE = 0.0, 2.0**53
"""Between these, every whole number is told from its neighbours."""

COUNT = 0.0, 2.0**31 - 1
"""What 32 bits hold; Plex counts no further."""

POINTS = -TOLERANCE, 10 + TOLERANCE
"""Points; beyond them there is no star."""

YEARS = 1000.0, 2100.0
"""Years in which music was written down or is announced for."""

BOUNDS = {
    "userRating": POINTS,
    "rating": POINTS,
    "year": YEARS,
    "parentYear": YEARS,
    "index": COUNT,
    "duration": COUNT,
    "viewCount": COUNT,
    "skipCount": COUNT,
}
"""What each attribute can be; others, such as keys and dates, are whole numbers."""

NO_YEAR = {"year": "0", "parentYear": "0"}
"""How servers write that there is none."""

EARLIEST = 631_152_000
"""1990 in epoch seconds; a server that names an earlier date does not know the time."""

UNKNOWN_DATE = -1
"""Stands for a date that is there and cannot be meant."""

MAX_SHOWN = 40
"""Characters of an unreadable text that are shown."""

_NOT_IN_NUMBERS = re.compile(r"[^0-9.eE+-]")


def number(name: str, text: str) -> float | None:
    """Return the number that an attribute holds; None: none that can be meant.

    >>> number("year", "1999"), number("year", "30828"), number("index", "A1")
    (1999.0, None, None)
    """
    lowest, highest = BOUNDS.get(name, WHOLE)
    try:
        value = float(text)
    except ValueError:
        return None
    # Python also reads "1_0", "nan" and digits of other scripts.
    is_meant = not _NOT_IN_NUMBERS.search(text) and lowest <= value <= highest
    is_meant &= name in BOUNDS or value.is_integer()
    return value if is_meant else None


def date_of(element: Element, name: str, latest: float = math.inf) -> int:
    """Return a date in epoch seconds, 0 where the element has none.

    Args:
        element: An item.
        name: The attribute.
        latest: Later dates are unknown, epoch seconds.

    Returns:
        UNKNOWN_DATE if it is no number, before 1990, or beyond `latest`.
    """
    return int(Attributes([element]).dates(name, latest)[0])


class Attributes:
    """Attributes of elements as columns, and what of them could not be read."""

    def __init__(self, elements: Sequence[Element]) -> None:
        """Read from these elements; every column has a row for each."""
        self._elements = elements
        self.odd: dict[int, list[str]] = {}
        """By row: each attribute that could not be read, with its text."""

    def floats(self, name: str, absent: float = np.nan) -> Floats:
        """Return an attribute as numbers; what cannot be read is NaN.

        Args:
            name: The attribute.
            absent: What stands for an attribute that an element lacks.
        """
        return self._column(name, absent, np.nan)

    def ratings(self) -> Floats:
        """Return the account's ratings, points: NaN unrated, or else `UNREADABLE`."""
        return self._column("userRating", np.nan, UNREADABLE)

    def integers(self, name: str, absent: int) -> Ints:
        """Return an attribute as whole numbers; what cannot be read is absent."""
        return self._column(name, absent, absent).astype(np.int64)

    def dates(self, name: str, latest: float) -> Ints:
        """Return an attribute as epoch seconds: 0 if absent, or else `UNKNOWN_DATE`.

        Args:
            name: The attribute.
            latest: Later dates are unknown; nor is one before 1990.
        """
        dates = self._column(name, 0, UNKNOWN_DATE)
        beyond = (dates != 0) & ((dates < EARLIEST) | (dates > latest))
        return np.where(beyond, UNKNOWN_DATE, dates).astype(np.int64)

    def _column(self, name: str, absent: float, unreadable: float) -> Floats:
        told = [element.get(name) for element in self._elements]
        if NO_YEAR.get(name) in told:
            told = [None if text == "0" else text for text in told]
        plain = _all_at_once(name, told, absent)
        if plain is not None:
            return plain
        column = np.full(len(told), absent, np.float64)
        for row, text in enumerate(told):
            if text:
                value = number(name, text)
                column[row] = unreadable if value is None else value
                if value is None:
                    note = f"{name} {text[:MAX_SHOWN]!r}"
                    self.odd.setdefault(row, []).append(note)
        return column


def _all_at_once(name: str, told: Sequence[str | None], absent: float) -> Floats | None:
    """Return a column in which everything can be read; None: something cannot."""
    if _NOT_IN_NUMBERS.search("".join(text for text in told if text)):
        return None
    try:
        column = np.array([float(text) if text else np.nan for text in told])
    except ValueError:
        return None
    lowest, highest = BOUNDS.get(name, WHOLE)
    missing = np.isnan(column)
    meant = (column >= lowest) & (column <= highest)
    if name not in BOUNDS:
        meant &= column == np.rint(column)
    if not (meant | missing).all():
        return None
    column[missing] = absent
    return column
