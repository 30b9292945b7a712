"""Holding the record against Plex: whose ratings are these, which promises held?"""

import time
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from engine.classic import Phase
from engine.evidence import Part, whole
from engine.library import Items, Level, Library
from engine.ownership import Memory, Owner, Standing, standing_of
from engine.rating_scale import Ints, Texts, rounded
from engine.rename_detection import Move, Name, fingerprints, moves
from tasks.record.in_doubt import LATEST_ARRIVAL
from tasks.record.rating_dates import note_dates, undated
from tasks.record.rows import Intent, Shadow, Straggler
from tasks.record.store import ShadowStore
from tasks.runtime.context import Workbench
from tasks.sync.reader import read_library
from tasks.sync.record_lookup import Recorded, arrivals, memory_of
from tasks.sync.run_parameters import heard
from tasks.sync.trial_cleanup import TRIAL, mend

Row = TypeVar("Row", Shadow, Intent, Straggler)

UNKNOWN_PHASE = 0
"""The phase of a rating that some other program, or a lost run, gave."""


def remember(
    store: ShadowStore, library: Library, *, live: bool
) -> dict[Level, Memory]:
    """Return the record of every item, following those with a new name.

    Args:
        store: The record.
        library: The items as they are now.
        live: Whether the record may be brought up to the new names.
    """
    memories = {}
    for level in Level:
        items, known = library[level], followed(store, library, level, live=live)
        if live:
            _receive(store, library, level, arrivals(items, known))
        memories[level] = memory_of(items, known)
    return memories


def _receive(
    store: ShadowStore, library: Library, level: Level, late: dict[int, Straggler]
) -> None:
    """Put on record what arrived late, in place of what was promised since.

    What a trial sent is given back instead.
    """
    late = {row: s for row, s in late.items() if not s.run_id.startswith(TRIAL)}
    if not late:
        return
    rows = _first_rows(library[level].guid, {one.guid for one in late.values()})
    rows = rows[np.isin(rows, list(late))]
    points = rounded(library[level].rating[rows]).tolist()
    given = {
        one.guid: Given(one.phase, one.run_id, seen, one.sent_at)
        for one, seen in zip((late[row] for row in rows), points, strict=True)
    }
    store.withdraw(level, list(given))
    store.confirm(level, shadows_of(library, level, rows, given))


def followed(
    store: ShadowStore, library: Library, level: Level, *, live: bool
) -> Recorded:
    """Return what is recorded of a level, under the names that items have now."""
    shadows, intents = store.shadows(level), store.intents(level)
    stragglers = store.stragglers(level)
    recorded = {row.guid for row in shadows} | {row.guid for row in intents}
    names = {
        (mark.guid, mark.key): Name(mark.guid, mark.key, "")
        for mark in store.marks(level)
        if mark.guid in recorded
    }
    sent = [(row.guid, row.key) for row in stragglers]
    sent += [(row.guid, row.key) for row in intents]
    names |= {name: Name(*name, "") for name in sent}
    names |= {
        (row.guid, row.key): Name(row.guid, row.key, row.fingerprint) for row in shadows
    }
    moved = moves(library, level, list(names.values()))
    if live and moved:
        store.follow(level, moved)
    return Recorded(
        _renamed(shadows, moved),
        _renamed(intents, moved),
        _renamed(stragglers, moved),
    )


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
    library, standings = _look_around(bench, read)
    if bench.is_live and mend(bench):
        library, standings = _look_around(bench, read)
    if bench.is_live:
        settle(bench.store, library, standings)
    return Stock(library, heard(whole(library, standings), bench.settings))


def _look_around(
    bench: Workbench, read: Callable[[], Library] | None
) -> tuple[Library, dict[Level, Standing]]:
    library = read() if read else read_library(bench.gateway, bench.gate.pass_through)
    return library, stand(library, remember(bench.store, library, live=bench.is_live))


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
    """
    store.expect_no_longer()
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
        given = {
            guid: Given(
                intents[guid].phase,
                intents[guid].run_id,
                intents[guid].after,
                intents[guid].acknowledged_at or intents[guid].promised_at,
            )
            for guid in guids[kept]
        }
        store.confirm(level, shadows_of(library, level, rows[kept], given))
        _note_first_dates(store, library[level], level, standings[level])
        broken = (owner == Owner.UNWRITTEN) & ~cleared
        late = time.time() - LATEST_ARRIVAL
        store.withdraw(
            level, [g for g in guids[broken] if intents[g].promised_at < late]
        )


def _note_first_dates(
    store: ShadowStore, items: Items, level: Level, standing: Standing
) -> None:
    """Record the dates of ratings of ours for which Plex had none so far."""
    rows = _first_rows(items.guid, undated(store, level))
    rows = rows[(standing.owner[rows] == Owner.US) & (items.rated_at[rows] > 0)]
    dates = zip(items.guid[rows], items.rated_at[rows].tolist(), strict=True)
    note_dates(store, level, dict(dates))


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


class Given(NamedTuple):
    """A rating that we gave, as far as Plex does not tell."""

    phase: int
    run_id: str
    value: float
    written_at: float


def shadows_of(
    library: Library, level: Level, rows: Ints, given: Mapping[str, Given]
) -> list[Shadow]:
    """Return what to record of ratings that are seen in Plex and are ours.

    Args:
        library: As it is now.
        level: Of which items.
        rows: Where they are, among all that is listed.
        given: What we know of each, by guid; of twins, one row is enough.
    """
    items = library.listed(level).take(rows)
    prints = fingerprints(library, level, rows)
    columns = items.guid, items.key.tolist(), items.rated_at.tolist(), prints
    return [
        Shadow(guid, key, *given[guid], seen_at, fingerprint)
        for guid, key, seen_at, fingerprint in zip(*columns, strict=True)
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
