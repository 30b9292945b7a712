"""Items that go by a new name: what is recorded of them comes along."""

from sqlalchemy import ColumnElement, delete, select, true, update
from sqlalchemy.orm import Session

from engine.library import Level
from engine.rename_detection import Move
from tasks.record.rows import IntentState
from tasks.record.tables import IntentRow, MarkRow, ShadowRow

Table = type[ShadowRow | IntentRow | MarkRow]


def rename(session: Session, library_id: int, level: Level, move: Move) -> None:
    """Record an item under its new name, unless something is recorded there already."""
    old, new = move.old, move.new

    def here(table: Table) -> list[ColumnElement[bool]]:
        return [table.library_id == library_id, table.level == level]

    def is_taken(table: Table, by: ColumnElement[bool]) -> bool:
        taken = select(table.key).where(*here(table), by).limit(1)
        return session.scalar(taken) is not None

    if new.key != old.key and is_taken(MarkRow, MarkRow.key == new.key):
        session.execute(delete(MarkRow).where(*here(MarkRow), MarkRow.key == old.key))
    is_known = IntentRow.state != IntentState.IN_DOUBT
    rated: dict[Table, ColumnElement[bool]] = {ShadowRow: true(), IntentRow: is_known}
    for table, counts in rated.items() if new.guid != old.guid else ():
        if is_taken(table, (table.guid == new.guid) & counts):
            gone = delete(table).where(*here(table), table.guid == old.guid, counts)
            session.execute(gone)
    for table in (*rated, MarkRow):
        session.execute(
            update(table)
            .where(*here(table), table.guid == old.guid, table.key == old.key)
            .values(guid=new.guid, key=new.key)
        )
