"""Do items keep their moods when they are tagged? The first one shows it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.capabilities import EditMode
from engine.edits import Edit
from engine.library import Level
from engine.planning.batches import ItemStates, tag_edits
from engine.rating_scale import Ints
from tasks.runtime.context import RunContext
from tasks.sync.first_batch import folded


def keeps_moods(
    context: RunContext,
    level: Level,
    look: ItemStates,
    give_tag: Callable[[Edit, ItemStates], None],
) -> Ints | None:
    """Tag one item that has moods, if the server was not seen to leave moods alone.

    If it does not, the item gets its moods back, and none is tagged any more.

    Args:
        context: What is known of the server, and the tag.
        level: The level of all the items.
        look: The items that are to be tagged, as they are.
        give_tag: Gives the tag, and records if nobody knows whether it arrived.

    Returns:
        The key of the item that was tagged, if it took one; None: tags do harm.
    """
    able = context.executor.capabilities
    bearing = np.array([len(own) > 0 for own in look.moods], np.bool_) & ~look.has_tag
    one = look.take(np.flatnonzero(bearing)[:1])
    if able.is_tagging_seen or not len(one.key):
        return one.key[:0]
    for edit in tag_edits(level, one, context.tag):
        context.before_write()
        give_tag(edit, one)
    now = context.gateway.fetch_items(one.key)[level]
    if not len(now.key):  # deleted meanwhile: it shows nothing
        return one.key
    kept = all(folded(one.moods[0]) <= folded(own) for own in now.moods)
    if kept and (now.mood_locked == one.mood_locked).all():
        context.executor.capabilities = replace(able, is_tagging_seen=True)
        return one.key
    restoring = Edit(
        level,
        one.key,
        adds=one.moods[0],
        drops=(context.tag,),
        mood_locked=bool(one.mood_locked[0]),
    )
    context.gateway.edit(restoring)
    context.executor.capabilities = replace(able, tagging=EditMode.UNSUPPORTED)
    return None
