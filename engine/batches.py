"""From a plan to requests: what may still be written, and what goes together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from engine.classic import Phase
from engine.edits import Edit
from engine.estimates import Estimates
from engine.ownership import Memory, Owner, owners
from engine.plan import PhasePlan
from engine.points import Bools, Floats, Ints, Texts, equal

MOST_IDS = 100
"""Items in one request; long URLs are refused (a Plex server answered 400 to
35 kB, and clients that edit in bulk settled on 100 a request)."""


@dataclass(frozen=True, eq=False)
class Look:
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

    def take(self, rows: Ints) -> Self:
        """Return these rows only."""
        columns = {f.name: getattr(self, f.name)[rows] for f in fields(self)}
        return replace(self, **columns)

    def rows_of(self, guid: Texts) -> dict[str, list[int]]:
        """Return the rows of each guid; items that share it are all there."""
        rows: dict[str, list[int]] = {g: [] for g in guid}
        for row, own in enumerate(self.guid):
            if own in rows:
                rows[own].append(row)
        return rows


@dataclass(frozen=True, eq=False)
class Batch:
    """One request: items of one level that get one rating and keep their locks.

    They are ascending by key.
    """

    phase: Phase
    after: float
    """Points."""
    mood_locked: bool
    rating_locked: bool
    key: Ints
    guid: Texts
    before: Floats
    """What Plex held immediately before, points; NaN unrated."""
    rated_until: int
    """When any of them was last rated by then, epoch seconds; 0: none ever was."""
    estimates: Estimates
    """How sure each of these ratings is."""

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self.key)

    def take(self, rows: Ints) -> Self:
        """Return the request for these rows only."""
        return replace(
            self,
            key=self.key[rows],
            guid=self.guid[rows],
            before=self.before[rows],
            estimates=self.estimates.take(rows),
        )

    def edit(self, tag: str) -> Edit:
        """Return what the request changes; it also gives a tag, if there is one."""
        return Edit(
            level=self.phase.level,
            key=self.key,
            rates=True,
            points=self.after,
            rating_locked=self.rating_locked,
            adds=(tag,) if tag else (),
            mood_locked=self.mood_locked,
            rated_until=self.rated_until,
        )


@dataclass(frozen=True, eq=False)
class Admitted:
    """The rows of a look that a plan may still write, and why others not."""

    row: Ints
    """Rows of the look."""
    after: Floats
    """Points, for each of those rows."""
    estimates: Estimates
    """How sure these ratings are."""
    done: int
    """Ratings that an earlier attempt has written already."""
    taken_over: int
    """Ratings that a person gave since the library was read."""
    gone: int
    """Items that are no longer there."""


def admit(
    plan: PhasePlan, look: Look, memory: Memory, *, tagged: bool = False
) -> Admitted:
    """Keep of a plan what may still be written, given the very latest look.

    Args:
        plan: One phase of one letter; items may have changed since it was made.
        look: All items that share a guid with the plan, as they are now.
        memory: What the shadow state says of each row of the look.
        tagged: Whether an item without our tag is not done yet.
    """
    owner = owners(look.rating, look.rated_at, memory)
    by_person = np.isin(owner, (Owner.PERSON, Owner.TAKEN_OVER))
    acknowledged = (owner == Owner.US) | ((owner == Owner.WRITTEN) & memory.arrived)
    acknowledged &= look.has_tag | (not tagged)
    rows_of = look.rows_of(plan.guid)
    rows: list[int] = []
    wishes: list[int] = []
    done = taken_over = gone = 0
    for wish, (guid, points) in enumerate(zip(plan.guid, plan.after, strict=True)):
        own = rows_of[guid]
        if not own:
            gone += 1
        elif by_person[own].any():
            taken_over += 1
        elif (acknowledged[own] & equal(memory.value[own], points)).all():
            done += 1
        else:
            rows += own
            wishes += [wish] * len(own)
    admitted = np.array(wishes, np.int64)
    return Admitted(
        np.array(rows, np.int64),
        plan.after[admitted],
        plan.estimates.take(admitted),
        done,
        taken_over,
        gone,
    )


def batches(phase: Phase, admitted: Admitted, look: Look, size: int) -> Iterator[Batch]:
    """Group the admitted items by value and locks into requests.

    Args:
        phase: The phase whose plan is written.
        admitted: What may be written.
        look: Where the items' present ratings and locks stand.
        size: Most items in one request; never more than 100.
    """
    row, after = admitted.row, admitted.after
    mood, rating = look.mood_locked[row], look.rating_locked[row]
    order = np.lexsort((look.key[row], rating, mood, after))
    wishes = np.stack([after, mood, rating])[:, order]
    borders = np.flatnonzero((np.diff(wishes) != 0).any(axis=0)) + 1
    for group in np.split(order, borders):
        for start in range(0, len(group), min(size, MOST_IDS)):
            chunk = group[start : start + min(size, MOST_IDS)]
            yield Batch(
                phase=phase,
                after=float(after[chunk[0]]),
                mood_locked=bool(mood[chunk[0]]),
                rating_locked=bool(rating[chunk[0]]),
                key=look.key[row[chunk]],
                guid=look.guid[row[chunk]],
                before=look.rating[row[chunk]],
                rated_until=int(look.rated_at[row[chunk]].max()),
                estimates=admitted.estimates.take(chunk),
            )


def windows(
    plans: Sequence[PhasePlan], copies: Sequence[Ints], size: int
) -> Iterator[list[PhasePlan]]:
    """Cut plans into stretches that one request can look at, in their order.

    Ratings that may share a write stay together.

    Args:
        plans: What is to be written, phase after phase.
        copies: For each plan, how many items share each of its ratings.
        size: Most items in one write.
    """
    window: dict[int, list[Ints]] = {}
    room = MOST_IDS
    for number, (plan, width) in enumerate(zip(plans, copies, strict=True)):
        for rows in _stretches(plan.after, width, size):
            needed = int(width[rows].sum())
            if window and needed > room:
                yield _taken(plans, window)
                window, room = {}, MOST_IDS
            window.setdefault(number, []).append(rows)
            room -= needed
    if window:
        yield _taken(plans, window)


def _stretches(after: Floats, width: Ints, size: int) -> Iterator[Ints]:
    """Yield rows of one value at a time, and of no more items than one write has."""
    order = np.argsort(after, kind="stable")
    borders = np.flatnonzero(np.diff(after[order])) + 1
    for group in np.split(order, borders) if len(order) else []:
        write = (np.cumsum(width[group]) - 1) // size
        yield from np.split(group, np.flatnonzero(np.diff(write)) + 1)


def _taken(
    plans: Sequence[PhasePlan], window: dict[int, list[Ints]]
) -> list[PhasePlan]:
    return [plans[number].take(np.concatenate(rows)) for number, rows in window.items()]
