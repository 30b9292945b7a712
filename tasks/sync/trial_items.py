"""On which two items a server is tried: unrated ones that the run is about."""

from collections.abc import Sequence

import numpy as np

from engine.classic import Phase
from engine.evidence import LevelView, LibraryView
from engine.library import Level
from engine.ownership import Owner
from engine.planning.batches import MOST_IDS, ItemStates
from engine.rating_scale import Ints
from tasks.runtime.context import RunContext

PHASES = {
    Level.TRACK: Phase.TRACK_DOWN,
    Level.ALBUM: Phase.ALBUM_DOWN,
    Level.ARTIST: Phase.ARTIST_UP,
}
"""As what items of a level are recorded meanwhile; tracks are preferred."""


def trial_items(
    context: RunContext, parts: Sequence[LibraryView]
) -> tuple[Level, ItemStates] | None:
    """Return two items that nobody rated, preferably without moods to lose."""
    for level in PHASES:
        free = [np.empty(0, np.int64), *(_free(part[level]) for part in parts)]
        look = context.gateway.fetch_items(np.concatenate(free)[:MOST_IDS])[level]
        intended = {row.guid for row in context.store.intents(level)}
        plain = np.isnan(look.rating) & ~look.has_tag
        plain &= ~look.mood_locked & ~look.rating_locked
        rows = [row for row in np.flatnonzero(plain) if look.guid[row] not in intended]
        rows.sort(key=lambda row: len(look.moods[row]))
        if len(rows) > 1:
            return level, look.take(np.sort(rows[:2]))
    return None


def _free(view: LevelView) -> Ints:
    """Return the keys of unrated items that share their rating with no other."""
    alone = np.bincount(view.twin, minlength=1)[view.twin] == 1
    keys: Ints = view.items.key[alone & (view.ownership.owner == Owner.NOBODY)]
    return keys
