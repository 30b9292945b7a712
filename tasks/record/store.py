"""Our record of one library: every method is one transaction, whole or not at all."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Self

import numpy as np
from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.sql import ColumnElement

from engine.errors import ShadowError
from engine.library import Identity, Level
from engine.planning.batches import Batch, ItemStates
from engine.rating_scale import Known
from tasks.machine import MACHINE, Machine
from tasks.record.database import Database, open_database
from tasks.record.libraries import record_of
from tasks.record.rows import (
    IS_AT_RISK,
    IS_IN_DOUBT,
    UNKNOWN,
    Intent,
    IntentState,
    Mark,
    OfLevel,
    Row,
    Shadow,
    intents_of,
    marks_of,
    oldest_expected,
    pieces,
    select_level,
)
from tasks.record.tables import IntentRow, MarkRow, ShadowRow


class ShadowStore:
    """What we wrote into one library, as one account."""

    def __init__(
        self, database: Database, library_id: int, machine: Machine = MACHINE
    ) -> None:
        self.database = database
        self.library_id = library_id
        self.machine = machine
        self.ensure_held: Callable[[Connection], None] = lambda _: None
        """Called in each transaction; fails if another run has taken over."""
        self._intended: set[tuple[Level, str]] = set()

    @classmethod
    def open(
        cls,
        address: str,
        identity: Identity,
        machine: Machine = MACHINE,
        *,
        create: bool,
        accept: bool = False,
    ) -> Self:
        """Open the record of a library at a SQLAlchemy URL.

        Args:
            address: The URL.
            identity: Whose record; libraries and accounts never mix.
            machine: By whose clock.
            create: Whether a record may be begun. Otherwise an unknown library
                has an empty one, and nothing is left behind.
            accept: Whether this library is to take over the record of another
                one of its name, because it was re-created, or of another
                account that it is shared with, because the token was renewed.
        """
        database = open_database(address, create=create, machine=machine)
        try:
            found = record_of(database, identity, create=create, accept=accept)
        except ShadowError:
            database.close()
            raise
        return cls(database, found, machine)

    def __enter__(self) -> Self:
        """Return the store; leaving closes all connections."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.database.close()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Begin a transaction of the run that holds the library."""
        with self.database.writing() as connection:
            self.ensure_held(connection)
            yield connection

    def here(self, table: OfLevel, level: Level) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions for rows about items of a level of this library."""
        return table.library_id == self.library_id, table.level == level

    def shadows(self, level: Level, guids: Sequence[str] | None = None) -> list[Shadow]:
        """Return the ratings that are ours: all of a level, or of these guids."""
        return self._rows(Shadow, level, guids)

    def intents(self, level: Level, guids: Sequence[str] | None = None) -> list[Intent]:
        """Return the intents, in whatever state, likewise."""
        return self._rows(Intent, level, guids)

    def marks(self, level: Level, guids: Sequence[str] | None = None) -> list[Mark]:
        """Return what items were like before our first write to them."""
        return self._rows(Mark, level, guids)

    def knows(self, run_id: str | None = None) -> bool:
        """Return whether a run, or any, wrote or was about to write anything so far."""
        with self.database.reading() as connection:
            for table in (ShadowRow, IntentRow):
                of_run = () if run_id is None else (table.run_id == run_id,)
                wanted = select(table.key).where(table.library_id == self.library_id)
                if connection.scalar(wanted.where(*of_run).limit(1)) is not None:
                    return True
        return False

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
            intent.guid: self._item(level) | intent._asdict() | known
            for intent, known in intents_of(batches, run_id, now)
        }
        guids = list(intents)
        recorded = self.intents(level, guids)
        tagged = {one.guid for one in recorded if one.state == IntentState.IN_DOUBT}
        marks = self.marks(level, guids)
        tagged |= {mark.guid for mark in marks if mark.tag and not mark.had_tag}
        # What was sent, also under another key, brought our tag: nobody else did.
        ours = np.array([guid in tagged for guid in look.guid], np.bool_)
        look = replace(look, has_tag=look.has_tag & ~ours)
        with self.writing() as connection:
            self._end(connection, level, guids)
            connection.execute(insert(IntentRow), list(intents.values()))
            self._mark(connection, level, look, tag)
        self._intended |= {(level, guid) for guid in guids}

    def record_in_doubt(self, level: Level, sent: Sequence[Intent]) -> None:
        """Note what was sent, and that nobody knows whether it arrives."""
        with self.writing() as connection:
            self._insert(connection, IntentRow, level, sent)

    def drop_in_doubt(self, level: Level, guids: Sequence[str], since: float) -> None:
        """Drop what might have arrived since then of items that show what did."""
        with self.writing() as connection:
            recent = IntentRow.since >= since
            self._delete(connection, IntentRow, level, guids, recent, IS_IN_DOUBT)

    def expire_in_doubt(self) -> None:
        """Drop the writes that are too old to arrive."""
        is_ours = IntentRow.library_id == self.library_id
        is_late = IntentRow.since <= oldest_expected(self.machine.now())
        with self.writing() as connection:
            connection.execute(delete(IntentRow).where(is_ours, IS_IN_DOUBT, is_late))

    def mark_as_ours(self, level: Level, look: ItemStates, tag: str) -> None:
        """Note the present locks of items that were tagged before this record."""
        known = [mark.key for mark in self.marks(level) if mark.tag]
        ours = replace(look, has_tag=np.zeros(len(look.key), np.bool_))
        with self.writing() as connection:
            self._delete(connection, MarkRow, level, list(look.guid), MarkRow.tag == "")
            rows = marks_of(ours, np.setdiff1d(look.key, known), tag)
            self._insert(connection, MarkRow, level, rows)

    def acknowledge(self, batch: Batch, now: float) -> None:
        """Note that Plex accepted a batch."""
        here = *self.here(IntentRow, batch.phase.level), ~IS_IN_DOUBT
        sent = update(IntentRow).where(*here, IntentRow.guid == bindparam("of"))
        accepted = sent.values(state=IntentState.ACKNOWLEDGED, since=now)
        with self.writing() as connection:
            guids = [{"of": guid} for guid in batch.guid]
            connection.execute(accepted, guids)

    def confirm(self, level: Level, seen: Sequence[Shadow]) -> None:
        """Turn intents that were seen in Plex into ratings of ours."""
        if not seen:
            return
        guids = [row.guid for row in seen]
        with self.writing() as connection:
            known = self._known(connection, level, guids)
            self._delete(connection, ShadowRow, level, guids)
            self._end(connection, level, guids)
            here = self._item(level)
            for some in pieces(seen):
                rows = [here | r._asdict() | known.get(r.guid, UNKNOWN) for r in some]
                connection.execute(insert(ShadowRow), rows)

    def discard_intents(self, level: Level, guids: Sequence[str]) -> None:
        """Drop intents that were never kept."""
        with self.writing() as connection:
            self._end(connection, level, guids)

    def forget(self, level: Level, guids: Sequence[str]) -> None:
        """Drop all on record of these ratings; moods that a tag may cost stay."""
        with self.writing() as connection:
            self._delete(connection, ShadowRow, level, guids)
            self._end(connection, level, guids)
            self._delete(connection, MarkRow, level, guids, ~IS_AT_RISK)

    def _rows(
        self, kind: type[Row], level: Level, guids: Sequence[str] | None
    ) -> list[Row]:
        """Return all rows of a level as values, or those with these guids."""
        # mypy takes no class for hashable.
        wanted = select_level(kind, some=guids is not None)  # type: ignore[arg-type]
        here = self._item(level)
        parts = [{}] if guids is None else [{"guids": some} for some in pieces(guids)]
        with self.database.reading() as connection:
            found = [connection.execute(wanted, here | part).all() for part in parts]
        return [kind._make(row) for rows in found for row in rows]

    def _known(
        self, connection: Connection, level: Level, guids: Sequence[str]
    ) -> dict[str, Known]:
        """Return how sure intended ratings are, by guid."""
        columns = [getattr(IntentRow, name) for name in UNKNOWN]
        here = *self.here(IntentRow, level), ~IS_IN_DOUBT
        wanted = select(IntentRow.guid, *columns).where(*here)
        return {
            guid: dict(zip(UNKNOWN, values, strict=True))
            for some in pieces(guids)
            for guid, *values in connection.execute(
                wanted.where(IntentRow.guid.in_(some))
            )
        }

    def _end(self, connection: Connection, level: Level, guids: Sequence[str]) -> None:
        """Drop intents; what another process left open is in doubt from now on.

        Of its own writes a process hears; another one may have died in mid-write.
        """
        of_others = [guid for guid in guids if (level, guid) not in self._intended]
        is_open = IntentRow.state == IntentState.OPEN
        left_open = update(IntentRow).where(*self.here(IntentRow, level), is_open)
        doubted = left_open.values(state=IntentState.IN_DOUBT)
        for some in pieces(of_others):
            connection.execute(doubted.where(IntentRow.guid.in_(some)))
        self._delete(connection, IntentRow, level, guids, ~IS_IN_DOUBT)

    def _mark(
        self, connection: Connection, level: Level, look: ItemStates, tag: str
    ) -> None:
        """Note what items are like before our first write, and before our first tag."""
        here = *self.here(MarkRow, level), MarkRow.key.in_(look.key.tolist())
        if tag:
            connection.execute(delete(MarkRow).where(*here, MarkRow.tag == ""))
        known = connection.scalars(select(MarkRow.key).where(*here)).all()
        fresh = np.setdiff1d(look.key, np.array(known, np.int64))
        self._insert(connection, MarkRow, level, marks_of(look, fresh, tag))

    def _item(self, level: Level) -> dict[str, Any]:
        return {"library_id": self.library_id, "level": int(level)}

    def _insert(
        self,
        connection: Connection,
        table: OfLevel,
        level: Level,
        rows: Sequence[Intent | Mark],
    ) -> None:
        if rows:
            values = [self._item(level) | row._asdict() for row in rows]
            connection.execute(insert(table), values)

    def _delete(
        self,
        connection: Connection,
        table: OfLevel,
        level: Level,
        guids: Sequence[str],
        *only: ColumnElement[bool],
    ) -> None:
        gone = delete(table).where(*self.here(table, level), *only)
        for some in pieces(guids):
            connection.execute(gone.where(table.guid.in_(some)))
