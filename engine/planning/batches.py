"""From a plan to requests: what may still be written, and what goes together."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.classic import Phase
from engine.edits import Edit, latest_date
from engine.library import Level
from engine.ownership import Owner, RecordView, owners
from engine.planning.plan import PhasePlan
from engine.rating_scale import Bools, Columns, Estimates, Floats, Ints, Texts, equal

MOST_IDS = 100
"""Items in one request; long URLs are refused (a Plex server answered 400 to
35 kB, and clients that edit in bulk settled on 100 a request)."""


def chunks(rows: Ints, size: int = MOST_IDS) -> Iterator[Ints]:
    """Cut rows into pieces of at most so many."""
    return (rows[start : start + size] for start in range(0, len(rows), size))


@dataclass(frozen=True, eq=False)
class ItemStates(Columns):
    """Items as they were immediately before writing, ascending by key."""

    key: Ints
    guid: Texts
    rating: Floats
    """Points; NaN unrated."""
    rated_at: Ints
    mood_locked: Bools
    rating_locked: Bools
    has_tag: Bools
    """Whether the item bears the configured mood tag."""
    moods: Texts
    """All moods of each item, a tuple."""

    def rows_of(self, guid: Texts) -> dict[str, list[int]]:
        """Return the rows of each guid; items that share it are all there."""
        rows: dict[str, list[int]] = {g: [] for g in guid}
        for row, own in enumerate(self.guid):
            if own in rows:
                rows[own].append(row)
        return rows


@dataclass(frozen=True, eq=False)
class Batch(Columns):
    """One request: items of one level, by key, that get one rating and keep locks.

    Of items that share a rating, one is there.
    """

    phase: Phase
    after: float
    """Points."""
    rating_locked: bool
    key: Ints
    guid: Texts
    planned: Ints
    """The keys by which they were planned; an item may have got another one."""
    before: Floats
    """What Plex held immediately before, points; NaN unrated."""
    rated_until: int
    """When any of them was last rated by then; see `Edit`."""
    estimates: Estimates

    def singles(self) -> Iterator[Self]:
        """Yield the same, one item at a time."""
        return (self.take(np.array([row])) for row in range(len(self)))

    @property
    def edit(self) -> Edit:
        """What the request changes."""
        return Edit(
            level=self.phase.level,
            key=self.key,
            rates=True,
            points=self.after,
            rating_locked=self.rating_locked,
            rated_until=self.rated_until,
        )


class WriteOutcome(IntEnum):
    """What became of a planned rating."""

    LEFT = 0
    """It is still to be written."""
    WRITTEN = 1
    """Plex accepted it, now or in an earlier attempt."""
    TAKEN_OVER = 2
    """A person rated the item since the library was read, or it cannot be read."""
    GONE = 3
    """The item is no longer there."""


@dataclass(frozen=True, eq=False)
class Writable:
    """The rows of a look that a plan may still write, and what became of the rest."""

    row: Ints
    """Rows of the look: one for each rating that may be written."""
    plan: PhasePlan
    """The plan of those rows."""
    affected_items: Ints
    """Rows of the look, ascending: all items that will bear one of these ratings."""
    outcome: NDArray[np.int8]
    """A `WriteOutcome` for each rating of the plan."""


def filter_writable(
    plan: PhasePlan, look: ItemStates, record_view: RecordView, *, tagged: bool = False
) -> Writable:
    """Keep of a plan what may still be written, given the very latest look.

    The look is at all items that share a guid with the plan; if they are to be
    `tagged`, an item without our tag is not done yet.
    """
    owner = owners(look.rating, look.rated_at, record_view)
    # What cannot be read may be a person's.
    by_person = np.isin(owner, (Owner.PERSON, Owner.TAKEN_OVER, Owner.UNREAD))
    acknowledged = (owner == Owner.US) | (
        (owner == Owner.WRITTEN) & record_view.arrived
    )
    acknowledged &= look.has_tag | (not tagged)
    rows_of = look.rows_of(plan.guid)
    outcome = np.full(len(plan), WriteOutcome.LEFT, np.int8)
    rows: list[int] = []
    affected_items: list[int] = []
    for wish, (guid, points) in enumerate(zip(plan.guid, plan.after, strict=True)):
        own = rows_of[guid]
        if not own:
            outcome[wish] = WriteOutcome.GONE
        elif by_person[own].any():
            outcome[wish] = WriteOutcome.TAKEN_OVER
        elif (acknowledged[own] & equal(record_view.value[own], points)).all():
            outcome[wish] = WriteOutcome.WRITTEN
        else:
            rows.append(own[0])
            affected_items += own
    return Writable(
        np.array(rows, np.int64),
        plan.take(outcome == WriteOutcome.LEFT),
        np.sort(np.array(affected_items, np.int64)),
        outcome,
    )


def batches(
    phase: Phase, writable: Writable, look: ItemStates, size: int
) -> Iterator[Batch]:
    """Group what may be written by value and lock into requests of so many items."""
    row, plan = writable.row, writable.plan
    locked = look.rating_locked[row]
    order = np.lexsort((look.key[row], locked, plan.after))
    wishes = np.stack([plan.after, locked])[:, order]
    borders = np.flatnonzero((np.diff(wishes) != 0).any(axis=0)) + 1
    for group in np.split(order, borders):
        for chunk in chunks(group, min(size, MOST_IDS)):
            yield Batch(
                phase=phase,
                after=float(plan.after[chunk[0]]),
                rating_locked=bool(locked[chunk[0]]),
                key=look.key[row[chunk]],
                guid=look.guid[row[chunk]],
                planned=plan.key[chunk],
                before=look.rating[row[chunk]],
                rated_until=latest_date(look.rated_at[row[chunk]]),
                estimates=plan.estimates.take(chunk),
            )


def tag_edits(level: Level, look: ItemStates, tag: str) -> Iterator[Edit]:
    """Yield the requests that give a tag to what lacks it; locks stay as they are.

    Ratings differ from item to item, the tag does not: so it goes apart, to all
    at once.
    """
    for locked in (False, True):
        rows = np.flatnonzero(~look.has_tag & (look.mood_locked == locked))
        for chunk in chunks(rows):
            yield Edit(
                level=level,
                key=look.key[chunk],
                adds=(tag,),
                mood_locked=locked,
                rated_until=latest_date(look.rated_at[chunk]),
            )
