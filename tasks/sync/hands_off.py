"""What a person wants left alone: read from Plex, and cleared of what we gave."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from engine.evidence import LibraryView
from engine.hands_off import hands_off, to_take_back
from engine.library import Level, Library
from engine.ownership import owners
from engine.planning.batches import chunks
from engine.planning.undo_plan import is_ours, reversals
from engine.rating_scale import Ints, Texts
from tasks.config.settings import Settings
from tasks.plex.client import PlexGateway
from tasks.runtime.context import RunContext
from tasks.sync.record_lookup import record_view_of, recorded
from tasks.sync.tags import OurTags

BOTH = (Level.ARTIST, Level.ALBUM)
LEVELS = {
    "genre": BOTH,
    "collection": BOTH,
    "label": tuple(Level),
    "mood": tuple(Level),
}
"""At which levels Plex filters by each kind of mark."""


def with_hands_off(context: RunContext, library: Library) -> Library:
    """Read what a person wants left alone; that costs nothing if nothing is named.

    Raises:
        PlexError: It cannot be read, so the run must not go on.
    """
    settings = context.settings
    kinds = marks_of(settings)
    if not (settings.exclude_artists or kinds):
        return library
    marked: dict[Level, Ints] = {}
    for kind, names in kinds.items():
        for level in LEVELS[kind]:
            keys = _bearing(context.gateway, level, kind, names)
            known = marked.get(level, np.empty(0, np.int64))
            marked[level] = np.union1d(known, keys)
    off = hands_off(library, settings.exclude_artists, marked)
    return replace(library, hands_off=off)


def marks_of(settings: Settings) -> dict[str, set[str]]:
    """Return by which marks in Plex items are left alone, in lower case, by kind."""
    named = {
        "genre": settings.exclude_genres,
        "collection": settings.exclude_collections,
        "label": settings.exclude_labels,
        "mood": settings.exclude_moods,
    }
    folded = {kind: {n.casefold() for n in names} for kind, names in named.items()}
    return {kind: names for kind, names in folded.items() if names}


def _bearing(gateway: PlexGateway, level: Level, kind: str, names: set[str]) -> Ints:
    """Return the keys of items that bear one of these marks on their own pages.

    A server may ignore a filter, so each item that it lists has to show the mark.
    """
    numbers = gateway.tags(level, kind)
    wanted = [number for name, number in numbers.items() if name in names]
    listed = [np.empty(0, np.int64)]
    for number in wanted:
        only = {f"{level.word}.{kind}": number}
        listed.append(gateway.listing(level, lambda: None, only).items.key)
    keys = np.unique(np.concatenate(listed))
    bearing = gateway.tags_on(keys, kind) if len(keys) else {}
    return np.array(sorted(k for k, own in bearing.items() if own & names), np.int64)


def take_back(
    context: RunContext, everything: LibraryView, part: LibraryView, level: Level
) -> int:
    """Take back what we gave to items that are to be left alone; return how many.

    What is not ours any more at the last look stays as it is.
    """
    chosen = to_take_back(part, level)
    if not chosen.any():
        return 0
    whole = everything[level]
    rows = whole.together(whole.items.rows_of(part[level].items.key[chosen]))
    size = 1 if context.executor.capabilities.is_assumed else context.batch_size
    count = 0
    for keys in _whole_guids(whole.items.key[rows], whole.items.guid[rows], size):
        count += _take_back(context, level, keys)
    return count


def _whole_guids(keys: Ints, guid: Texts, size: int) -> Iterator[Ints]:
    """Cut keys into pieces of about so many; what shares a guid stays together."""
    of_guid: dict[str, list[int]] = {}
    for key, own in zip(keys.tolist(), guid, strict=True):
        of_guid.setdefault(own, []).append(key)
    for some in chunks(np.arange(len(of_guid)), size):
        groups = list(of_guid.values())[some[0] : some[-1] + 1]
        yield np.array(sorted(key for group in groups for key in group), np.int64)


def _take_back(context: RunContext, level: Level, keys: Ints) -> int:
    context.before_write()
    look = context.gateway.fetch_items(keys)[level]
    known = recorded(context.store, level, set(look.guid))
    owner = owners(look.rating, look.rated_at, record_view_of(look, known))
    ours = is_ours(owner)
    look = look.take(np.flatnonzero(ours))
    tags = OurTags(context, level, list(set(look.guid)))
    for edit in reversals(level, look, np.ones(len(look.key), np.bool_), tags.on(look)):
        context.executor.apply(edit)
    now = context.gateway.fetch_items(look.key)[level]
    cleared = sorted(set(now.guid[np.isnan(now.rating)]))
    context.store.forget(level, cleared)
    return len(cleared)
