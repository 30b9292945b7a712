"""Letting go: of what persons took over, and of what a stopped run only began."""

from contextlib import suppress

import numpy as np

from engine.errors import PlexbayesError
from engine.evidence import Part
from engine.library import Level
from engine.ownership import Owner
from engine.planning.undo_plan import reversals
from engine.rating_scale import Ints
from tasks.plex.parsing import texts
from tasks.runtime.context import Workbench
from tasks.sync.reconcile import tags_of


def release(bench: Workbench, part: Part, level: Level) -> int:
    """Give up the ratings of a level that persons took over; return how many."""
    shelf = part[level]
    taken = shelf.standing.owner == Owner.TAKEN_OVER
    guids = {str(guid) for guid in shelf.items.guid[taken]}
    if not guids:
        return 0
    tags = tags_of(bench, level, sorted(guids))
    keys = sorted(tags)
    for start in range(0, len(keys), bench.batch_size):
        chunk = np.array(keys[start : start + bench.batch_size], np.int64)
        bench.await_turn()
        look = bench.gateway.look(chunk)[level]
        drops = texts([tags[key] for key in look.key.tolist()])
        stays = np.zeros(len(look.key), np.bool_)
        for edit in reversals(level, look, stays, drops):
            bench.pen.make(edit)
    bench.store.forget(level, sorted(guids))
    return len(guids)


def drop(bench: Workbench, level: Level, keys: Ints) -> None:
    """Take the tag off items that are not rated after all, and forget the promise.

    Where Plex cannot be reached, the promise stands, and the next run goes on.

    Args:
        bench: The tools of a run that ends here.
        level: The level of all the items.
        keys: The items that this run tagged; some are rated by now.
    """
    with suppress(PlexbayesError):
        look = bench.gateway.look(keys)[level]
        look = look.take(np.flatnonzero(np.isnan(look.rating) & look.has_tag))
        nothing = np.zeros(len(look.key), np.bool_)
        drops = texts([(bench.tag,)] * len(look.key))
        for edit in reversals(level, look, nothing, drops):
            bench.pen.make(edit)
        bench.store.withdraw(level, look.guid.tolist())
