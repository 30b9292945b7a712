"""Trying out on two items what a server can be trusted with, before it matters."""

import time
from dataclasses import dataclass, replace

import numpy as np

from engine.capabilities import COARSE, RATING_ONLY, Capabilities, EditMode
from engine.edits import Edit, latest_date
from engine.errors import LibraryChanging, PlexUnreachable
from engine.estimates import Estimates
from engine.evidence import LibraryView
from engine.library import Level
from engine.planning.batches import Batch, ItemStates
from engine.rating_scale import STEP, TOLERANCE, Floats
from tasks.record.capabilities import record_capabilities
from tasks.record.rows import in_doubt
from tasks.runtime.context import RunContext
from tasks.sync.trial_cleanup import (
    CANARY,
    FIRST,
    SECOND,
    TRIAL,
    clean_up_trials,
    folded,
    near,
)
from tasks.sync.trial_items import PHASES, trial_items

LONGEST_NAME = 64
"""Letters of a run's name on record."""


@dataclass(frozen=True)
class Probe:
    """What came of a trial."""

    capabilities: Capabilities
    marred: tuple[int, ...] = ()
    """The keys of items that the server would not give back as they were."""


def probe(context: RunContext, *parts: LibraryView) -> Probe | None:
    """Find out how the server may be written to, and leave all as it was.

    Two unrated items are rated and tagged together, read back, and restored; intents
    come first as ever. The verdict is recorded for this version of the server.

    Args:
        context: The context of a live run.
        parts: Where the two items may be looked for.

    Returns:
        None if there are no two items to try it on.

    Raises:
        PlexUnreachable: The trial broke off; another may be made.
        LibraryChanging: A person was at work on the two items.
    """
    clean_up_trials(context)
    if context.gateway.obeys_ids():
        found = trial_items(context, parts)
        if found is None:
            return None
        came = _Trial(context, *found).run()
    else:  # an edit of two items would be one of the whole library
        came = Probe(RATING_ONLY)
    gateway = context.gateway
    server, version = gateway.identity.server, gateway.version
    record_capabilities(context.store, server, version, came.capabilities)
    context.executor.capabilities = came.capabilities
    return came


