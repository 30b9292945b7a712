"""Writes that were sent, of which nobody heard, and which may arrive yet.

A request that timed out may wait in a queue and change Plex when all else is done:
after it was made again, after another run, even after an undo. So what it would
write stays on record for as long as that may happen.
"""

import time
from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from engine.library import Level
from tasks.record.rows import InDoubtWrite
from tasks.record.tables import InDoubtRow, IntentRow

LATEST_ARRIVAL = 3600.0
"""Seconds after which a write that never showed is not expected any more."""


def in_time(in_doubt_write: InDoubtWrite, rated_at: int) -> bool:
    """Say whether a rating of that date, epoch seconds, may be what was sent.

    As long as it may arrive, it may whatever the date: the server's clock may be wrong.
    """
    latest = in_doubt_write.sent_at + LATEST_ARRIVAL
    return rated_at <= latest or time.time() <= latest


def expect(
    session: Session, library_id: int, level: Level, sent: Sequence[InDoubtWrite]
) -> None:
    """Put on record that writes may arrive."""
    here = {"library_id": library_id, "level": int(level)}
    rows = [here | in_doubt_write._asdict() for in_doubt_write in sent]
    session.connection().execute(insert(InDoubtRow), rows)


def expect_open(
    session: Session, library_id: int, level: Level, guids: Sequence[str]
) -> None:
    """Put on record that intents may be kept yet that were left open."""
    intended = select(
        IntentRow.library_id,
        IntentRow.level,
        IntentRow.guid,
        IntentRow.key,
        IntentRow.phase,
        IntentRow.run_id,
        IntentRow.after,
        IntentRow.intended_at,
    ).where(
        IntentRow.library_id == library_id,
        IntentRow.level == level,
        IntentRow.guid.in_(guids),
        IntentRow.acknowledged_at.is_(None),
    )
    columns = ["library_id", "level", *InDoubtWrite._fields]
    session.execute(insert(InDoubtRow).from_select(columns, intended))


def expire_in_doubt(session: Session, library_id: int) -> None:
    """Drop what will not arrive any more, once what did arrive is on record."""
    session.execute(
        delete(InDoubtRow).where(
            InDoubtRow.library_id == library_id,
            InDoubtRow.sent_at <= time.time() - LATEST_ARRIVAL,
        )
    )
