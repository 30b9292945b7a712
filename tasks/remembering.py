"""Holding the record against Plex: whose ratings are these, which promises held?"""

import time
from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from engine.classic import Phase
from engine.evidence import Part, whole
from engine.following import Move, Name, fingerprints, moves
from engine.library import Level, Library
from engine.ownership import Memory, Owner, Standing, standing_of
from engine.points import Ints, Texts
from tasks.believing import heard
from tasks.mending import mend
from tasks.reading import read_library
from tasks.shadow.rows import Intent, Shadow
from tasks.shadow.store import ShadowStore
from tasks.workbench import Workbench

Row = TypeVar("Row", Shadow, Intent)

UNKNOWN_PHASE = 0
"""The phase of a rating that some other program, or a lost run, gave."""

LATEST_ARRIVAL = 3600.0
"""Seconds after which a write that never showed is not expected any more."""


def memory_of(
    guids: Texts, shadows: Sequence[Shadow], intents: Sequence[Intent]
) -> Memory:
    """Lay out what is recorded beside the items that it is about."""
    memory = Memory.blank(len(guids))
    rows, at = _met(guids, shadows)
    memory.value[rows] = np.array([shadow.value for shadow in shadows], float)[at]
    memory.seen_at[rows] = np.array([shadow.seen_at for shadow in shadows], int)[at]
    rows, at = _met(guids, intents)
    before = [np.nan if one.before is None else one.before for one in intents]
    arrived = [intent.acknowledged_at is not None for intent in intents]
    memory.value[rows] = np.array([intent.after for intent in intents], float)[at]
    memory.before[rows] = np.array(before, float)[at]
    memory.arrived[rows] = np.array(arrived, bool)[at]
    memory.unconfirmed[rows] = True
    return memory


def _met(guids: Texts, recorded: Sequence[Shadow | Intent]) -> tuple[Ints, Ints]:
    """Return the rows of items that are recorded, and where in the record each is."""
    place = {one.guid: at for at, one in enumerate(recorded)}
    found = np.fromiter((place.get(g, -1) for g in guids), np.int64, len(guids))
    rows = np.flatnonzero(found >= 0)
    return rows, found[rows]


def remember(
    store: ShadowStore, library: Library, *, live: bool
) -> dict[Level, Memory]:
    """Return the record of every item, following those with a new name.

    Args:
        store: The record.
        library: The items as they are now.
        live: Whether the record may be brought up to the new names.
    """
    return {
        level: memory_of(
            library[level].guid, *followed(store, library, level, live=live)
        )
        for level in Level
    }


def followed(
    store: ShadowStore, library: Library, level: Level, *, live: bool
) -> tuple[Sequence[Shadow], Sequence[Intent]]:
    """Return what is recorded of a level, under the names that items have now."""
    shadows, intents = store.shadows(level), store.intents(level)
    recorded = {row.guid for row in shadows} | {row.guid for row in intents}
    names = {
        (mark.guid, mark.key): Name(mark.guid, mark.key, "")
        for mark in store.marks(level)
        if mark.guid in recorded
    }
    names |= {(row.guid, row.key): Name(row.guid, row.key, "") for row in intents}
    names |= {
        (row.guid, row.key): Name(row.guid, row.key, row.fingerprint) for row in shadows
    }
    moved = moves(library, level, list(names.values()))
    if live and moved:
        store.follow(level, moved)
    return _renamed(shadows, moved), _renamed(intents, moved)


def _renamed(rows: Sequence[Row], moved: Sequence[Move]) -> Sequence[Row]:
    if not moved:
        return rows
    new = {(move.old.guid, move.old.key): move.new for move in moved}
    names = [new.get((row.guid, row.key)) for row in rows]
    return [
        row._replace(guid=name.guid, key=name.key) if name else row
        for row, name in zip(rows, names, strict=True)
    ]


@dataclass(frozen=True, eq=False)
class Stock:
    """The library at one moment, with whose rating each of them is."""

    library: Library
    everything: Part


