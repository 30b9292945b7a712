"""What Plex may change by itself: names of items, dates of ratings, and moods.

Any other date of a rating of ours than the recorded one means a person. Moods are on
record until our tag was seen to leave them alone.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    select,
    true,
    update,
)

from engine.library import Level
from engine.planning.batches import ItemStates
from engine.rename_detection import Move
from tasks.record.rows import IS_IN_DOUBT, OfLevel
from tasks.record.store import ShadowStore
from tasks.record.tables import IntentRow, MarkRow, ShadowRow


def follow(store: ShadowStore, level: Level, moves: Iterable[Move]) -> None:
    """Record items under the names that they go by now.

    Where a rating is recorded under the new name already, that stays, and what is
    under the old one is dropped. A mark under the new one is of another item that
    shares the rating: both stay.
    """
    with store.writing() as connection:
        for move in moves:
            _rename(store, connection, level, move)


def _rename(
    store: ShadowStore, connection: Connection, level: Level, move: Move
) -> None:
    old, new = move.old, move.new
    names: list[tuple[OfLevel, Any, Any, Any, ColumnElement[bool]]] = [
        (ShadowRow, ShadowRow.guid, old.guid, new.guid, true()),
        (IntentRow, IntentRow.guid, old.guid, new.guid, ~IS_IN_DOUBT),
        (MarkRow, MarkRow.key, old.key, new.key, true()),
    ]
    for table, name, before, now, counts in names:
        here = *store.here(table, level), counts
        taken = select(name).where(*here, name == now).limit(1)
        if before != now and connection.scalar(taken) is not None:
            if table is MarkRow:
                continue
            connection.execute(delete(table).where(*here, name == before))
        is_old = table.guid == old.guid, table.key == old.key
        renamed = update(table).where(*store.here(table, level), *is_old)
        connection.execute(renamed.values(guid=new.guid, key=new.key))


def undated(store: ShadowStore, level: Level) -> set[str]:
    """Return the guids of ratings of ours whose date is not known."""
    here = *store.here(ShadowRow, level), ShadowRow.seen_at <= 0
    with store.database.reading() as connection:
        return set(connection.scalars(select(ShadowRow.guid).where(*here)))


def note_dates(store: ShadowStore, level: Level, dates: Mapping[str, int]) -> None:
    """Record the present dates, epoch seconds, of ratings of ours, by guid."""
    if not dates:
        return
    here = *store.here(ShadowRow, level), ShadowRow.guid == bindparam("of")
    dated = update(ShadowRow).where(*here).values(seen_at=bindparam("date"))
    rows = [{"of": guid, "date": date} for guid, date in dates.items()]
    with store.writing() as connection:
        connection.execute(dated, rows)


class Moods(NamedTuple):
    """What moods an item had before our tag."""

    key: int
    guid: str
    tag: str
    moods: tuple[str, ...]


def record_moods(store: ShadowStore, level: Level, look: ItemStates) -> None:
    """Record the moods of items that are about to be tagged.

    What is on record of an item already stays: it may have lost moods since.
    """
    here = *store.here(MarkRow, level), MarkRow.moods.is_(None)
    with store.writing() as connection:
        rows = zip(look.key.tolist(), look.moods, look.has_tag, strict=True)
        for key, moods, has_tag in rows:
            if len(moods) and not has_tag:
                recorded = update(MarkRow).where(*here, MarkRow.key == key)
                connection.execute(recorded.values(moods=json.dumps(moods)))


def recorded_moods(store: ShadowStore) -> dict[Level, list[Moods]]:
    """Return, by level, the items that may have lost moods, or may lose them yet."""
    columns = MarkRow.level, MarkRow.key, MarkRow.guid, MarkRow.tag, MarkRow.moods
    of_library = MarkRow.library_id == store.library_id
    wanted = select(*columns).where(of_library, MarkRow.moods.is_not(None))
    found: dict[Level, list[Moods]] = {}
    with store.database.reading() as connection:
        for level, key, guid, tag, moods in connection.execute(wanted):
            one = Moods(key, guid, tag, tuple(json.loads(str(moods))))
            found.setdefault(Level(level), []).append(one)
    return found


def drop_moods(store: ShadowStore, level: Level, keys: Sequence[int]) -> None:
    """Drop the moods of items that lose none any more."""
    here = *store.here(MarkRow, level), MarkRow.key.in_(keys)
    with store.writing() as connection:
        connection.execute(update(MarkRow).where(*here).values(moods=None))
