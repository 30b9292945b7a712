"""A trial of the server that broke off is made good before anybody wonders whose."""

from collections.abc import Iterable, Sequence

import numpy as np

from engine.batches import Look
from engine.edits import Edit
from engine.library import Level
from engine.points import Bools, Floats
from tasks.shadow.rows import Intent, Shadow, Straggler
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


def mend(bench: Workbench) -> bool:
    """Give the items back that a trial left rated or tagged when it broke off.

    Where nothing is left of a trial, that costs no request.

    Returns:
        Whether there was anything to give back.

    Raises:
        PlexUnreachable: It broke off again; the promises still stand.
    """
    is_mended = False
    for level in Level:
        promised = _of_trials(bench.store.intents(level))
        left = promised | _of_trials(bench.store.stragglers(level))
        if not left:
            continue
        guids = {key: guid for guid, key in left.items()}
        look = bench.gateway.look(np.array(list(guids), np.int64))[level]
        # Who is not there, or goes by another name, may come back as it was.
        here = [
            guids[key] == guid
            for key, guid in zip(look.key.tolist(), look.guid, strict=True)
        ]
        look = look.take(np.flatnonzero(here))
        is_mended |= _give_back(bench, level, look)
        promised |= _of_trials(bench.store.shadows(level, list(left)))
        bench.store.forget(level, [g for g in look.guid if g in promised])
    return is_mended


def _of_trials(rows: Sequence[Shadow | Intent | Straggler]) -> dict[str, int]:
    """Return the guids and keys of what was promised, sent or kept for a trial."""
    return {row.guid: row.key for row in rows if row.run_id.startswith(TRIAL)}


def folded(moods: Iterable[str]) -> set[str]:
    """Return moods as Plex tells them apart: whatever their case."""
    return {mood.casefold() for mood in moods}


def _give_back(bench: Workbench, level: Level, look: Look) -> bool:
    """Take ratings and tags off one by one: this server was never found out.

    What a run rated since stays as it is. Say whether there was anything to do.
    """
    writes = bench.gateway.writes
    ours = near(look.rating, FIRST) | near(look.rating, SECOND)
    since = _rated_since(bench, level, look.guid.tolist())
    marks = bench.store.marks(level, look.guid.tolist())
    tags = {bench.settings.inferred_tag, *(mark.tag for mark in marks)} - {""}
    for row, key in enumerate(look.key.tolist()):
        bench.await_turn()
        is_trial = look.guid[row] not in since
        if ours[row] and is_trial:
            bench.gateway.rate_one(key, None)
        given = {CANARY, *tags} if is_trial else {CANARY}
        if folded(given) & folded(look.moods[row]):
            bench.gateway.edit(
                Edit(
                    level,
                    look.key[[row]],
                    drops=tuple(sorted(given)),
                    mood_locked=bool(look.mood_locked[row]),
                )
            )
    return bench.gateway.writes > writes


def _rated_since(bench: Workbench, level: Level, guids: Sequence[str]) -> set[str]:
    """Return which of these ratings a run gave, or promised, after the trial."""
    rows: list[Shadow | Intent] = [*bench.store.shadows(level, guids)]
    rows += bench.store.intents(level, guids)
    return {row.guid for row in rows} - _of_trials(rows).keys()