def take_stock(bench: Workbench, read: Callable[[], Library] | None = None) -> Stock:
    """Read the library, and hold it against the record of what is ours.

    Args:
        bench: The tools; a live run also brings the record up to date.
        read: How to read; else plainly.
    """
    if bench.is_live:
        mend(bench)
    library = read() if read else read_library(bench.gateway, bench.gate.pass_through)
    standings = stand(library, remember(bench.store, library, live=bench.is_live))
    if bench.is_live:
        settle(bench.store, library, standings)
    return Stock(library, heard(whole(library, standings), bench.settings))


def stand(library: Library, memories: dict[Level, Memory]) -> dict[Level, Standing]:
    """Tell all ratings of the library apart by owner."""
    return {level: standing_of(library[level], memories[level]) for level in Level}


def settle(
    store: ShadowStore, library: Library, standings: dict[Level, Standing]
) -> None:
    """Keep the promises that Plex shows, and drop those that never arrived.

    One that Plex shows but never acknowledged stays open: its tag may be
    missing, so the next run writes it once more.
    A promise whose write is still on its way may look broken, so it is only
    dropped when it is old. One that a person overtook stays until its release.
    One that was acknowledged and whose rating is gone was kept, and then cleared.
    Of one that was made twice, the first may arrive yet, and with a later date: as
    long as it may, the same value is no person's.
    """
    for level in Level:
        intents = {intent.guid: intent for intent in store.intents(level)}
        rows = _first_rows(library[level].guid, intents)
        guids = library[level].guid[rows]
        owner = standings[level].owner[rows]
        sure = ~standings[level].unsure[rows]
        arrived = np.array(
            [intents[g].acknowledged_at is not None for g in guids], bool
        )
        cleared = arrived & np.isnan(library[level].rating[rows])
        kept = ((owner == Owner.WRITTEN) & sure) | cleared
        store.confirm(level, _shadows(library, level, rows[kept], intents))
        broken = (owner == Owner.UNWRITTEN) & ~cleared
        late = time.time() - LATEST_ARRIVAL
        store.withdraw(
            level, [g for g in guids[broken] if intents[g].promised_at < late]
        )


def seen_in_plex(
    store: ShadowStore, library: Library, run_id: str
) -> Counter[tuple[str, Phase]]:
    """Count the confirmed ratings of a run by letter and phase."""
    counts: Counter[tuple[str, Phase]] = Counter()
    for level in Level:
        rows = [row for row in store.shadows(level) if row.run_id == run_id]
        phase_of = {row.guid: Phase(row.phase) for row in rows}
        letters = library.letters(level)
        for row in _first_rows(library[level].guid, phase_of):
            counts[letters[row], phase_of[library[level].guid[row]]] += 1
    return counts


def _first_rows(guids: Texts, wanted: Container[str]) -> Ints:
    """Return the first row of each guid that is wanted."""
    first: dict[str, int] = {}
    for row, guid in enumerate(guids):
        if guid in wanted:
            first.setdefault(guid, row)
    return np.array(list(first.values()), np.int64)


def _shadows(
    library: Library,
    level: Level,
    rows: Ints,
    intents: dict[str, Intent],
) -> list[Shadow]:
    items = library[level].take(rows)

    def latest(guid: str, rated_at: int) -> int:
        """Return up to which date the value is ours."""
        since = intents[guid].unheard_since
        return max(rated_at, 0 if since is None else int(since + LATEST_ARRIVAL))

    return [
        Shadow(
            guid=guid,
            key=key,
            phase=intents[guid].phase,
            run_id=intents[guid].run_id,
            value=intents[guid].after,
            written_at=intents[guid].acknowledged_at or intents[guid].promised_at,
            seen_at=latest(guid, rated_at),
            fingerprint=fingerprint,
        )
        for guid, key, rated_at, fingerprint in zip(
            items.guid,
            items.key.tolist(),
            items.rated_at.tolist(),
            fingerprints(library, level, rows),
            strict=True,
        )
    ]


def tags_of(
    bench: Workbench, level: Level, guids: Sequence[str]
) -> dict[int, tuple[str, ...]]:
    """Return, by key, the tags of ours that items with these guids may bear.

    Where the tag has another name by now, an item may bear both.
    """
    now = bench.settings.inferred_tag
    return {
        mark.key: (mark.tag,) if mark.tag == now or not now else (mark.tag, now)
        for mark in bench.store.marks(level, guids)
        if mark.tag and not mark.had_tag
    }
