"""What Plex changes by itself comes onto the record: names of items, dates of ratings.

Any other date of a rating of ours means a person.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, select, true, update
from sqlalchemy.orm import Session

from engine.library import Level
from engine.rename_detection import Move
from tasks.record.rows import OfLevel
from tasks.record.store import IS_IN_DOUBT, ShadowStore
from tasks.record.tables import IntentRow, MarkRow, ShadowRow


def follow(store: ShadowStore, level: Level, moves: Iterable[Move]) -> None:
    """Record items under the names that they go by now.

    Where something is recorded under the new name already, that stays, and
    what is under the old one is dropped.
    """
    with store.database.writing() as session:
        for move in moves:
            _rename(store, session, level, move)


def _rename(store: ShadowStore, session: Session, level: Level, move: Move) -> None:
    old, new = move.old, move.new
    names: list[tuple[OfLevel, Any, Any, Any, ColumnElement[bool]]] = [
        (MarkRow, MarkRow.key, old.key, new.key, true()),
        (ShadowRow, ShadowRow.guid, old.guid, new.guid, true()),
        (IntentRow, IntentRow.guid, old.guid, new.guid, ~IS_IN_DOUBT),
    ]
    for table, name, before, now, counts in names:
        here = *store.here(table, level), counts
        taken = select(name).where(*here, name == now).limit(1)
        if before != now and session.scalar(taken) is not None:
            session.execute(delete(table).where(*here, name == before))
    for table, *_ in names:
        is_old = table.guid == old.guid, table.key == old.key
        renamed = update(table).where(*store.here(table, level), *is_old)
        session.execute(renamed.values(guid=new.guid, key=new.key))


def undated(store: ShadowStore, level: Level) -> set[str]:
    """Return the guids of ratings of ours whose date is not known."""
    here = *store.here(ShadowRow, level), ShadowRow.seen_at <= 0
    with store.database.reading() as session:
        return set(session.scalars(select(ShadowRow.guid).where(*here)))


def note_dates(store: ShadowStore, level: Level, dates: Mapping[str, int]) -> None:
    """Record the present dates, epoch seconds, of ratings of ours, by guid."""
    if not dates:
        return
    here = *store.here(ShadowRow, level), ShadowRow.guid == bindparam("of")
    dated = update(ShadowRow).where(*here).values(seen_at=bindparam("date"))
    rows = [{"of": guid, "date": date} for guid, date in dates.items()]
    with store.database.writing() as session:
        session.connection().execute(dated, rows)
