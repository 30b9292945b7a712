"""Opening the shadow database: SQLite by default, any SQLAlchemy URL."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from engine.errors import ShadowUnreadable
from tasks.machine import MACHINE, Machine, is_on_network_share
from tasks.record.backups import back_up, newest_backup
from tasks.record.tables import Base

PRESENT = "0012"
"""The last step; what is of this shape is used without asking Alembic."""

Shape = Literal["missing", "empty", "older", "current", "newer", "foreign"]
"""Missing or empty: a live run begins it; older: the next run migrates it;
newer or foreign: it cannot be used."""

_STEPS = str(Path(__file__).parent / "migrations").replace("%", "%%")


def shape_of(connection: Connection) -> tuple[Shape, str]:
    """Return the shape of a database's tables, and the step that they are at."""
    tables = set(inspect(connection).get_table_names())
    step = None
    if "alembic_version" in tables:
        step = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if step is None:
        return ("foreign" if tables - {"alembic_version"} else "empty"), ""
    if step == PRESENT:
        return "current", step
    from alembic.script import ScriptDirectory  # noqa: PLC0415 (is slow)

    known = {one.revision for one in ScriptDirectory(_STEPS).walk_revisions()}
    return ("older" if step in known else "newer"), step


def usable_shape_of(connection: Connection) -> Shape:
    """Return the shape of our tables; refuse those of others and of newer programs."""
    shape, step = shape_of(connection)
    if shape == "foreign":
        raise ShadowUnreadable(
            "The database at STATE_URL holds other tables and none of plexbayes. "
            "Give plexbayes a database of its own."
        )
    if shape == "newer":
        raise ShadowUnreadable(
            "The state database was written by a newer plexbayes "
            f"(schema {step}). Upgrade plexbayes to use it."
        )
    return shape


def create_tables(connection: Connection) -> None:
    """Make all tables in their present shape, unless another process just did."""
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 (is slow)
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    if usable_shape_of(connection) == "empty":
        Base.metadata.create_all(connection)
        context = MigrationContext.configure(connection)
        context.stamp(ScriptDirectory(_STEPS), PRESENT)


def upgrade(engine: Engine) -> None:
    """Bring the tables into their present shape, in one transaction."""
    from alembic import command  # noqa: PLC0415 (is slow, and rarely needed)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", _STEPS)
    with engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


PATIENCE = 30
"""Seconds to wait for another process that is writing to the same SQLite file."""

REPAIR = "Repair it or restore a copy"

ADVICE = {
    "SQLITE_FULL": "Make room on its disk, and run again.",
    "SQLITE_IOERR": "Make sure that its disk works and has room, and run again.",
    "SQLITE_BUSY": "Another program keeps it locked: end that, and run again.",
    "SQLITE_LOCKED": "Another program keeps it locked: end that, and run again.",
    "SQLITE_READONLY": "Allow plexbayes to write that file and into its folder.",
    "SQLITE_CANTOPEN": "Allow plexbayes to read and write that file and its folder.",
    "SQLITE_CORRUPT": REPAIR,
    "SQLITE_NOTADB": REPAIR,
}
"""What to do, by the first two words of the name that SQLite gives to an error."""


