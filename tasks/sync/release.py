"""Letting go: of what persons took over, and of what a stopped run only began."""

from contextlib import suppress

import numpy as np

from engine.errors import PlexbayesError
from engine.evidence import LibraryView
from engine.library import Level
from engine.ownership import Owner
from engine.planning.undo_plan import reversals
from engine.rating_scale import Ints
from tasks.plex.parsing import texts
from tasks.runtime.context import RunContext
from tasks.sync.reconcile import tags_of
from tasks.sync.tag_check import restore_lost_moods


def release(context: RunContext, part: LibraryView, level: Level) -> int:
    """Give up the ratings of a level that persons took over; return how many."""
    view = part[level]
    taken = view.ownership.owner == Owner.TAKEN_OVER
    guids = {str(guid) for guid in view.items.guid[taken]}
    if not guids:
        return 0
    tags = tags_of(context, level, sorted(guids))
    keys = sorted(tags)
    for start in range(0, len(keys), context.batch_size):
        chunk = np.array(keys[start : start + context.batch_size], np.int64)
        context.before_write()
        look = context.gateway.fetch_items(chunk)[level]
        drops = texts([tags[key] for key in look.key.tolist()])
        stays = np.zeros(len(look.key), np.bool_)
        for edit in reversals(level, look, stays, drops):
            context.executor.apply(edit)
    context.store.forget(level, sorted(guids))
    return len(guids)


def rollback_tags(context: RunContext, level: Level, keys: Ints) -> None:
    """Take the tag off items that are not rated after all, and forget the intent.

    Where Plex cannot be reached, the intent stands, and the next run goes on.

    Args:
        context: The tools of a run that ends here.
        level: The level of all the items.
        keys: The items that this run tagged; some are rated by now.
    """
    with suppress(PlexbayesError):
        restore_lost_moods(context)
        look = context.gateway.fetch_items(keys)[level]
        look = look.take(np.flatnonzero(np.isnan(look.rating) & look.has_tag))
        nothing = np.zeros(len(look.key), np.bool_)
        drops = texts([(context.tag,)] * len(look.key))
        for edit in reversals(level, look, nothing, drops):
            context.executor.apply(edit)
        context.store.discard_intents(level, look.guid.tolist())
