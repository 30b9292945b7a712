"""Ratings that a person gives by a file, as far as they may be written."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from engine.library import Level
from engine.ownership import Owner
from engine.planning.batches import ItemStates
from engine.rating_scale import Bools, Columns, Floats, Ints, Texts, same, unreadable


@dataclass(frozen=True, eq=False)
class GivenRatings(Columns):
    """Items of one level, and the ratings that they are to hold for a person.

    Of items that share a rating, all are there.
    """

    level: Level
    key: Ints
    guid: Texts
    before: Floats
    """What Plex held when this was planned, points; NaN: unrated."""
    rated_at: Ints
    """The date of that, epoch seconds; 0 or less: unknown."""
    after: Floats
    """What they are to hold, points; NaN: nothing."""


class GivenOutcome(IntEnum):
    """What became of a rating that was to be given."""

    LEFT = 0
    """It is still to be written."""
    WRITTEN = 1
    """Plex shows it."""
    CHANGED = 2
    """Somebody rated the item since this was planned, or a write of ours is under
    way: it was left alone."""
    GONE = 3
    """The item is no longer there."""
    FAILED = 4
    """It was sent, and Plex shows something else."""


def still_as_planned(
    wishes: GivenRatings, look: ItemStates, owner: NDArray[np.int8]
) -> tuple[Ints, NDArray[np.int8]]:
    """Compare wishes with a look at their items, whose ratings have these owners.

    Returns:
        The row of the look for each wish, −1 where it is not to be written; and the
        outcome of each.
    """
    row_of = {key: row for row, key in enumerate(look.key.tolist())}
    rows = np.array([row_of.get(key, -1) for key in wishes.key.tolist()], np.int64)
    outcome = np.where(rows < 0, GivenOutcome.GONE, GivenOutcome.LEFT).astype(np.int8)
    there = np.flatnonzero(rows >= 0)
    at = rows[there]
    is_other = look.guid[at] != wishes.guid[there]
    rating, date = look.rating[at], look.rated_at[at]
    is_rated = ~same(rating, wishes.before[there]) | unreadable(rating)
    dates_known = (date > 0) & (wishes.rated_at[there] > 0)
    is_rated |= dates_known & (date != wishes.rated_at[there])
    under_way = np.isin(owner[at], (Owner.UNWRITTEN, Owner.WRITTEN))
    is_changed: Bools = is_other | is_rated | under_way
    outcome[there[is_changed]] = GivenOutcome.CHANGED
    rows[there[is_changed]] = -1
    return rows, outcome
