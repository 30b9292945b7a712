"""Writing one letter: fetch states, record intents, tag, rate, acknowledge."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.classic import Phase
from engine.edits import Edit
from engine.errors import PlexRefused, PlexUnreachable, RunStopped, in_phase
from engine.evidence import LibraryView
from engine.library import Level
from engine.planning.batch_sharing import Pool, windows
from engine.planning.batches import (
    MOST_IDS,
    Batch,
    ItemStates,
    Writable,
    WriteOutcome,
    batches,
    filter_writable,
    tag_edits,
)
from engine.planning.plan import PhasePlan
from engine.rating_scale import Ints
from engine.reports.run_report import LetterResult
from tasks.runtime.context import RunContext, Step
from tasks.sync.hands_off import take_back
from tasks.sync.record_lookup import (
    record_in_doubt,
    record_tag_in_doubt,
    record_view_of,
    recorded,
)
from tasks.sync.tags import (
    release,
    restore_lost_moods,
    rollback_tags,
    try_tag_on_one_item,
)

STATES_LAST = {False: 3.0, True: 10.0}
"""Seconds for which fetched states are trusted: longer where Plex guards ratings."""
WINDOW = {False: MOST_IDS, True: 12 * MOST_IDS}
"""Items whose states are fetched in one go, likewise."""


def write_letter(
    context: RunContext,
    letter: str,
    everything: LibraryView,
    part: LibraryView,
    pool: Pool,
) -> LetterResult:
    """Write the plans of one letter in the order of their phases.

    Safe to repeat. If a request fails in which other letters had a share, the letter
    goes on alone at once: the error may be theirs. An item may share its rating with
    one under another letter, so the whole library is looked at: both get the tag.

    Raises:
        PlexUnreachable: The outcome of the last request is unknown; the look
            with which the next attempt begins settles it.
        RunStopped: A person asked the run to stop.
    """
    with context.writer, context.timed():
        context.cancellation.checkpoint()
        restore_lost_moods(context)
        tools = context, everything, part
        released = sum(release(*tools, level) for level in Level)
        taken_back = sum(take_back(*tools, level) for level in Level)
        write_planned(context, letter, everything, pool)
    return LetterResult(
        written=pool.count(letter, WriteOutcome.WRITTEN),
        released=released,
        taken_back=taken_back,
        taken_over=pool.count(letter, WriteOutcome.TAKEN_OVER),
        gone=pool.count(letter, WriteOutcome.GONE),
    )


def write_planned(
    context: RunContext, letter: str, everything: LibraryView, pool: Pool
) -> None:
    """Write the plans of one letter, and nothing beyond them; see `write_letter`."""
    writer = _Writer(context, everything, pool)
    try:
        writer.write_all(letter)
    except (PlexUnreachable, PlexRefused):
        if not pool.stop_sharing():
            raise
        writer.write_all(letter)


@dataclass(frozen=True, eq=False)
class _Found:
    """What a look says of one phase's plan."""

    phase: Phase
    look: ItemStates
    writable: Writable


