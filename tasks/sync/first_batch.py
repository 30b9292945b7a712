"""A few items that are written with care, since nobody knows this server yet."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from engine.edits import Edit, latest_date
from engine.errors import LibraryChanging, NotThere, PlexUnreachable, RunStopped
from engine.planning.batches import Batch, ItemStates
from engine.planning.first_batch import becomes_half_star, coarse_readings, tells_step
from engine.rating_scale import Bools, Floats, rounded, same
from tasks.record.plex_changes import drop_moods, record_moods
from tasks.runtime.context import RunContext
from tasks.sync.record_lookup import record_in_doubt, record_tag_in_doubt
from tasks.sync.tags import folded, rollback_tags

STATES_LAST = 1.0
"""Seconds for which a look is trusted; a person may rate while a write is held."""


class FirstBatch:
    """A few unrated, untagged, unlocked items of a level, and their ratings."""

    def __init__(
        self, context: RunContext, before: ItemStates, writes: Sequence[Batch]
    ) -> None:
        self.before = self.now = before
        self.writes = writes
        self.points: Floats = np.empty(len(before.key))
        """What each of the items is to hold."""
        for batch in writes:
            self.points[np.isin(before.key, batch.key)] = batch.after
        self._context = context
        self._machine = context.machine
        self._looked_at = self._machine.elapsed()
        self._store = context.store
        self._level = writes[0].phase.level
        self.tag = context.wanted_tag(self._level)

    @property
    def best(self) -> Bools:
        """Which of them tells best how finely the server keeps ratings."""
        chosen = np.zeros(len(self.before.key), np.bool_)
        telling, risky = tells_step(self.points), becomes_half_star(self.points)
        chosen[(2 * telling - risky).argmax()] = True
        return chosen

    @property
    def arrived(self) -> Bools:
        """Which items hold their rating, perhaps rounded to one decimal."""
        arrived = same(self.now.rating, self.points)
        for kept in coarse_readings(self.points):
            arrived |= same(self.now.rating, kept) & tells_step(self.points)
        return arrived

    @property
    def is_exact(self) -> bool:
        """Whether all ratings that arrived are as they were written."""
        return bool(same(self.now.rating, self.points)[self.arrived].all())

    @property
    def is_dated(self) -> bool:
        """Whether the rating of the best one is known to be later than what was."""
        then, now = self.before.rated_at[self.best], self.now.rated_at[self.best]
        return bool((now > then).all())

    @property
    def moods_then_and_now(self) -> list[tuple[set[str], set[str]]]:
        """The moods of each item, in lower case: Plex ignores the case."""
        pairs = zip(self.before.moods, self.now.moods, strict=True)
        return [(folded(before), folded(now)) for before, now in pairs]

    def is_locked(self, locked: Bools) -> bool:
        """Return whether the server locked what was edited: all of it, if it does so.

        Raises:
            LibraryChanging: Only some are locked: a person did that, and comes first.
        """
        if locked.any() and not locked.all():
            raise LibraryChanging("An item was locked while it was being written.")
        return bool(locked.any())

    def damaged(self) -> tuple[int, ...]:
        """Return the keys of items whose other moods or locks are not as before."""
        tag = folded((self.tag,))
        kept = [now - tag == before for before, now in self.moods_then_and_now]
        whole = np.array(kept) & ~self.now.mood_locked & ~self.now.rating_locked
        return tuple(self.now.key[~whole].tolist())

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Record what the block is about to write, and what came of it.

        Until it has ended, the record also explains what a server that keeps one
        decimal would make of the ratings. What has not arrived then stays open.
        """
        began = self._machine.now()
        for batch in self.writes:
            if tells_step(np.array([batch.after])).all():
                for kept in coarse_readings(np.array([batch.after])):
                    reading = replace(batch, after=float(kept[0]))
                    record_in_doubt(self._context, reading)
        self._record_intents(self.writes, self.tag)
        if self.tag:
            record_moods(self._store, self._level, self.before)
        try:
            yield
        except PlexUnreachable:
            self._record_unanswered()
            raise
        except RunStopped:
            rollback_tags(self._context, self._level, self.before.key)
            raise
        self._record_what_arrived(began)

    def intend_without_tag(self) -> None:
        """Record the ratings again, for items that do not keep our tag."""
        self._store.forget(self._level, self.before.guid.tolist())
        self._record_intents(self.writes, "")

    def rate(self, *, guarded: bool) -> bool:
        """Rate the items in batches; say whether all ratings arrived."""
        for batch in self.writes:
            chosen = np.isin(self.before.key, batch.key)
            self._rate(chosen, batch.after, guarded=guarded)
        self._look()
        return bool(self.arrived.all())

    def rate_singly(self, chosen: Bools) -> None:
        """Rate some of the items as Plex's own apps do, and look."""
        for key, points in zip(
            self.before.key[chosen], self.points[chosen], strict=True
        ):
            self._before_write()
            try:
                self._context.gateway.rate_one(int(key), float(points))
            except NotThere as error:
                raise LibraryChanging(str(error)) from None
        self._look()

    def spares_what_was_rated_since(self, chosen: Bools) -> bool:
        """Return whether a guarded edit leaves alone what was rated since."""
        self._rate(chosen, None, guarded=True)
        self._look()
        if self.arrived.all():
            return True
        self.rate_singly(chosen)
        return False

    def give_tag(self, chosen: Bools) -> None:
        """Give some of the items the tag in one request, and look."""
        self._edit(Edit(self._level, self.before.key[chosen], adds=(self.tag,)))
        self._look()

    def restore_moods(self) -> None:
        """Give each item the moods back that it had, and look."""
        drops = (self.tag,)
        for row, moods in enumerate(self.before.moods):
            key = self.before.key[row : row + 1]
            self._edit(Edit(self._level, key, adds=moods, drops=drops))
        self._look()

    def _rate(self, chosen: Bools, points: float | None, *, guarded: bool) -> None:
        """Rate, or clear; perhaps only what was not rated since."""
        until = latest_date(self.before.rated_at[chosen]) if guarded else 0
        key = self.before.key[chosen]
        edit = Edit(self._level, key, rates=True, points=points, rated_until=until)
        self._edit(edit, conditional=guarded)

    def _edit(self, edit: Edit, *, conditional: bool = False) -> None:
        self._before_write()
        self._context.gateway.edit(edit, conditional=conditional)

    def _before_write(self) -> None:
        """Wait until a write is allowed; if that took time, look once more."""
        self._context.before_write()
        if self._machine.elapsed() > self._looked_at + STATES_LAST:
            self._look()
            self._context.ensure_lease()

    def _look(self) -> None:
        """Look at the items; fail if somebody else is at work on them, and first."""
        now = self._context.gateway.fetch_items(self.before.key)[self._level]
        self._looked_at = self._machine.elapsed()
        is_whole = len(now.key) == len(self.before.key)
        self.now = now if is_whole else self.now
        if not is_whole or not (np.isnan(now.rating) | self.arrived).all():
            raise LibraryChanging("The first items to be written changed meanwhile.")
        self.is_locked(now.rating_locked[np.isnan(now.rating)])

    def _record_intents(self, writes: Sequence[Batch], tag: str) -> None:
        run_id, now = self._context.run_id, self._machine.now()
        self._store.record_intents(writes, self.before, tag, run_id, now)

    def _record_unanswered(self) -> None:
        for batch in self.writes:
            record_in_doubt(self._context, batch)
        if self.tag:
            edit = Edit(self._level, self.before.key, adds=(self.tag,))
            record_tag_in_doubt(self._context, edit, self.before)

    def _record_what_arrived(self, began: float) -> None:
        """Intend what the server made of the ratings: the run goes on from there.

        What an earlier attempt sent may arrive yet, and stays in doubt.
        """
        arrived = self.now.key[self.arrived]
        seen = dict(zip(self.now.key.tolist(), rounded(self.now.rating), strict=True))
        here = [
            replace(one, after=float(seen[one.key[0]]))
            for batch in self.writes
            for one in batch.singles()
            if one.key[0] in arrived
        ]
        if not self.is_exact:
            self._record_intents(here, self.tag if self.now.has_tag.any() else "")
        for one in here:
            self._store.acknowledge(one, self._machine.now())
        drop_moods(self._store, self._level, self.now.key[self.now.has_tag].tolist())
        guids = self.before.guid[self.arrived]
        self._store.drop_in_doubt(self._level, guids.tolist(), began)
