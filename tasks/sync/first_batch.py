"""A few items that are written with care, since nobody knows this server yet."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from engine.capabilities import COARSE
from engine.edits import Edit
from engine.errors import LibraryChanging, PlexUnreachable
from engine.planning.batches import Batch, ItemStates
from engine.planning.first_batch import coarse_reading, tells_step
from engine.rating_scale import Bools, Floats, rounded, same
from tasks.record.rows import in_doubt, tags_in_doubt
from tasks.runtime.context import RunContext


class FirstBatch:
    """A few unrated, untagged, unlocked items of a level, and their ratings."""

    def __init__(
        self, context: RunContext, before: ItemStates, writes: Sequence[Batch]
    ) -> None:
        self.before = before
        self.now = before
        """As the items were at the last look."""
        self.tag = context.settings.inferred_tag
        self._writes = writes
        self._context = context
        self._store = context.store
        self._level = writes[0].phase.level

    @property
    def points(self) -> Floats:
        """What each of the items is to hold."""
        points = np.empty(len(self.before.key))
        for batch in self._writes:
            points[np.isin(self.before.key, batch.key)] = batch.after
        return points

    @property
    def is_together(self) -> bool:
        """Whether one request rates more than one of them."""
        return any(len(batch) > 1 for batch in self._writes)

    @property
    def one(self) -> Bools:
        """Which of them tells best how finely the server keeps ratings."""
        chosen = np.zeros(len(self.before.key), np.bool_)
        chosen[tells_step(self.points).argmax()] = True
        return chosen

    @property
    def arrived(self) -> Bools:
        """Which items hold their rating, be it with one decimal."""
        arrived: Bools = np.abs(self.now.rating - self.points) <= COARSE / 2
        return arrived

    @property
    def is_exact(self) -> bool:
        """Whether all ratings are as they were written."""
        return bool(same(self.now.rating, self.points).all())

    @property
    def moods(self) -> list[tuple[set[str], set[str]]]:
        """The moods of each item, before and now, whatever their case."""
        pairs = zip(self.before.moods, self.now.moods, strict=True)
        return [(folded(before), folded(now)) for before, now in pairs]

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Record what the block is about to write, and what came of it.

        Until it has ended, the record also explains what a server that keeps one
        decimal would make of the ratings.
        """
        for batch in self._writes:
            if tells_step(np.array(batch.after)):
                kept = float(coarse_reading(np.array(batch.after)))
                self._record_in_doubt(replace(batch, after=kept))
        self.record_intents(self.tag)
        try:
            yield
        except PlexUnreachable:
            for batch in self._writes:
                self._record_in_doubt(batch)
            self._record_tag_in_doubt()
            raise
        if not self.is_exact:
            self._intend_what_is_seen()
        for batch in self._writes:
            self._store.acknowledge(batch, time.time())
        self._store.drop_in_doubt(self._level, self.before.guid.tolist())

    def record_intents(self, tag: str) -> None:
        """Record the ratings that the items are to get, and the tag; empty: none."""
        run_id, now = self._context.run_id, time.time()
        self._store.record_intents(self._writes, self.before, tag, run_id, now)

    def look(self) -> None:
        """Look at the items.

        Raises:
            LibraryChanging: Somebody else is at work on them, and comes first.
        """
        now = self._context.gateway.fetch_items(self.before.key)[self._level]
        is_whole = len(now.key) == len(self.before.key)
        self.now = now if is_whole else self.now
        if not is_whole or not (np.isnan(now.rating) | self.arrived).all():
            raise LibraryChanging("The first items to be written changed meanwhile.")

    def rate(self, *, guarded: bool) -> bool:
        """Rate the items in batches; say whether all ratings arrived."""
        for batch in self._writes:
            chosen = np.isin(self.before.key, batch.key)
            self._edit(chosen, rates=True, points=batch.after, guarded=guarded)
        self.look()
        return bool(self.arrived.all())

    def rate_singly(self, chosen: Bools) -> None:
        """Rate some of the items as Plex's own apps do, and look."""
        wanted = zip(self.before.key[chosen], self.points[chosen], strict=True)
        for key, points in wanted:
            self._context.before_write()
            self._context.gateway.rate_one(int(key), float(points))
        self.look()

    def clear_guarded(self, chosen: Bools) -> None:
        """Clear some of the items, but only if nobody ever rated them, and look."""
        self._edit(chosen, rates=True, points=None, guarded=True)
        self.look()

    def give_tag(self, chosen: Bools) -> None:
        """Give some of the items the tag in one request, and look."""
        self._edit(chosen, adds=(self.tag,))
        self.look()

    def restore_moods(self) -> None:
        """Give each item the moods back that it had."""
        for row, moods in enumerate(self.before.moods):
            chosen = np.arange(len(self.before.key)) == row
            self._edit(chosen, adds=moods, drops=(self.tag,))

    def _edit(
        self,
        chosen: Bools,
        *,
        rates: bool = False,
        points: float | None = None,
        adds: tuple[str, ...] = (),
        drops: tuple[str, ...] = (),
        guarded: bool = False,
    ) -> None:
        self._context.before_write()
        key = self.before.key[chosen]
        edit = Edit(
            self._level, key, rates=rates, points=points, adds=adds, drops=drops
        )
        self._context.gateway.edit(edit, conditional=guarded)

    def _record_in_doubt(self, batch: Batch) -> None:
        sent = in_doubt(batch, self._context.run_id, time.time())
        self._store.record_in_doubt(self._level, sent)

    def _record_tag_in_doubt(self) -> None:
        if self.tag:
            edit = Edit(self._level, self.before.key, adds=(self.tag,))
            guids, run_id = self.before.guid, self._context.run_id
            sent = tags_in_doubt(edit, guids, run_id, time.time())
            self._store.record_in_doubt(self._level, sent)

    def _intend_what_is_seen(self) -> None:
        """Intend what the server made of the ratings; the run goes on from there."""
        seen = dict(zip(self.now.key.tolist(), rounded(self.now.rating), strict=True))
        self._writes = [
            replace(one, after=float(seen[one.key[0]]))
            for batch in self._writes
            for one in batch.singles()
        ]
        self.record_intents(self.tag if self.now.has_tag.any() else "")


def folded(moods: Iterable[str]) -> set[str]:
    """Return moods as Plex tells them apart: whatever their case."""
    return {mood.casefold() for mood in moods}
