"""A trial of the server that broke off is made good before anybody wonders whose."""

from collections.abc import Iterable

import numpy as np

from engine.batches import Look
from engine.edits import Edit
from engine.library import Level
from engine.points import Bools, Floats
from tasks.workbench import Workbench

TRIAL = "trial "
"""What the runs are called under which a trial promises its writes."""

CANARY = "plexbayes canary"
"""A mood that only exists while a server is tried."""

FIRST, SECOND = 7.33, 3.3
"""Points that no person gives; they only stand in Plex during a trial."""

COARSE = 0.1
"""Points; the step of servers that keep one decimal."""


def near(rating: Floats, points: float) -> Bools:
    """Say where a server kept points, be it with one decimal."""
    kept: Bools = np.abs(rating - points) <= COARSE / 2
    return kept


def mend(bench: Workbench) -> None:
    """Give the items back that a trial left rated or tagged when it broke off.

    Where nothing is left of a trial, that costs no request.

    Raises:
        PlexUnreachable: It broke off again; the promises still stand.
    """
    for level in Level:
        left = [i for i in bench.store.intents(level) if i.run_id.startswith(TRIAL)]
        if not left:
            continue
        guids = {intent.key: intent.guid for intent in left}
        look = bench.gateway.look(np.array(list(guids), np.int64))[level]
        # Who is not there, or goes by another name, may come back as it was.
        here = [
            guids[key] == guid
            for key, guid in zip(look.key.tolist(), look.guid, strict=True)
        ]
        look = look.take(np.flatnonzero(here))
        _give_back(bench, level, look)
        bench.store.forget(level, look.guid.tolist())


def folded(moods: Iterable[str]) -> set[str]:
    """Return moods as Plex tells them apart: whatever their case."""
    return {mood.casefold() for mood in moods}


def _give_back(bench: Workbench, level: Level, look: Look) -> None:
    """Take ratings and tags off one by one: this server was never found out."""
    ours = near(look.rating, FIRST) | near(look.rating, SECOND)
    marks = bench.store.marks(level, look.guid.tolist())
    tags = {CANARY, *(mark.tag for mark in marks)} - {""}
    for row, key in enumerate(look.key.tolist()):
        bench.await_turn()
        if ours[row]:
            bench.gateway.rate_one(key, None)
        if folded(tags) & folded(look.moods[row]):
            bench.gateway.edit(
                Edit(
                    level,
                    look.key[[row]],
                    drops=tuple(sorted(tags)),
                    mood_locked=bool(look.mood_locked[row]),
                )
            )
