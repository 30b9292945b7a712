"""The first batch to a server that is not known yet shows how it may be written to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.edits import COARSE, RATING_ONLY, Capabilities, EditMode
from engine.evidence import LibraryView
from engine.library import Level
from engine.planning.batches import MOST_IDS, batches, filter_writable
from engine.planning.first_batch import first_batch, first_candidates, tells_step
from engine.planning.plan import PhasePlan
from engine.rating_scale import STEP
from tasks.record.runs import record_capabilities
from tasks.runtime.context import RunContext
from tasks.sync.first_batch import FirstBatch
from tasks.sync.record_lookup import record_view_of, recorded
from tasks.sync.tags import restore_lost_moods

SINGLE = EditMode.SINGLE


@dataclass(frozen=True)
class Probe:
    """What came of the first batch."""

    capabilities: Capabilities
    """What is recorded."""
    for_this_run: Capabilities
    """The same, but what could not be tried in a batch is written one by one."""
    damaged: tuple[int, ...] = ()
    """The keys of items whose moods or locks the server would not give back."""


def probe(
    context: RunContext, everything: LibraryView, plans: Sequence[PhasePlan]
) -> Probe | None:
    """Write the first few ratings of a plan, and see how the server takes them.

    They are written as planned, with an intent before and a look afterwards, and stay
    if they are as they should be. What the server was not seen to do well, a run does
    not ask of it. The verdict is recorded for this version of the server.

    Returns:
        None if there is nothing to write that would tell anything; then the run
        writes one by one.

    Raises:
        PlexUnreachable: An outcome is unknown; it may be tried again.
        LibraryChanging: A person was at work on the very items.
    """
    gateway = context.gateway
    restore_lost_moods(context)
    if gateway.obeys_ids():
        batch = _chosen(context, everything, plans)
        if batch is None:
            return None
        found = _write(context, batch)
    else:  # an edit of two items would be one of the whole library
        found = Probe(RATING_ONLY, RATING_ONLY)
    server, version = gateway.identity.server, gateway.version
    record_capabilities(context.store, server, version, found.capabilities)
    context.executor.capabilities = found.for_this_run
    return found


def _chosen(
    context: RunContext, everything: LibraryView, plans: Sequence[PhasePlan]
) -> FirstBatch | None:
    if not any(map(len, plans)):
        return None
    candidates = first_candidates(plans, everything)
    keys = np.concatenate([np.empty(0, np.int64), *(plan.key for plan in candidates)])
    looks = context.gateway.fetch_items(keys)
    levels = {plan.phase.level for plan in candidates}
    intended = {row.guid for level in levels for row in context.store.intents(level)}
    plan = first_batch(candidates, looks, intended)
    if plan is None:
        context.executor.capabilities = _one_by_one(context.executor.capabilities)
        return None
    level = plan.phase.level
    look = looks[level].take(np.flatnonzero(np.isin(looks[level].key, plan.key)))
    record_view = record_view_of(look, recorded(context.store, level, set(look.guid)))
    writable = filter_writable(plan, look, record_view)
    writes = list(batches(plan.phase, writable, look, MOST_IDS))
    return FirstBatch(context, look, writes)


def _one_by_one(able: Capabilities) -> Capabilities:
    """Return how to write in a run that could not try batches."""
    rating, tagging = min(able.rating, SINGLE), min(able.tagging, SINGLE)
    return replace(able, rating=rating, tagging=tagging)


def _write(context: RunContext, batch: FirstBatch) -> Probe:
    """Write the ratings, as well as the server can, and say how well that is."""
    with batch.recorded():
        tagging = _tagging(batch)
        if tagging is EditMode.UNSUPPORTED:
            batch.intend_without_tag()
        arrives_guarded = batch.rate(guarded=True)
        arrives = arrives_guarded or batch.rate(guarded=False)
        rating = EditMode.BATCH
        if not arrives or batch.is_locked(batch.now.rating_locked):
            rating = SINGLE
            batch.rate_singly(~batch.arrived)
        # Plex's own apps rate like this; it also sets the date that a guard needs.
        batch.rate_singly(batch.best)
        is_guardable = arrives_guarded and rating is EditMode.BATCH and batch.is_dated
        guards = is_guardable and batch.spares_what_was_rated_since(batch.best)
        step = STEP if batch.is_exact else COARSE
        found = Capabilities(rating, tagging, has_conditional_edits=guards, step=step)
        found = _with_what_was_known(context, batch, found)
        cautious = found
        if not any(len(write) > 1 for write in batch.writes):
            cautious = replace(cautious, rating=min(found.rating, SINGLE))
        if len(batch.points) == 1:
            cautious = replace(cautious, tagging=min(found.tagging, SINGLE))
        return Probe(found, cautious, batch.damaged())


def _with_what_was_known(
    context: RunContext, batch: FirstBatch, found: Capabilities
) -> Capabilities:
    """Trust a server no further where these items were no test."""
    known = context.executor.capabilities
    tells = bool(tells_step(batch.points)[batch.arrived].any())
    has_moods = bool(batch.tag) and any(map(len, batch.before.moods))
    is_tagging_seen = bool(batch.tag) and (has_moods or not _has_moods(context))
    is_together = any(len(write) > 1 for write in batch.writes)
    is_whole = tells and is_together and batch.is_dated
    is_seen = has_moods and len(batch.before.key) > 1
    return replace(
        found,
        rating=found.rating if is_together else min(found.rating, known.rating),
        tagging=found.tagging if is_seen else min(found.tagging, known.tagging),
        step=max(found.step, known.step) if not tells else found.step,
        is_step_seen=tells or found.step > STEP or known.is_step_seen,
        is_tagging_seen=is_tagging_seen or known.is_tagging_seen,
        is_assumed=not (is_whole and is_tagging_seen),
    )


def _has_moods(context: RunContext) -> bool:
    """Return whether any item of the library bears a mood that is not our tag."""
    ours = {context.settings.inferred_tag.casefold()}
    return any(context.gateway.tags(level, "mood").keys() - ours for level in Level)


def _tagging(batch: FirstBatch) -> EditMode:
    """Tag the items, and say how the server tags; leave no tag that does harm."""
    if not batch.tag:
        return EditMode.BATCH
    batch.give_tag(np.ones(len(batch.before.key), np.bool_))
    moods = batch.moods_then_and_now
    given = np.array([len(now - before) > 0 for before, now in moods])
    kept = all(before <= now for before, now in moods)
    if not given.any() or not kept or batch.is_locked(batch.now.mood_locked[given]):
        batch.restore_moods()
        return EditMode.UNSUPPORTED
    if given.all():
        return EditMode.BATCH
    for row in np.flatnonzero(~given):
        batch.give_tag(np.arange(len(given)) == row)
    return SINGLE
