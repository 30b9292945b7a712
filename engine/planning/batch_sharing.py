"""What all letters of a run have to write: equal ratings share requests."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.classic import Phase
from engine.planning.batches import MOST_IDS, WriteOutcome, chunks
from engine.planning.plan import PhasePlan
from engine.rating_scale import Bools, Ints


@dataclass(frozen=True, eq=False)
class _Queue:
    """What one phase is to write, for all letters, ascending by value."""

    plan: PhasePlan
    letter: Ints
    """The number of each rating's letter."""
    outcome: NDArray[np.int8]

    @cached_property
    def by_key(self) -> Ints:
        """Rows, ascending by key."""
        return np.argsort(self.plan.key, kind="stable")

    @cached_property
    def first(self) -> Ints:
        """The first row of each value."""
        return np.flatnonzero(np.diff(self.plan.after, prepend=-1.0))

    @cached_property
    def value(self) -> Ints:
        """The number of each row's value."""
        numbers = np.arange(len(self.first))
        return np.repeat(numbers, np.diff(self.first, append=len(self.plan)))

    def rows_of(self, keys: Ints) -> Ints:
        """Return the rows of planned keys."""
        at = np.searchsorted(self.plan.key, keys, sorter=self.by_key)
        rows: Ints = self.by_key[at]
        return rows

    def take_next(
        self, letter: int, size: int, tagged: int, *, is_shared: bool
    ) -> PhasePlan:
        """Return what a letter has left, and as much of others as fits beside it."""
        left = self.outcome == WriteOutcome.LEFT
        own = left & (self.letter == letter)
        if is_shared and own.any():
            own |= self._beside(own, left & ~own, size)
            own |= self._whole(left & ~own, -int(own.sum()) % tagged)
        return self.plan.take(np.flatnonzero(own))

    def _beside(self, own: Bools, others: Bools, size: int) -> Bools:
        """Choose others that go into requests which are needed anyway."""
        room = -np.bincount(self.value[own], minlength=len(self.first)) % size
        count = np.cumsum(others)
        before: Ints = (count - others)[self.first]
        chosen: Bools = others & (count - before[self.value] <= room[self.value])
        return chosen

    def _whole(self, others: Bools, room: int) -> Bools:
        """Choose others that cost no request more now than later: all of a value."""
        sizes, chosen = np.bincount(self.value[others]), []
        for value in np.argsort(-sizes, kind="stable"):
            if 0 < sizes[value] <= room:
                chosen.append(value)
                room -= int(sizes[value])
        return others & np.isin(self.value, chosen)


class Pool:
    """All planned ratings, and what became of each.

    A letter that is written takes along equal ratings of the others, as far as its
    requests have room: few ratings of one letter are equal, many of a library are.
    The tag goes to many items whatever their ratings; what room its last request has
    is filled as well.
    Once a request has failed, every letter goes alone, so that what is wrong with
    one letter stops no other.
    """

    def __init__(
        self,
        plans: Mapping[str, Sequence[PhasePlan]],
        *,
        is_shared: bool = True,
        tagged: int = 1,
    ) -> None:
        """Lay out the plans of each letter; one request tags so many items."""
        self._tagged = tagged
        self._letters = list(plans)
        self._is_shared = is_shared and len(plans) > 1
        phases = sorted({plan.phase for own in plans.values() for plan in own})
        self._queues = {phase: self._queue_of(phase, plans) for phase in phases}

    def _queue_of(
        self, phase: Phase, plans: Mapping[str, Sequence[PhasePlan]]
    ) -> _Queue:
        chosen = [
            (number, plan)
            for number, own in enumerate(plans.values())
            for plan in own
            if plan.phase is phase
        ]
        plan = PhasePlan.joined([plan for _, plan in chosen])
        letters, lengths = zip(*((n, len(plan)) for n, plan in chosen), strict=True)
        order = np.argsort(plan.after, kind="stable")
        return _Queue(
            plan.take(order),
            np.repeat(letters, lengths)[order],
            np.full(len(plan), WriteOutcome.LEFT, np.int8),
        )

    def take_next(self, letter: str, size: int) -> list[PhasePlan]:
        """Return what is left to write of a letter, phase after phase.

        What requests of this size leave free, equal ratings of other letters fill.
        """
        number = self._letters.index(letter)
        return [
            queue.take_next(number, size, self._tagged, is_shared=self._is_shared)
            for queue in self._queues.values()
        ]

    def settle(
        self, phase: Phase, keys: Ints, outcome: WriteOutcome | NDArray[np.int8]
    ) -> None:
        """Note what became of planned ratings."""
        queue = self._queues[phase]
        queue.outcome[queue.rows_of(keys)] = outcome

    def count(self, letter: str, outcome: WriteOutcome) -> int:
        """Return how many ratings of a letter came to that."""
        number = self._letters.index(letter)
        return sum(
            int(np.count_nonzero((queue.letter == number) & (queue.outcome == outcome)))
            for queue in self._queues.values()
        )

    def by_letter(self, phase: Phase, keys: Ints) -> dict[str, int]:
        """Return how many of these planned ratings belong to each letter."""
        queue = self._queues[phase]
        counts = np.bincount(queue.letter[queue.rows_of(keys)])
        return {self._letters[n]: int(counts[n]) for n in np.flatnonzero(counts)}

    def stop_sharing(self) -> bool:
        """Let every letter go alone from now on; return whether they shared so far."""
        was_shared, self._is_shared = self._is_shared, False
        return was_shared


def windows(
    plans: Sequence[PhasePlan], copies: Sequence[Ints], size: int, width: int = MOST_IDS
) -> Iterator[list[PhasePlan]]:
    """Cut plans into stretches that are looked at in one go, in their order.

    Ratings that share a write, of at most `size`, stay together. One look covers
    `width` items; `copies` says of each plan how many items share each rating.
    """
    window: dict[int, list[Ints]] = {}
    room = width
    for number, (plan, shared) in enumerate(zip(plans, copies, strict=True)):
        waiting = [(int(shared[rows].sum()), rows) for rows in _writes(plan, size)]
        waiting.sort(key=lambda one: one[0])
        while waiting:
            fits = bisect_right(waiting, room, key=lambda one: one[0])
            if window and not fits:
                yield _taken(plans, window)
                window, room = {}, width
                continue
            needed, rows = waiting.pop(fits - 1)
            window.setdefault(number, []).append(rows)
            room -= needed
    if window:
        yield _taken(plans, window)


def _writes(plan: PhasePlan, size: int) -> Iterator[Ints]:
    """Yield the rows of each write: of one value, and no more than it may have."""
    order = np.argsort(plan.after, kind="stable")
    borders = np.flatnonzero(np.diff(plan.after[order])) + 1
    for group in np.split(order, borders):
        yield from chunks(group, size)


def _taken(
    plans: Sequence[PhasePlan], window: dict[int, list[Ints]]
) -> list[PhasePlan]:
    return [plans[number].take(np.concatenate(rows)) for number, rows in window.items()]
