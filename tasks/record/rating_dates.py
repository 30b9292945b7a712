"""When Plex says that our ratings were given: any other date means a person."""

from collections.abc import Mapping

from sqlalchemy import bindparam, select, update

from engine.library import Level
from tasks.record.store import ShadowStore
from tasks.record.tables import ShadowRow


def undated(store: ShadowStore, level: Level) -> set[str]:
    """Return the guids of ratings of ours whose date is not known."""
    wanted = select(ShadowRow.guid).where(
        ShadowRow.library_id == store.library_id,
        ShadowRow.level == level,
        ShadowRow.seen_at <= 0,
    )
    with store.database.reading() as session:
        return set(session.scalars(wanted))


def note_dates(store: ShadowStore, level: Level, dates: Mapping[str, int]) -> None:
    """Record the present dates of ratings of ours.

    Args:
        store: The record.
        level: Of which items.
        dates: Epoch seconds, by guid.
    """
    if not dates:
        return
    dated = (
        update(ShadowRow)
        .where(
            ShadowRow.library_id == store.library_id,
            ShadowRow.level == level,
            ShadowRow.guid == bindparam("of"),
        )
        .values(seen_at=bindparam("date"))
    )
    rows = [{"of": guid, "date": date} for guid, date in dates.items()]
    with store.database.writing() as session:
        session.connection().execute(dated, rows)