class Database:
    """A database in its present shape; every connection is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Begin a transaction that changes nothing."""
        with usable(self._engine.url), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Begin a transaction: committed at the end, rolled back on any error."""
        engine = self._engine.execution_options(writes=True)
        with usable(engine.url), engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def open_database(
    address: str, *, create: bool, machine: Machine = MACHINE
) -> Database:
    """Open the database at a SQLAlchemy URL in its present shape.

    Args:
        address: The URL; it may hold a password and is never shown whole.
        create: Whether a missing SQLite file may be made, and an older record be
            upgraded. Otherwise one in memory stands in: empty, or an upgraded copy of
            the older one. (Only a server's database is upgraded in any case.)
        machine: By whose clock a copy is dated.

    Raises:
        ShadowUnreadable: The database is corrupt, newer, locked or unreachable.
    """
    url = _url(address)
    with usable(url):
        if _is_missing_file(url):
            if not create:
                return _stand_in()
            with suppress(OSError):  # SQLite itself says what is wrong
                Path(str(url.database)).touch(0o600)  # else others could read it
        engine = _engine(url)
        try:
            with engine.connect() as connection:
                shape = usable_shape_of(connection)
            if shape == "empty" and not create:
                engine.dispose()
                return _stand_in()
            if shape == "older":
                if not create and url.get_backend_name() == "sqlite":
                    engine = _copy_in_memory(engine)
                else:
                    back_up(address, machine.date, always=True)
            if shape != "current":
                _bring_up_to_date(engine, is_new=shape == "empty")
        except BaseException:
            engine.dispose()
            raise
    return Database(engine)


def _url(address: str) -> URL:
    try:
        url = make_url(address)
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise ShadowUnreadable(
            "STATE_URL is not a SQLAlchemy URL that can be used here, such as "
            "sqlite:///plexbayes.db or postgresql+psycopg://user@host/name "
            f"({type(error).__name__})."
        ) from None
    return url


def _is_missing_file(url: URL) -> bool:
    is_file = url.get_backend_name() == "sqlite" and bool(url.database)
    return is_file and not Path(str(url.database)).exists()


def _stand_in() -> Database:
    """Return empty tables in memory."""
    engine = _engine(make_url("sqlite://"))
    Base.metadata.create_all(engine)
    return Database(engine)


def _copy_in_memory(engine: Engine) -> Engine:
    """Return a copy that can be changed without harm; the original is closed."""
    copy = _engine(make_url("sqlite://"))
    with engine.connect() as source, copy.connect() as target:
        driver = source.connection.driver_connection
        driver.backup(target.connection.driver_connection)  # type: ignore[union-attr]
    engine.dispose()
    return copy


def _bring_up_to_date(engine: Engine, *, is_new: bool) -> None:
    if engine.url.database and engine.url.get_backend_name() == "sqlite":
        _choose_journal(engine)
    if not is_new:
        upgrade(engine)
        return
    with engine.execution_options(writes=True).begin() as connection:
        create_tables(connection)


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if not url.database:
        return create_engine(
            url, poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
    engine = create_engine(url, connect_args={"timeout": PATIENCE})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not open transactions by itself: `_begin_sqlite` does.
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous=FULL")  # an intent must survive a power cut


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    driver = connection.connection.driver_connection
    driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")  # type: ignore[union-attr]


def _choose_journal(engine: Engine) -> None:
    """Let readers and a writer work side by side where the disk is our own.

    SQLite's write-ahead log needs memory shared by all processes, which a network
    share does not give: https://sqlite.org/wal.html
    """
    is_shared = is_on_network_share(Path(str(engine.url.database)))
    connection = engine.raw_connection()
    connection.cursor().execute(
        f"PRAGMA journal_mode={'DELETE' if is_shared else 'WAL'}"
    )
    connection.close()


@contextmanager
def usable(url: URL) -> Iterator[None]:
    """Turn what a database says when it cannot be used into one sentence.

    Raises:
        ShadowUnreadable: It cannot be used; the sentence says what to do.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, ImportError) as error:
        raise ShadowUnreadable(
            f"The state database {shown(url)} cannot be used: {reason_of(error)}. "
            f"Nothing more was written to Plex. {_advice(url, error)}"
        ) from error


def shown(url: URL) -> str:
    """Return a URL for people: without its password, wherever that stands."""
    return url.set(query={}).render_as_string(hide_password=True)


def reason_of(error: Exception) -> str:
    """Return what the database itself says of an error, in a line."""
    return str(getattr(error, "orig", None) or error).splitlines()[0]


def _advice(url: URL, error: Exception) -> str:
    origin = getattr(error, "orig", None) or error
    name = str(getattr(origin, "sqlite_errorname", ""))
    advice = ADVICE.get("_".join(name.split("_")[:2]))
    if advice is None:
        return f"{REPAIR}, or point STATE_URL elsewhere."
    if advice != REPAIR:
        return advice
    kept = newest_backup(str(url.database))
    return f"{advice}; the newest is {kept}." if kept else f"{advice}."
