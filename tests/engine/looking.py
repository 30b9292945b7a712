"""Items at the last moment before writing, told in a few words."""

from dataclasses import dataclass

import numpy as np

from engine.classic import Phase
from engine.ownership import RecordView
from engine.planning.batches import ItemStates
from engine.planning.plan import PhasePlan
from engine.rating_scale import Estimates


@dataclass(frozen=True)
class Row:
    """One item as it is at the last moment, and what our record says of it."""

    guid: str
    rating: float = np.nan
    recorded: float = np.nan
    intended: float = np.nan
    before: float = np.nan
    arrived: bool = False
    mood_locked: bool = False
    rating_locked: bool = False
    has_tag: bool = False
    key: int = 0


def column(rows, name):
    kind = type(getattr(Row, name))
    return np.array([getattr(row, name) for row in rows], kind)


def look_of(*rows):
    """Look at the items; without keys of their own they count from 500."""
    keys = [row.key or 500 + n for n, row in enumerate(rows)]
    return ItemStates(
        key=np.array(keys, np.int64),
        guid=np.array([row.guid for row in rows], object),
        rating=column(rows, "rating"),
        rated_at=np.zeros(len(rows), np.int64),
        mood_locked=column(rows, "mood_locked"),
        rating_locked=column(rows, "rating_locked"),
        has_tag=column(rows, "has_tag"),
        moods=np.full(len(rows), None),
    )


def record_view_of(*rows):
    """Remember the same items."""
    intended = column(rows, "intended")
    return RecordView(
        value=np.where(np.isnan(intended), column(rows, "recorded"), intended),
        before=column(rows, "before"),
        unconfirmed=~np.isnan(intended),
        arrived=column(rows, "arrived"),
        seen_at=np.zeros(len(rows), np.int64),
    )


def plan_of(**ratings):
    """Plan ratings by guid."""
    return PhasePlan(
        phase=Phase.TRACK_DOWN,
        key=np.arange(1, len(ratings) + 1),
        guid=np.array(list(ratings), object),
        before=np.full(len(ratings), np.nan),
        after=np.array(list(ratings.values()), np.float64),
        estimates=Estimates.plain(
            np.array(list(ratings.values()), np.float64),
            np.arange(10, 10 + len(ratings)),
        ),
        kept=0,
        cleared=0,
    )
