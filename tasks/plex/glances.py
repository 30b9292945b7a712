"""Whether anything changed, told by a few counts and dates instead of listings."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

from engine.library import Level
from tasks.plex.attributes import date_of

Ask = Callable[[str, int], Element]
"""Reads a path of the library, and so many items of what it lists."""

MOST_AHEAD = 100
"""Items with an impossible date that are passed over to find the latest real one."""


@dataclass(frozen=True)
class Glance:
    """What changes with nearly everything of a level that plans depend on.

    Skips, and what another program changes without a date, leave no trace here.
    """

    items: int
    unrated: int
    """A rating that was taken back shows here; it leaves no date."""
    rated_at: int
    """The latest date of any rating, epoch seconds; 0: none. So are the others."""
    added_at: int
    updated_at: int
    viewed_at: int

    @property
    def latest(self) -> int:
        """The latest date of all, epoch seconds."""
        return max(self.rated_at, self.added_at, self.updated_at, self.viewed_at)


def glance_at(
    ask: Ask, level: Level, *, plays: bool, latest: float = math.inf
) -> Glance:
    """Glance at one level: four requests, or five.

    Args:
        ask: How to read.
        level: Which items.
        plays: Whether what was played matters.
        latest: Beyond which no date is believed, epoch seconds: such a date would
            hide all others, and be news for ever.

    Raises:
        ValueError: There are too many such dates to find another one.
    """

    def newest(date: str, **only: int) -> tuple[int, int]:
        """Return how many items there are, and the latest date of one."""
        query = urlencode(
            {**only, "type": int(level), "sort": f"{date}:desc"}, safe=":"
        )
        for size in (1, MOST_AHEAD):
            page = ask(query, size)
            total = int(page.get("totalSize", -1))
            dates = [date_of(item, date, latest) for item in page]
            if len(page) >= total or max(dates, default=0) >= 0:
                return total, max([0, *dates])
        raise ValueError(f"{MOST_AHEAD} items have an impossible {date}.")

    items, added_at = newest("addedAt")
    unrated, _ = newest("addedAt", userRating=-1)
    rated_at, updated_at = newest("lastRatedAt")[1], newest("updatedAt")[1]
    viewed_at = newest("lastViewedAt")[1] if plays else 0
    return Glance(items, unrated, rated_at, added_at, updated_at, viewed_at)
