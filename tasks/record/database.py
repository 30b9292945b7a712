"""Opening the shadow database: SQLite by default, any SQLAlchemy URL."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from engine.errors import ShadowUnreadable
from tasks.record.backups import back_up
from tasks.record.errors import usable
from tasks.record.network_shares import is_on_network_share

_MIGRATIONS = str(Path(__file__).parent / "migrations").replace("%", "%%")

PATIENCE = 30
"""Seconds to wait for another process that is writing to the same SQLite file."""


class Database:
    """A database in its present shape; every session is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Begin a transaction that changes nothing."""
        with usable(self._engine.url), Session(self._engine) as session:
            session.expire_on_commit = False
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Begin a transaction: committed at the end, rolled back on any error."""
        engine = self._engine.execution_options(writes=True)
        with usable(engine.url), Session(engine) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def open_database(address: str, *, create: bool) -> Database:
    """Open the database at a SQLAlchemy URL in its present shape.

    Args:
        address: The URL; it may hold a password and is never shown whole.
        create: Whether a missing SQLite file may be made. Otherwise an empty
            database in memory stands in, and nothing is left behind.

    Raises:
        ShadowUnreadable: The database is corrupt, newer, locked or unreachable.
    """
    url = _url(address)
    if _is_missing_file(url) and not create:
        url = make_url("sqlite://")
    with usable(url):
        if create and _is_missing_file(url):
            with suppress(OSError):  # SQLite itself says what is wrong
                Path(str(url.database)).touch(0o600)  # else others could read it
        engine = _engine(url)
        try:
            if _is_ours(engine) or create:
                _migrate(engine)
                return Database(engine)
        except BaseException:
            engine.dispose()
            raise
    engine.dispose()
    return open_database("sqlite://", create=True)


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
    return bool(
        url.get_backend_name() == "sqlite"
        and url.database
        and not Path(url.database).exists()
    )


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


def _prepare_sqlite(connection: object, _record: object) -> None:
    # The driver must not open transactions by itself: `_begin_sqlite` does.
    connection.isolation_level = None  # type: ignore[attr-defined]
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA synchronous=FULL")  # an intent must survive a power cut
    cursor.close()


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


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _is_ours(engine: Engine) -> bool:
    """Say whether a database holds our tables; an empty one does not.

    Raises:
        ShadowUnreadable: It holds somebody else's.
    """
    with engine.connect() as connection:
        if MigrationContext.configure(connection).get_current_revision():
            return True
        if inspect(connection).get_table_names():
            raise ShadowUnreadable(
                "The database at STATE_URL holds other tables and none of plexbayes. "
                "Give plexbayes a database of its own."
            )
    return False


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", _MIGRATIONS)
    script = ScriptDirectory.from_config(config)
    with engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    if present == script.get_current_head():
        return
    if present and present not in {step.revision for step in script.walk_revisions()}:
        raise ShadowUnreadable(
            f"The state database was written by a newer plexbayes (schema {present}). "
            "Upgrade plexbayes to use it."
        )
    if present:
        address = engine.url.render_as_string(hide_password=False)
        back_up(address, datetime.now(UTC).astimezone(), always=True)
    if engine.url.database and engine.url.get_backend_name() == "sqlite":
        _choose_journal(engine)
    with engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
