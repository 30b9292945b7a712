"""Items that go by a new name keep what is recorded of them."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from engine.library import Level, Library
from engine.rename_detection import Move, Name, moves
from tasks.record.rows import Intent, Shadow
from tasks.record.store import ShadowStore
from tasks.sync.record_lookup import Recorded, recorded

Row = TypeVar("Row", Shadow, Intent)


class Renamed(NamedTuple):
    """What is recorded of a level, under the names that items have now."""

    record: Recorded
    moves: list[Move]
    """The names that are other ones on record."""


def resolve_renames(store: ShadowStore, library: Library, level: Level) -> Renamed:
    """Return what is recorded of a level, under the names that items have now."""
    known = recorded(store, level)
    rated = {row.guid for row in known.shadows}
    rated |= {row.guid for row in known.expected}
    names = {
        (mark.guid, mark.key): Name(mark.guid, mark.key, "")
        for mark in store.marks(level)
        if mark.guid in rated
    }
    names |= {(row.guid, row.key): Name(row.guid, row.key, "") for row in known.intents}
    names |= {
        (row.guid, row.key): Name(row.guid, row.key, row.fingerprint)
        for row in known.shadows
    }
    moved = moves(library, level, list(names.values()))
    shadows, intents = _renamed(known.shadows, moved), _renamed(known.intents, moved)
    return Renamed(Recorded(shadows, intents), moved)


def _renamed(rows: Sequence[Row], moved: Sequence[Move]) -> Sequence[Row]:
    if not moved:
        return rows
    new = {(move.old.guid, move.old.key): move.new for move in moved}
    names = [new.get((row.guid, row.key)) for row in rows]
    return [
        row._replace(guid=name.guid, key=name.key) if name else row
        for row, name in zip(rows, names, strict=True)
    ]
