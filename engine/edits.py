"""A change that many items undergo alike: what one request asks of Plex."""

from dataclasses import dataclass

from engine.library import Level
from engine.rating_scale import Columns, Ints


def latest_date(rated_at: Ints) -> int:
    """Return the latest date of several items, or −1 if one of them is unknown.

    >>> import numpy as np
    >>> latest_date(np.array([0, 1700000000])), latest_date(np.array([-1, 1700000000]))
    (1700000000, -1)
    """
    return -1 if rated_at.min() < 0 else int(rated_at.max())


@dataclass(frozen=True, eq=False)
class Edit(Columns):
    """Items of one level that get or lose a rating, a tag, or both."""

    level: Level
    key: Ints
    rates: bool = False
    """Whether their rating changes."""
    points: float | None = None
    """What it becomes, if it changes; None: they are unrated again."""
    rating_locked: bool = False
    """Whether their rating is locked: a lock stays as it is."""
    adds: tuple[str, ...] = ()
    """Moods that they get."""
    drops: tuple[str, ...] = ()
    """Moods that they lose."""
    mood_locked: bool = False
    """Whether their moods are locked: that stays as it is, too."""
    rated_until: int = 0
    """When any of them was last rated, as far as we saw, epoch seconds; 0: never,
    negative: unknown. Whatever a person rates later is not meant."""

    @property
    def tags(self) -> bool:
        """Whether moods change."""
        return bool(self.adds or self.drops)
