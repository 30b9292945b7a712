"""Our record of one library: every method is one transaction, whole or not at all."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Self, TypeVar

import numpy as np
from sqlalchemy import Select, bindparam, delete, insert, inspect, select, update
from sqlalchemy.orm import Session

from engine.errors import ShadowError
from engine.estimates import Known
from engine.library import Identity, Level
from engine.planning.batches import Batch, ItemStates
from engine.rename_detection import Move
from tasks.record.database import Database, open_database
from tasks.record.late_arrivals import oldest_expected
from tasks.record.libraries import record_of
from tasks.record.original_tags import mark, marks_of
from tasks.record.renames import rename
from tasks.record.rows import Intent, IntentState, Mark, Shadow, intent_values_of
from tasks.record.tables import (
    Base,
    IntentRow,
    MarkRow,
    OfGuess,
    OfItem,
    ShadowRow,
)

MOST_PARAMETERS = 500
"""Values in one IN list; every database allows 999."""

UNKNOWN: Known = dict.fromkeys(OfGuess.__annotations__)
"""Nobody can say how sure a rating is."""

OfLevel = type[OfItem] | type[IntentRow] | type[MarkRow]
"""A table of rows about items."""

Row = TypeVar("Row", Shadow, Intent, Mark)
Value = TypeVar("Value")


class ShadowStore:
    """What we wrote into one library, as one account."""

    def __init__(self, database: Database, library_id: int) -> None:
        self.database = database
        self.library_id = library_id
        self._intended: set[tuple[Level, str]] = set()

    @classmethod
    def open(
        cls, address: str, identity: Identity, *, create: bool, accept: bool = False
    ) -> Self:
        """Open the record of a library.

        Args:
            address: A SQLAlchemy URL.
            identity: Whose record; libraries and accounts never mix.
            create: Whether a record may be begun. Otherwise an unknown library
                has an empty one, and nothing is left behind.
            accept: Whether this library is to take over the record of another
                one of its name, because it was created anew, or of another
                account that it is shared with, because the token was renewed.

        Raises:
            ShadowUnreadable: The database cannot be used.
            LibraryReplaced: There is a record that this library may have to follow.
        """
        database = open_database(address, create=create)
        try:
            found = record_of(database, identity, create=create, accept=accept)
        except ShadowError:
            database.close()
            raise
        return cls(database, found)

    def __enter__(self) -> Self:
        """Return the store; leaving closes its connections."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.database.close()

    def shadows(self, level: Level, guids: Sequence[str] | None = None) -> list[Shadow]:
        """Return the ratings that are ours: all of a level, or of these guids."""
        return self._rows(ShadowRow, Shadow, level, guids)

    def intents(self, level: Level, guids: Sequence[str] | None = None) -> list[Intent]:
        """Return the intents, in whatever state: all of a level, or of these guids."""
        return self._rows(IntentRow, Intent, level, guids)

    def marks(self, level: Level, guids: Sequence[str] | None = None) -> list[Mark]:
        """Return what items were like before our first write to them."""
        return self._rows(MarkRow, Mark, level, guids)

    def is_empty(self) -> bool:
        """Say whether nothing at all is recorded of this library."""
        tables = (ShadowRow, IntentRow)
        keys = [select(t.key).where(t.library_id == self.library_id) for t in tables]
        with self.database.reading() as session:
            return all(session.scalar(one.limit(1)) is None for one in keys)

    def knows(self, run_id: str) -> bool:
        """Say whether a run wrote, or was about to write, anything so far."""
        with self.database.reading() as session:
            return any(
                session.scalar(
                    select(table.key)
                    .where(table.library_id == self.library_id, table.run_id == run_id)
                    .limit(1)
                )
                is not None
                for table in (ShadowRow, IntentRow)
            )

    def record_intents(
        self,
        batches: Sequence[Batch],
        look: ItemStates,
        tag: str,
        run_id: str,
        now: float,
    ) -> None:
        """Record intents for batches of one phase, and what items were like before.

        Args:
            batches: What will be rated.
            look: All items of that level that will bear one of the ratings, as they
                are before.
            tag: What they get; empty: nothing.
            run_id: By whom.
            now: Epoch seconds.
        """
        if not batches:
            return
        level = batches[0].phase.level
        intents = {
            guid: {**self._item(level, guid), **values}
            for guid, values in intent_values_of(batches, run_id, now)
        }
        guids = list(intents)
        sent = {
            intent.guid
            for intent in self.intents(level, guids)
            if intent.state == IntentState.IN_DOUBT
        }
        # What was sent may have brought our tag: then nobody else gave it.
        arrived = np.array([guid in sent for guid in look.guid], np.bool_)
        look = replace(look, has_tag=look.has_tag & ~arrived)
        with self.database.writing() as session:
            self._end(session, level, guids)
            session.execute(insert(IntentRow), list(intents.values()))
            mark(session, self.library_id, level, look, tag)
        self._intended |= {(level, guid) for guid in guids}

    def record_in_doubt(self, level: Level, sent: Sequence[Intent]) -> None:
        """Note what was sent, and that nobody knows whether it arrives."""
        here = {"library_id": self.library_id, "level": int(level)}
        with self.database.writing() as session:
            session.connection().execute(
                insert(IntentRow), [here | intent._asdict() for intent in sent]
            )

    def expire_in_doubt(self) -> None:
        """Drop the writes that are too old to arrive."""
        with self.database.writing() as session:
            session.execute(
                delete(IntentRow).where(
                    IntentRow.library_id == self.library_id,
                    IntentRow.state == IntentState.IN_DOUBT,
                    IntentRow.since <= oldest_expected(),
                )
            )

    def mark_as_ours(self, level: Level, look: ItemStates, tag: str) -> None:
        """Note the present locks of items that were tagged before this record."""
        known = {mark.key for mark in self.marks(level)}
        fresh = np.array([key for key in look.key.tolist() if key not in known], int)
        if len(fresh):
            ours = replace(look, has_tag=np.zeros(len(look.key), np.bool_))
            with self.database.writing() as session:
                rows = marks_of(self.library_id, level, ours, fresh, tag)
                session.execute(insert(MarkRow), rows)

    def acknowledge(self, batch: Batch, now: float) -> None:
        """Note that Plex accepted a batch."""
        intended = (
            update(IntentRow)
            .where(
                IntentRow.library_id == self.library_id,
                IntentRow.level == batch.phase.level,
                IntentRow.guid == bindparam("of"),
                IntentRow.state != IntentState.IN_DOUBT,
            )
            .values(state=IntentState.ACKNOWLEDGED, since=now)
        )
        with self.database.writing() as session:
            session.connection().execute(
                intended, [{"of": guid} for guid in batch.guid]
            )

    def confirm(self, level: Level, seen: Sequence[Shadow]) -> None:
        """Turn intents that were seen in Plex into ratings of ours."""
        if not seen:
            return
        guids = [row.guid for row in seen]
        with self.database.writing() as session:
            known = self._known(session, level, guids)
            self._delete(session, ShadowRow, level, guids)
            self._end(session, level, guids)
            for some in _pieces(seen):
                rows = [
                    self._item(level, row.guid)
                    | row._asdict()
                    | known.get(row.guid, UNKNOWN)
                    for row in some
                ]
                session.connection().execute(insert(ShadowRow), rows)

    def discard_intents(self, level: Level, guids: Sequence[str]) -> None:
        """Drop intents that were never kept."""
        with self.database.writing() as session:
            self._end(session, level, guids)

    def forget(self, level: Level, guids: Sequence[str]) -> None:
        """Drop all that is recorded of these ratings: they are not ours."""
        with self.database.writing() as session:
            self._delete(session, ShadowRow, level, guids)
            self._end(session, level, guids)
            self._delete(session, MarkRow, level, guids)

    def follow(self, level: Level, moves: Iterable[Move]) -> None:
        """Record items under the names that they go by now.

        Where something is recorded under the new name already, that stays, and
        what is under the old one is dropped.
        """
        with self.database.writing() as session:
            for move in moves:
                rename(session, self.library_id, level, move)

    def _rows(
        self,
        table: OfLevel,
        kind: type[Row],
        level: Level,
        guids: Sequence[str] | None,
    ) -> list[Row]:
        """Return all rows of a level as values, or those with these guids."""
        here: dict[str, Any] = {"library_id": self.library_id, "level": int(level)}
        orders = [here]
        if guids is not None:
            orders = [here | {"guids": some} for some in _pieces(guids)]
        columns = kind._fields
        name = str(inspect(table).local_table)
        wanted = _select_level(name, columns, some=guids is not None)
        with self.database.reading() as session:
            connection = session.connection()
            return [
                kind._make(row)
                for order in orders
                for row in connection.execute(wanted, order)
            ]

    def _known(
        self, session: Session, level: Level, guids: Sequence[str]
    ) -> dict[str, Known]:
        """Return how sure intended ratings are, by guid."""
        columns = [getattr(IntentRow, name) for name in UNKNOWN]
        wanted = select(IntentRow.guid, *columns).where(
            IntentRow.library_id == self.library_id,
            IntentRow.level == level,
            IntentRow.state != IntentState.IN_DOUBT,
        )
        found: dict[str, Known] = {}
        for some in _pieces(guids):
            for guid, *values in session.execute(
                wanted.where(IntentRow.guid.in_(some))
            ):
                found[guid] = dict(zip(UNKNOWN, values, strict=True))
        return found

    def _end(self, session: Session, level: Level, guids: Sequence[str]) -> None:
        """Drop intents; what another process left open is in doubt from now on.

        Of its own writes a process hears; another one may have died in mid-write.
        """
        here = (IntentRow.library_id == self.library_id, IntentRow.level == level)
        theirs = [guid for guid in guids if (level, guid) not in self._intended]
        for some in _pieces(theirs):
            is_open = IntentRow.state == IntentState.OPEN
            session.execute(
                update(IntentRow)
                .where(*here, IntentRow.guid.in_(some), is_open)
                .values(state=IntentState.IN_DOUBT)
            )
        known = IntentRow.state != IntentState.IN_DOUBT
        for some in _pieces(guids):
            session.execute(
                delete(IntentRow).where(*here, IntentRow.guid.in_(some), known)
            )

    def _item(self, level: Level, guid: str) -> dict[str, int | str]:
        return {"library_id": self.library_id, "level": int(level), "guid": guid}

    def _delete(
        self,
        session: Session,
        table: OfLevel,
        level: Level,
        guids: Iterable[str],
    ) -> None:
        gone = delete(table).where(
            table.library_id == self.library_id, table.level == level
        )
        for some in _pieces(list(guids)):
            session.connection().execute(gone.where(table.guid.in_(some)))


@cache
def _select_level(
    table: str, names: tuple[str, ...], *, some: bool
) -> Select[tuple[Any, ...]]:
    """Return what asks for rows of a level, maybe only for some guids.

    It is made once: that takes SQLAlchemy longer than SQLite takes to answer.
    """
    columns = Base.metadata.tables[table].c
    wanted = select(*(columns[name] for name in names)).where(
        columns.library_id == bindparam("library_id"),
        columns.level == bindparam("level"),
    )
    if some:
        return wanted.where(columns.guid.in_(bindparam("guids", expanding=True)))
    return wanted


def _pieces(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Yield values a few hundred at a time."""
    for start in range(0, len(values), MOST_PARAMETERS):
        yield values[start : start + MOST_PARAMETERS]
