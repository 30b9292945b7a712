"""The tag of inferred ratings: given with care, taken off again, no mood is lost.

In Plex it is a mood. Of a plan, `letter_writer` tags the items in batches that
`engine.planning.batches.tag_edits` makes; `EditExecutor` sends them, and
`PlexGateway.edit` makes requests of them. `first_batch` does so by itself, and looks.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from engine.edits import Edit, EditMode
from engine.errors import LibraryChanging, PlexbayesError
from engine.evidence import LibraryView
from engine.library import OWNER_ACCOUNT, Level
from engine.ownership import Owner
from engine.planning.batches import ItemStates, chunks, tag_edits
from engine.planning.undo_plan import reversals
from engine.rating_scale import Ints, Texts
from tasks.plex.parsing import texts
from tasks.record.plex_changes import Moods, drop_moods, record_moods, recorded_moods
from tasks.record.runs import record_capabilities
from tasks.runtime.context import RunContext


class OurTags:
    """Which tags of ours items may bear that share ratings of ours."""

    def __init__(
        self, context: RunContext, level: Level, guids: Sequence[str] | None
    ) -> None:
        """Ask the record about the items of a level with these guids."""
        now = context.settings.inferred_tag
        self.by_key: dict[int, tuple[str, ...]] = {}
        """Of each item that we wrote to; none where a person gave that tag."""
        self._by_guid: dict[str, tuple[str, ...]] = {}
        """Of an item that has another key by now."""
        for mark in context.store.marks(level, guids):
            # Where the tag has another name by now, an item may bear both.
            both = (mark.tag,) if mark.tag == now or not now else (mark.tag, now)
            ours = both if mark.tag and not mark.had_tag else ()
            if mark.tag or mark.had_tag:  # else it may bear one from under another key
                self.by_key[mark.key] = ours
            self._by_guid[mark.guid] = ours or self._by_guid.get(mark.guid, ())

    def on(self, look: ItemStates) -> Texts:
        """Return which of them each item of a look bears."""
        rows = zip(look.key.tolist(), look.guid, map(folded, look.moods), strict=True)
        return texts(
            tuple(
                tag
                for tag in self.by_key.get(key, self._by_guid.get(guid, ()))
                if tag.casefold() in moods
            )
            for key, guid, moods in rows
        )


def release(
    context: RunContext, everything: LibraryView, part: LibraryView, level: Level
) -> int:
    """Give up the ratings of a level that persons took over; return how many.

    Items under other letters that share them lose the tag, too: what is on record of
    it goes with the ratings.
    """
    view = part[level]
    taken = view.ownership.owner == Owner.TAKEN_OVER
    guids = sorted({str(guid) for guid in view.items.guid[taken]})
    if not guids:
        return 0
    tags = OurTags(context, level, guids)
    wanted = {key for key, own in tags.by_key.items() if own}
    whole = everything[level]
    sharing = whole.together(whole.items.rows_of(view.items.key[taken]))
    wanted |= set(whole.items.key[sharing].tolist()) - tags.by_key.keys()
    for keys in chunks(np.array(sorted(wanted), np.int64), context.batch_size):
        context.before_write()
        look = context.gateway.fetch_items(keys)[level]
        _take_off(context, level, look, tags.on(look))
    context.store.forget(level, guids)
    return len(guids)


def rollback_tags(context: RunContext, level: Level, keys: Ints) -> None:
    """Take the tag off items that are not rated after all, and forget the intent.

    Some of the items may be rated by now. Where Plex cannot be reached, the intent
    stands, and the next run goes on.
    """
    with suppress(PlexbayesError):
        restore_lost_moods(context)
        look = context.gateway.fetch_items(keys)[level]
        look = look.take(np.flatnonzero(np.isnan(look.rating) & look.has_tag))
        _take_off(context, level, look, texts([(context.tag,)] * len(look.key)))
        context.store.discard_intents(level, look.guid.tolist())


def _take_off(
    context: RunContext, level: Level, look: ItemStates, drops: Texts
) -> None:
    """Take tags off, one by one where nobody knows what the server makes of batches.

    What another run rates meanwhile keeps its tag if the item was unrated.
    """
    no_rating = np.zeros(len(look.key), np.bool_)
    for edit in reversals(level, look, no_rating, drops):
        size = 1 if context.executor.capabilities.is_assumed else len(edit)
        unrated = np.isnan(look.rating[np.isin(look.key, edit.key)]).all()
        guarded = replace(edit, spares_rated=bool(unrated))
        for start in range(0, len(edit), size):
            context.executor.apply(guarded.take(slice(start, start + size)))


def try_tag_on_one_item(
    context: RunContext,
    level: Level,
    look: ItemStates,
    give_tag: Callable[[Edit, ItemStates], None],
) -> Ints | None:
    """Tag one item that has moods, if the server was not seen to leave moods alone.

    If it does not, the item gets its moods back, and none is tagged any more.
    `give_tag` also records if nobody knows whether the tag arrived.

    Returns:
        The key of the item that was tagged, if it took one; None: tags do harm.

    Raises:
        LibraryChanging: A person rated that item meanwhile, and comes first.
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
    if (now.rated_at != one.rated_at).any():
        raise LibraryChanging(f"Item {one.key[0]} was rated while it was tagged.")
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
    when nobody looks any more. So what the first items were like is on record, as long
    as edits are not safe here.
    """
    is_owner = context.gateway.identity.account == OWNER_ACCOUNT
    for level, recorded in recorded_moods(context.store).items():
        if is_owner and context.gateway.obeys_ids():
            keys = np.array(sorted(one.key for one in recorded), np.int64)
            now = context.gateway.fetch_items(keys)[level]
            safe = _restored(context, level, recorded, now)
            drop_moods(context.store, level, safe)


def _restored(
    context: RunContext, level: Level, recorded: Sequence[Moods], now: ItemStates
) -> list[int]:
    """Give moods back where all are gone; return the keys that lose none any more."""
    rows = {key: row for row, key in enumerate(now.key.tolist())}
    intents = context.store.intents(level, [one.guid for one in recorded])
    may_be_tagged = {intent.guid for intent in intents}
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
    """Give an item its moods back, and tag no other one on this server.

    A run that is stopped or held does that before it stops.
    """
    context.ensure_lease()
    key, drops = np.array([lost.key]), (lost.tag,)
    context.gateway.edit(
        Edit(level, key, adds=lost.moods, drops=drops, mood_locked=mood_locked)
    )
    able = replace(context.executor.capabilities, tagging=EditMode.UNSUPPORTED)
    context.executor.capabilities = able
    server, version = context.gateway.identity.server, context.gateway.version
    record_capabilities(context.store, server, version, able)


def folded(moods: Iterable[str]) -> set[str]:
    """Return moods as Plex tells them apart: whatever their case."""
    return {mood.casefold() for mood in moods}