@dataclass(frozen=True, eq=False)
class _Writer:
    """Writes window by window, and notes what becomes of every rating."""

    context: RunContext
    everything: LibraryView
    pool: Pool
    tagged: set[int] = field(default_factory=set)
    """Keys that were given the tag already."""

    @property
    def _is_guarded(self) -> bool:
        return self.context.executor.capabilities.guards_ratings

    def write_all(self, letter: str) -> None:
        """Write what is left of a letter, and what goes along with it."""
        plans = self.pool.take_next(letter, self.context.batch_size)
        views = [self.everything[plan.phase.level] for plan in plans]
        copies = [
            view.copies(view.items.rows_of(plan.key))
            for view, plan in zip(views, plans, strict=True)
        ]
        width = WINDOW[self._is_guarded]
        for window in windows(plans, copies, self.context.batch_size, width):
            self._write(window)

    def _write(self, window: Sequence[PhasePlan]) -> None:
        """Write what one look covers; once that is out of date, look again."""
        due = list(window)
        while any(map(len, due)):
            with in_phase(", ".join(plan.phase.label for plan in due if len(plan))):
                due = self._write_fresh(due)

    def _write_fresh(self, due: Sequence[PhasePlan]) -> list[PhasePlan]:
        """Look, and write until the look is out of date; return what is left."""
        self.context.before_write()
        looks = self.context.gateway.fetch_items(self._keys(due))
        valid_until = self.context.machine.elapsed() + STATES_LAST[self._is_guarded]
        found = [self._admit(plan, looks[plan.phase.level]) for plan in due]
        writes, affected_items = self._record_intents(found), _by_level(found)
        try:
            is_first = not self._tag(affected_items)
            left = self._write_until(valid_until, writes, is_first=is_first)
        except RunStopped:
            tagged = np.array(sorted(self.tagged), np.int64)
            for level, look in affected_items.items():
                rollback_tags(self.context, level, np.intersect1d(look.key, tagged))
            raise
        return [plan.only(left) for plan in due]

    def _keys(self, plans: Sequence[PhasePlan]) -> Ints:
        """Return the keys of planned items and of all that share a guid with them."""
        keys = [np.empty(0, np.int64)]
        for plan in plans:
            view = self.everything[plan.phase.level]
            rows = view.together(view.items.rows_of(plan.key))
            keys.append(view.items.key[rows])
        return np.unique(np.concatenate(keys))

    def _admit(self, plan: PhasePlan, look: ItemStates) -> _Found:
        """Find out what may still be written, and note what may not."""
        known = recorded(self.context.store, plan.phase.level, set(look.guid))
        record_view = record_view_of(look, known)
        tagged = bool(self.context.tag_for(plan.phase.level))
        found = filter_writable(plan, look, record_view, tagged=tagged)
        self.pool.settle(plan.phase, plan.key, found.outcome)
        return _Found(plan.phase, look, found)

    def _record_intents(self, found: Sequence[_Found]) -> list[Batch]:
        """Put on record what is about to be written, and return it."""
        context, now = self.context, self.context.machine.now()
        intended: list[Batch] = []
        for one in found:
            affected = one.look.take(one.writable.affected_items)
            own = list(
                batches(one.phase, one.writable, one.look, context.rated_at_once)
            )
            context.store.record_intents(
                *(own, affected, context.tag_for(one.phase.level)),
                *(context.run_id, now),
            )
            intended += own
        return intended

    def _tag(self, affected_items: dict[Level, ItemStates]) -> bool:
        """Tag what is about to be rated, before it is; say if that took a request."""
        is_needed = False
        for level, look in affected_items.items():
            if not self.context.tag_for(level):
                continue
            checked = try_tag_on_one_item(self.context, level, look, self._give_tag)
            if checked is None:
                break
            self.tagged.update(checked.tolist())
            new = [key not in self.tagged for key in look.key.tolist()]
            untagged = look.take(np.flatnonzero(new))
            for edit in tag_edits(level, untagged, self.context.tag):
                if is_needed:
                    self.context.before_write()
                self._give_tag(edit, untagged)
                self.tagged.update(edit.key.tolist())
                is_needed = True
        return is_needed

    def _give_tag(self, edit: Edit, look: ItemStates) -> None:
        try:
            self.context.executor.apply(edit)
        except PlexUnreachable:
            record_tag_in_doubt(self.context, edit, look)
            raise

    def _write_until(
        self, valid_until: float, writes: Sequence[Batch], *, is_first: bool
    ) -> set[str]:
        """Write batches while their states are fresh; return the guids left.

        The first one is written in any case: its turn came before the look.
        """
        left: set[str] = set()
        for batch in writes:
            if not is_first:
                self.context.before_write()
            if is_first or self.context.machine.elapsed() < valid_until:
                with in_phase(batch.phase.label):
                    self._rate(batch)
            else:
                left |= set(batch.guid)
            is_first = False
        return left

    def _rate(self, batch: Batch) -> None:
        context = self.context
        try:
            gone = context.executor.apply(batch.edit)
        except PlexUnreachable:
            record_in_doubt(context, batch)
            raise
        if gone:  # it was alone, and nothing came of it; what stood there may still
            unrated = batch.guid[np.isnan(batch.before)]
            context.store.discard_intents(batch.phase.level, unrated.tolist())
            self.pool.settle(batch.phase, batch.planned, WriteOutcome.GONE)
            return
        context.store.acknowledge(batch, context.machine.now())
        self.pool.settle(batch.phase, batch.planned, WriteOutcome.WRITTEN)
        for letter, items in self.pool.by_letter(batch.phase, batch.planned).items():
            context.watch(Step(letter, batch.phase.label, items))


def _by_level(found: Sequence[_Found]) -> dict[Level, ItemStates]:
    """Return all items that will bear one of the ratings, each once."""
    rows: dict[Level, list[Ints]] = {}
    looks: dict[Level, ItemStates] = {}
    for one in found:
        rows.setdefault(one.phase.level, []).append(one.writable.affected_items)
        looks[one.phase.level] = one.look
    return {
        level: looks[level].take(np.unique(np.concatenate(own)))
        for level, own in rows.items()
    }
