"""The states of an intent: open, acknowledged, in doubt; and how it ends."""

import time
from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, bindparam, delete, insert, update
from sqlalchemy.orm import Session

from engine.library import Level
from engine.planning.batches import Batch
from tasks.record.rows import Intent, IntentState, pieces
from tasks.record.tables import IntentRow

LATEST_ARRIVAL = 3600.0
"""Seconds after which a write that never showed is not expected any more."""


def oldest_expected() -> float:
    """Return when a write must have been sent to be expected yet, epoch seconds."""
    return time.time() - LATEST_ARRIVAL


def may_have_arrived(intent: Intent, rated_at: int) -> bool:
    """Say whether a rating of that date, epoch seconds, may be what was sent.

    As long as it may arrive, it may whatever the date: the server's clock may be wrong.
    """
    in_time = rated_at <= intent.since + LATEST_ARRIVAL
    return in_time or intent.since >= oldest_expected()


IS_IN_DOUBT = IntentRow.state == IntentState.IN_DOUBT


def acknowledge(session: Session, library_id: int, batch: Batch, now: float) -> None:
    """Note that Plex accepted a batch."""
    accepted = (
        update(IntentRow)
        .where(
            *_here(library_id, batch.phase.level),
            IntentRow.guid == bindparam("of"),
            ~IS_IN_DOUBT,
        )
        .values(state=IntentState.ACKNOWLEDGED, since=now)
    )
    session.connection().execute(accepted, [{"of": guid} for guid in batch.guid])


def record_in_doubt(
    session: Session, library_id: int, level: Level, sent: Sequence[Intent]
) -> None:
    """Note what was sent, and that nobody knows whether it arrives."""
    here = {"library_id": library_id, "level": int(level)}
    rows = [here | intent._asdict() for intent in sent]
    session.connection().execute(insert(IntentRow), rows)


def expire_in_doubt(session: Session, library_id: int) -> None:
    """Drop the writes that are too old to arrive."""
    session.execute(
        delete(IntentRow).where(
            IntentRow.library_id == library_id,
            IS_IN_DOUBT,
            IntentRow.since <= oldest_expected(),
        )
    )


def drop_in_doubt(
    session: Session, library_id: int, level: Level, guids: Sequence[str], since: float
) -> None:
    """Drop what might have arrived since then of items that show what did."""
    here = (*_here(library_id, level), IntentRow.since >= since)
    for some in pieces(guids):
        gone = delete(IntentRow).where(*here, IntentRow.guid.in_(some), IS_IN_DOUBT)
        session.execute(gone)


def end_intents(
    session: Session,
    library_id: int,
    level: Level,
    guids: Sequence[str],
    of_others: Iterable[str],
) -> None:
    """Drop intents; what another process left open is in doubt from now on.

    Of its own writes a process hears; another one may have died in mid-write.
    """
    here, is_open = _here(library_id, level), IntentRow.state == IntentState.OPEN
    for some in pieces(list(of_others)):
        session.execute(
            update(IntentRow)
            .where(*here, IntentRow.guid.in_(some), is_open)
            .values(state=IntentState.IN_DOUBT)
        )
    for some in pieces(guids):
        gone = delete(IntentRow).where(*here, IntentRow.guid.in_(some), ~IS_IN_DOUBT)
        session.execute(gone)


def _here(library_id: int, level: Level) -> tuple[ColumnElement[bool], ...]:
    return IntentRow.library_id == library_id, IntentRow.level == level
