"""Items that go by a new name keep what is recorded of them."""

from collections.abc import Sequence
from typing import TypeVar

from engine.library import Level, Library
from engine.rename_detection import Move, Name, moves
from tasks.record.rows import InDoubtWrite, Intent, Shadow
from tasks.record.store import ShadowStore
from tasks.sync.record_lookup import Recorded

Row = TypeVar("Row", Shadow, Intent, InDoubtWrite)


def resolve_renames(
    store: ShadowStore, library: Library, level: Level, *, live: bool
) -> Recorded:
    """Return what is recorded of a level, under the names that items have now."""
    shadows, intents = store.shadows(level), store.intents(level)
    in_doubt = store.in_doubt(level)
    recorded = {row.guid for row in shadows} | {row.guid for row in intents}
    names = {
        (mark.guid, mark.key): Name(mark.guid, mark.key, "")
        for mark in store.marks(level)
        if mark.guid in recorded
    }
    sent = [(row.guid, row.key) for row in in_doubt]
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
        _renamed(in_doubt, moved),
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
