"""Putting ratings that stand in Plex onto the record as ours."""

import time

from engine.library import Level, Library
from engine.planning.batches import MOST_IDS
from engine.rating_scale import Ints, rounded
from tasks.runtime.context import RunContext, Step
from tasks.sync.reconcile import UNKNOWN_PHASE, Given, shadow_rows_of


def own_tags(context: RunContext, level: Level, keys: Ints) -> None:
    """Note that items got our tag from us, whether or not a rating followed."""
    context.watch(Step(total=len(keys)))
    for start in range(0, len(keys), MOST_IDS):
        context.cancellation.checkpoint()
        some = keys[start : start + MOST_IDS]
        look = context.gateway.fetch_items(some)[level]
        context.store.mark_as_ours(level, look, context.settings.inferred_tag)
        context.watch(Step(phase=f"record {level.word}s", items=len(some)))


def adopt(context: RunContext, library: Library, level: Level, rows: Ints) -> None:
    """Put ratings that stand in Plex onto the record as ours."""
    items = library.listed(level).take(rows)
    own_tags(context, level, items.key)
    values, now = rounded(items.rating).tolist(), time.time()
    given = {
        guid: Given(UNKNOWN_PHASE, context.run_id, value, now)
        for guid, value in zip(items.guid, values, strict=True)
    }
    shadows = shadow_rows_of(library, level, rows, given)
    context.store.confirm(level, list({row.guid: row for row in shadows}.values()))
