"""Our record of one library: every method is one transaction, whole or not at all."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Self, TypeVar

import numpy as np
from sqlalchemy import ColumnElement, delete, insert, inspect, select
from sqlalchemy.orm import Session

from engine.errors import ShadowError
from engine.estimates import Known
from engine.library import Identity, Level
from engine.planning.batches import Batch, ItemStates
from engine.rename_detection import Move
from tasks.record.database import Database, open_database
from tasks.record.intents import (
    IS_IN_DOUBT,
    acknowledge,
    drop_in_doubt,
    end_intents,
    expire_in_doubt,
    record_in_doubt,
)
from tasks.record.libraries import record_of
from tasks.record.original_tags import IS_AT_RISK, mark, marks_of
from tasks.record.renames import rename
from tasks.record.rows import (
    Intent,
    IntentState,
    Mark,
    Shadow,
    intent_values_of,
    pieces,
    select_level,
)
from tasks.record.tables import (
    IntentRow,
    MarkRow,
    OfGuess,
    OfItem,
    ShadowRow,
)

UNKNOWN: Known = dict.fromkeys(OfGuess.__annotations__)
"""Nobody can say how sure a rating is."""

OfLevel = type[OfItem] | type[IntentRow] | type[MarkRow]
"""A table of rows about items."""

Row = TypeVar("Row", Shadow, Intent, Mark)


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
        with self.database.writing() as session:
            record_in_doubt(session, self.library_id, level, sent)

    def drop_in_doubt(self, level: Level, guids: Sequence[str], since: float) -> None:
        """Drop what might have arrived since then of items that show what did."""
        with self.database.writing() as session:
            drop_in_doubt(session, self.library_id, level, guids, since)

    def expire_in_doubt(self) -> None:
        """Drop the writes that are too old to arrive."""
        with self.database.writing() as session:
            expire_in_doubt(session, self.library_id)

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
        with self.database.writing() as session:
            acknowledge(session, self.library_id, batch, now)

    def confirm(self, level: Level, seen: Sequence[Shadow]) -> None:
        """Turn intents that were seen in Plex into ratings of ours."""
        if not seen:
            return
        guids = [row.guid for row in seen]
        with self.database.writing() as session:
            known = self._known(session, level, guids)
            self._delete(session, ShadowRow, level, guids)
            self._end(session, level, guids)
            for some in pieces(seen):
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
        """Drop all that is recorded of these ratings: they are not ours.

        What moods items had stays while a tag that may cost them is in doubt.
        """
        with self.database.writing() as session:
            self._delete(session, ShadowRow, level, guids)
            self._end(session, level, guids)
            self._delete(session, MarkRow, level, guids, ~IS_AT_RISK)

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
            orders = [here | {"guids": some} for some in pieces(guids)]
        columns = kind._fields
        name = str(inspect(table).local_table)
        wanted = select_level(name, columns, some=guids is not None)
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
            ~IS_IN_DOUBT,
        )
        found: dict[str, Known] = {}
        for some in pieces(guids):
            for guid, *values in session.execute(
                wanted.where(IntentRow.guid.in_(some))
            ):
                found[guid] = dict(zip(UNKNOWN, values, strict=True))
        return found

    def _end(self, session: Session, level: Level, guids: Sequence[str]) -> None:
        theirs = [guid for guid in guids if (level, guid) not in self._intended]
        end_intents(session, self.library_id, level, guids, theirs)

    def _item(self, level: Level, guid: str) -> dict[str, int | str]:
        return {"library_id": self.library_id, "level": int(level), "guid": guid}

    def _delete(
        self,
        session: Session,
        table: OfLevel,
        level: Level,
        guids: Iterable[str],
        *only: ColumnElement[bool],
    ) -> None:
        gone = delete(table).where(
            table.library_id == self.library_id, table.level == level, *only
        )
        for some in pieces(list(guids)):
            session.connection().execute(gone.where(table.guid.in_(some)))
