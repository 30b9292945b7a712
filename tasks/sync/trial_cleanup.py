"""A trial of the server that broke off is made good before anybody wonders whose."""

from collections.abc import Iterable, Sequence

import numpy as np

from engine.capabilities import COARSE
from engine.edits import Edit
from engine.library import Level
from engine.planning.batches import ItemStates
from engine.rating_scale import Bools, Floats, same, unreadable
from tasks.record.rows import Intent, IntentState
from tasks.runtime.context import RunContext

TRIAL = "trial "
"""What the runs are called under which a trial intents its writes."""

CANARY = "plexbayes canary"
"""A mood that only exists while a server is tried."""

FIRST, SECOND = 7.33, 3.3
"""Points that no person gives; they only stand in Plex during a trial."""


def near(rating: Floats, points: float) -> Bools:
    """Say where a server kept points, be it with one decimal."""
    kept: Bools = np.abs(rating - points) <= COARSE / 2
    return kept


def clean_up_trials(context: RunContext) -> bool:
    """Give the items back that a trial left rated or tagged when it broke off.

    Where nothing is left of a trial, that costs no request.

    Returns:
        Whether anything was given back, or forgotten.

    Raises:
        PlexUnreachable: It broke off again; the intents still stand.
    """
    is_changed = False
    for level in Level:
        trials = _of_trials(context.store.intents(level))
        if not trials:
            continue
        intended = {one.guid for one in trials if one.state != IntentState.IN_DOUBT}
        left = {one.guid: one.key for one in trials}
        guids = {key: guid for guid, key in left.items()}
        look = context.gateway.fetch_items(np.array(list(guids), np.int64))[level]
        # Who is not there, or goes by another name, may come back as it was.
        pairs = zip(look.key.tolist(), look.guid, strict=True)
        here = np.array([guids[key] == guid for key, guid in pairs], np.bool_)
        # So may a rating that cannot be read.
        look = look.take(np.flatnonzero(here & ~unreadable(look.rating)))
        is_changed |= _give_back(context, level, look)
        kept = [guid for guid in look.guid if guid in intended]
        context.store.forget(level, kept)
        is_changed |= bool(kept)
    return is_changed


def _of_trials(intents: Sequence[Intent]) -> list[Intent]:
    """Return what was intended, or sent, for a trial."""
    return [intent for intent in intents if intent.run_id.startswith(TRIAL)]


def folded(moods: Iterable[str]) -> set[str]:
    """Return moods as Plex tells them apart: whatever their case."""
    return {mood.casefold() for mood in moods}


def _give_back(context: RunContext, level: Level, look: ItemStates) -> bool:
    """Take ratings and tags off one by one: this server was never found out.

    What a run rated since is rated anew by the next one, and keeps its tag. Say
    whether there was anything to do.
    """
    writes = context.gateway.writes
    since = _rated_since(context, level, look.guid.tolist())
    held = np.array([since.get(guid, np.nan) for guid in look.guid], np.float64)
    ours = near(look.rating, FIRST) | near(look.rating, SECOND)
    ours &= ~same(look.rating, held)
    marks = context.store.marks(level, look.guid.tolist())
    tags = {context.settings.inferred_tag, *(mark.tag for mark in marks)} - {""}
    for row, key in enumerate(look.key.tolist()):
        context.before_write()
        if ours[row]:
            context.gateway.rate_one(key, None)
        given = {CANARY} if look.guid[row] in since else {CANARY, *tags}
        if folded(given) & folded(look.moods[row]):
            context.gateway.edit(
                Edit(
                    level,
                    look.key[[row]],
                    drops=tuple(sorted(given)),
                    mood_locked=bool(look.mood_locked[row]),
                )
            )
    return context.gateway.writes > writes


def _rated_since(
    context: RunContext, level: Level, guids: Sequence[str]
) -> dict[str, float]:
    """Return what a run gave, or intended, after the trial, by guid."""
    rated = {row.guid: row.value for row in context.store.shadows(level, guids)}
    intended = context.store.intents(level, guids)
    return rated | {
        row.guid: row.after
        for row in intended
        if row.state != IntentState.IN_DOUBT
        and row.after is not None
        and not row.run_id.startswith(TRIAL)
    }
