"""Whether anything changed, told by a few counts and dates instead of listings."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

from engine.library import Level

Ask = Callable[[str], Element]
"""Reads a path of the library, and one item of what it lists."""


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


def glance_at(ask: Ask, level: Level, *, plays: bool) -> Glance:
    """Glance at one level: four requests, or five.

    Args:
        ask: How to read.
        level: Which items.
        plays: Whether what was played matters.
    """

    def newest(date: str, **only: int) -> tuple[int, int]:
        """Return how many items there are, and the latest date of one."""
        query = {**only, "type": int(level), "sort": f"{date}:desc"}
        page = ask(urlencode(query, safe=":"))
        first = page[0].get(date, "0") if len(page) else "0"
        return int(page.get("totalSize", -1)), int(first)

    items, added_at = newest("addedAt")
    unrated, _ = newest("addedAt", userRating=-1)
    rated_at, updated_at = newest("lastRatedAt")[1], newest("updatedAt")[1]
    viewed_at = newest("lastViewedAt")[1] if plays else 0
    return Glance(items, unrated, rated_at, added_at, updated_at, viewed_at)
