"""Do items keep their moods when they are tagged? If not, they get them back."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from engine.edits import Edit, EditMode
from engine.library import Level
from engine.planning.batches import ItemStates, tag_edits
from engine.rating_scale import Ints
from tasks.record.capabilities import record_capabilities
from tasks.record.moods import Moods, drop_moods, record_moods, recorded_moods
from tasks.runtime.context import RunContext


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
    record_moods(context.store, level, one)
    for edit in tag_edits(level, one, context.tag):
        context.before_write()
        give_tag(edit, one)
    now = context.gateway.fetch_items(one.key)[level]
    if not len(now.key):  # deleted meanwhile: it shows nothing
        return one.key
    kept = all(folded(one.moods[0]) <= folded(own) for own in now.moods)
    if kept and (now.mood_locked == one.mood_locked).all():
        context.executor.capabilities = replace(able, is_tagging_seen=True)
        drop_moods(context.store, level, one.key.tolist())
        return one.key
    lost = Moods(int(one.key[0]), one.guid[0], context.tag, one.moods[0])
    _give_back(context, level, lost, mood_locked=bool(one.mood_locked[0]))
    return None


def restore_lost_moods(context: RunContext) -> None:
    """Give items their moods back that a tag took, in whatever run that was.

    A run may end between a tag and the look at what became of it, and a tag may arrive
    when nobody looks any more. So what the first items were like is on record.
    """
    for level in Level:
        recorded = recorded_moods(context.store, level)
        if recorded:
            keys = np.array(sorted(one.key for one in recorded), np.int64)
            now = context.gateway.fetch_items(keys)[level]
            safe = _restored(context, level, recorded, now)
            drop_moods(context.store, level, safe)


def _restored(
    context: RunContext, level: Level, recorded: Sequence[Moods], now: ItemStates
) -> list[int]:
    """Give moods back where all are gone; return the keys that lose none any more."""
    rows = {key: row for row, key in enumerate(now.key.tolist())}
    may_be_tagged = {intent.guid for intent in context.store.intents(level)}
    safe = []
    for one in recorded:
        row = rows.get(one.key)
        present = set() if row is None else folded(now.moods[row])
        tag = one.tag.casefold()
        if row is not None and present <= {tag}:
            locked = bool(now.mood_locked[row])
            _give_back(context, level, one, mood_locked=locked)
        elif row is None or tag in present or one.guid not in may_be_tagged:
            safe.append(one.key)
    return safe


def _give_back(
    context: RunContext, level: Level, lost: Moods, *, mood_locked: bool
) -> None:
    """Give an item its moods back, and tag no other one on this server."""
    context.before_write()
    restoring = Edit(
        level,
        np.array([lost.key]),
        adds=lost.moods,
        drops=(lost.tag,),
        mood_locked=mood_locked,
    )
    context.gateway.edit(restoring)
    _tag_no_more(context)


def _tag_no_more(context: RunContext) -> None:
    able = replace(context.executor.capabilities, tagging=EditMode.UNSUPPORTED)
    context.executor.capabilities = able
    gateway = context.gateway
    record_capabilities(context.store, gateway.identity.server, gateway.version, able)


def folded(moods: Iterable[str]) -> set[str]:
    """Return moods as Plex tells them apart: whatever their case."""
    return {mood.casefold() for mood in moods}
