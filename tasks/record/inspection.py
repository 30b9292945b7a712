"""What a state database holds, seen from outside: nothing is made or changed."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import ColumnElement, Connection, create_engine, func, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from engine.errors import ShadowUnreadable
from tasks.record import migrations
from tasks.record.rows import IntentState
from tasks.record.tables import IntentRow, ShadowRow

Shape = Literal["missing", "empty", "older", "current", "newer", "foreign"]


@dataclass(frozen=True)
class Inspection:
    """What was found at a SQLAlchemy URL."""

    place: str
    """A path, or a URL without its password."""
    shape: Shape
    """Missing or empty: a live run begins it; older: the next run migrates it;
    newer or foreign: it cannot be used."""
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
        place = _place(url)
        if _is_missing(url, place):
            return Inspection(place, "missing")
        # Not our own engine: that one would switch a foreign file to its journal.
        engine = create_engine(url, poolclass=NullPool)
    except (ArgumentError, ImportError):
        raise ShadowUnreadable(
            "STATE_URL is not a SQLAlchemy URL that can be used here."
        ) from None
    try:
        with engine.connect() as connection:
            return _look(connection, place)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise ShadowUnreadable(f"{place} cannot be used: {reason}.") from None


def _place(url: URL) -> str:
    if url.get_backend_name() == "sqlite" and url.database:
        return str(Path(url.database).resolve())
    # A password may also stand in the query.
    return url.set(query={}).render_as_string(hide_password=True)


def _is_missing(url: URL, place: str) -> bool:
    """Say whether there is no SQLite file yet.

    Raises:
        ShadowUnreadable: It could not be written or made.
    """
    if url.get_backend_name() != "sqlite" or not url.database:
        return False
    is_missing = not Path(place).exists()
    folder = Path(place).parent
    if not os.access(folder if is_missing else place, os.W_OK):
        raise ShadowUnreadable(f"{place} cannot be written.")
    return is_missing


def _look(connection: Connection, place: str) -> Inspection:
    shape = _shape(connection)
    if shape != "current":
        return Inspection(place, shape)
    ratings, intents = _count(connection, ShadowRow), _count(connection, IntentRow)
    late = _count(connection, IntentRow, IntentRow.state == IntentState.IN_DOUBT)
    return Inspection(place, shape, ratings, intents - late)


def _shape(connection: Connection) -> Shape:
    present = MigrationContext.configure(connection).get_current_revision()
    if present is None:
        return "foreign" if inspect(connection).get_table_names() else "empty"
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    if present == script.get_current_head():
        return "current"
    known = {step.revision for step in script.walk_revisions()}
    return "older" if present in known else "newer"


def _count(
    connection: Connection,
    table: type[ShadowRow | IntentRow],
    *which: ColumnElement[bool],
) -> int:
    counted = select(func.count()).select_from(table).where(*which)
    return connection.scalar(counted) or 0
