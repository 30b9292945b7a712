"""What to rate next, as a list and as a playlist; what was asked for is remembered."""

from dataclasses import dataclass, field

import numpy as np

from engine.asking import seed_of, to_ask
from engine.evidence import LibraryView
from engine.library import Level, Named
from engine.rating_scale import Ints
from engine.reports.picture import Picture
from tasks.playlists.ours import Kept, keep
from tasks.record.listening import asked, record_asked
from tasks.runtime.context import RunContext
from tasks.sync.reconcile import snapshot_of
from tasks.sync.steps import read


@dataclass
class Asked:
    """Which tracks a person is asked to rate."""

    dry_run: bool
    tracks: list[Named] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    """Their ratingKeys."""
    answered: int = 0
    """Tracks asked for earlier that are rated by now."""
    playlist: Kept | None = None


def ask(context: RunContext, count: int, *, playlist: bool) -> Asked:
    """Choose what to rate next; a live run remembers it, and may fill a playlist."""
    view = snapshot_of(context, read(context)).everything
    uuid, filler = context.gateway.identity.uuid, context.settings.filler
    rows = to_ask(view, count, seed_of(uuid, view), filler)
    picture, items = Picture.of(view, view), view.tracks.items
    found = Asked(
        dry_run=not context.is_live,
        tracks=[picture.named(Level.TRACK, row) for row in rows.tolist()],
        keys=items.key[rows].tolist(),
        answered=_answered(context, view),
    )
    if playlist:
        found.playlist = keep(context, "ask", found.keys)
    if context.is_live:
        record_asked(context.store, items.guid[rows].tolist())
    return found


def _answered(context: RunContext, view: LibraryView) -> int:
    rated: Ints = np.flatnonzero(~np.isnan(view.tracks.ownership.manual))
    guids = sorted(set(view.tracks.items.guid[rated]))
    return len(asked(context.store, guids))
