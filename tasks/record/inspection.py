"""What a state database holds, seen from outside: nothing is made or changed."""

import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, create_engine, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from engine.errors import ShadowUnreadable
from tasks.record.database import Shape, reason_of, shape_of, shown
from tasks.record.rows import IntentState
from tasks.record.tables import IntentRow, ShadowRow


@dataclass(frozen=True)
class Inspection:
    """What was found at a SQLAlchemy URL."""

    place: str
    """A path, or a URL without its password."""
    shape: Shape
    ratings: int = 0
    """Recorded ratings of ours, of all libraries."""
    intents: int = 0
    """Writes that were recorded and not yet seen in Plex, of all libraries."""


def inspect_database(address: str) -> Inspection:
    """Look at the state database at a SQLAlchemy URL.

    Raises:
        ShadowUnreadable: It is corrupt, out of reach, or may not be written.
    """
    try:
        url = make_url(address)
        # Not our own engine: that one would switch a foreign file to its journal.
        engine = create_engine(url, poolclass=NullPool)
    except (ArgumentError, ImportError):
        raise ShadowUnreadable(
            "STATE_URL is not a SQLAlchemy URL that can be used here."
        ) from None
    place = shown(url)
    if url.get_backend_name() == "sqlite" and url.database:
        place = str(Path(url.database).resolve())
        if _is_missing(Path(place)):
            return Inspection(place, "missing")
    try:
        with engine.connect() as connection:
            return _look(connection, place)
    except SQLAlchemyError as error:
        raise ShadowUnreadable(f"{place} cannot be used: {reason_of(error)}.") from None


def _is_missing(file: Path) -> bool:
    """Return whether there is no file yet; refuse one that cannot be written."""
    is_missing = not file.exists()
    if not os.access(file.parent if is_missing else file, os.W_OK):
        raise ShadowUnreadable(f"{file} cannot be written.")
    return is_missing


def _look(connection: Connection, place: str) -> Inspection:
    shape, _ = shape_of(connection)
    if shape != "current":
        return Inspection(place, shape)
    is_open = IntentRow.state != IntentState.IN_DOUBT
    ratings = connection.scalar(select(func.count()).select_from(ShadowRow))
    intents = connection.scalar(select(func.count(IntentRow.id)).where(is_open))
    return Inspection(place, shape, ratings or 0, intents or 0)