class _Trial:
    """One trial on two items of a level, both unrated, untagged and unlocked."""

    def __init__(self, context: RunContext, level: Level, before: ItemStates) -> None:
        self._context = context
        self._level = level
        self._before = before
        self._now = before
        tag = context.settings.inferred_tag
        self._tags: tuple[str, ...] = (CANARY, tag) if tag else ()
        self._name = f"{TRIAL}{context.run_id}"[:LONGEST_NAME]

    def run(self) -> Probe:
        """Try everything out, and restore the items."""
        try:
            return self._run()
        except PlexUnreachable:
            sent = in_doubt(self._intended, self._name, time.time())
            self._context.store.record_in_doubt(self._level, sent)
            raise

    def _run(self) -> Probe:
        # On a server that rounds, what arrives is this, and still known as ours.
        self._record_intents(FIRST, np.full(len(self._before.key), round(FIRST, 1)))
        self._edit(adds=self._tags[:1])
        self._edit(rates=True, points=FIRST, adds=self._tags[1:])
        self._keep()
        self._look()
        able = Capabilities(self._rating(), self._tagging())
        # Plex's own apps rate like this; it also sets the date that a guard needs.
        self._context.gateway.rate_one(int(self._before.key[0]), FIRST)
        self._look()
        is_fine = abs(self._now.rating[0] - FIRST) <= TOLERANCE
        able = replace(able, step=STEP if is_fine else COARSE)
        if able.rating is EditMode.BATCH:
            able = replace(able, has_conditional_edits=self._is_spared())
        return self._restored(able)

    def _rating(self) -> EditMode:
        rated = near(self._now.rating, FIRST) & ~self._now.rating_locked
        return EditMode.BATCH if rated.all() else EditMode.SINGLE

    def _tagging(self) -> EditMode:
        if not self._tags:
            return EditMode.BATCH
        moods = zip(self._before.moods, self._now.moods, strict=True)
        given = [(folded(before), folded(now)) for before, now in moods]
        canary, tag = map(str.casefold, self._tags)
        has = [tag in now for _, now in given]
        kept = all(before | {canary} <= now for before, now in given if now - before)
        if not any(has) or not kept or self._now.mood_locked.any():
            return EditMode.UNSUPPORTED
        return EditMode.BATCH if all(has) else EditMode.SINGLE

    def _is_spared(self) -> bool:
        """Say whether a guarded edit leaves alone what was rated since."""
        self._record_intents(SECOND, self._now.rating)
        self._edit(rates=True, points=SECOND, conditional=True)
        self._keep()
        self._look()
        return not near(self._now.rating, SECOND)[0]

    def _restored(self, able: Capabilities) -> Probe:
        """Give the items back as they were."""
        until = latest_date(self._now.rated_at)
        if able.rating is EditMode.BATCH:
            self._edit(
                rates=True,
                rated_until=until,
                conditional=able.has_conditional_edits,
            )
            self._look()
        rated = ~np.isnan(self._now.rating)
        if rated.any():
            # A guard that lets nothing pass is of no use either.
            able = replace(able, has_conditional_edits=False)
            for key in self._now.key[rated].tolist():
                self._context.gateway.rate_one(key, None)
        if able.tagging is EditMode.BATCH:
            self._edit(drops=self._tags)
        else:
            self._restore_moods()
        self._look()
        marred = self._marred()
        if np.isnan(self._now.rating).all():
            self._context.store.forget(self._level, self._before.guid.tolist())
        return Probe(able, marred)

    def _restore_moods(self) -> None:
        for key, moods in zip(self._before.key, self._before.moods, strict=True):
            edit = Edit(self._level, np.array([key]), adds=moods, drops=self._tags)
            self._context.gateway.edit(edit)

    def _marred(self) -> tuple[int, ...]:
        before, now = self._before, self._now
        pairs = zip(before.moods, now.moods, strict=True)
        whole = np.array([folded(then) == folded(own) for then, own in pairs], np.bool_)
        whole &= np.isnan(now.rating) & ~now.mood_locked & ~now.rating_locked
        return tuple(now.key[~whole].tolist())

    def _look(self) -> None:
        """Look at the items; whoever else is at work there comes first."""
        now = self._context.gateway.fetch_items(self._before.key)[self._level]
        ours = np.isnan(now.rating) | near(now.rating, FIRST)
        ours |= near(now.rating, SECOND)
        if len(now.key) != len(self._before.key) or not ours.all():
            raise LibraryChanging(
                "The items with which the server was tried changed meanwhile."
            )
        self._now = now

    def _record_intents(self, points: float, or_else: Floats) -> None:
        """Put on record that the items hold points, or else others, and are ours."""
        before = self._before
        batch = Batch(
            phase=PHASES[self._level],
            after=points,
            rating_locked=False,
            key=before.key,
            guid=before.guid,
            planned=before.key,
            before=or_else,
            rated_until=0,
            estimates=Estimates.plain(before.rating, np.zeros(len(before.key), int)),
        )
        context, tag = self._context, "".join(self._tags[1:])
        context.store.record_intents([batch], before, tag, self._name, time.time())
        self._intended = batch

    def _keep(self) -> None:
        """Note that Plex accepted what was intended: it will not arrive later."""
        self._context.store.acknowledge(self._intended, time.time())

    def _edit(
        self,
        *,
        rates: bool = False,
        points: float | None = None,
        adds: tuple[str, ...] = (),
        drops: tuple[str, ...] = (),
        rated_until: int = 0,
        conditional: bool = False,
    ) -> None:
        if rates or adds or drops:
            self._context.before_write()
            edit = Edit(
                self._level,
                self._before.key,
                rates=rates,
                points=points,
                adds=adds,
                drops=drops,
                rated_until=rated_until,
            )
            self._context.gateway.edit(edit, conditional=conditional)
