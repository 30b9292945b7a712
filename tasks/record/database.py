"""Opening the shadow database: SQLite by default, any SQLAlchemy URL."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from engine.errors import ShadowUnreadable
from tasks.record.backups import back_up
from tasks.record.errors import usable
from tasks.record.network_shares import is_on_network_share
from tasks.record.schema import (
    PRESENT,
    create_tables,
    ensure_not_newer,
    revision_of,
    upgrade,
)
from tasks.record.tables import Base

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
        create: Whether a missing SQLite file may be made, and an older record be
            upgraded. Otherwise one in memory stands in: empty, or an upgraded copy of
            the older one. (Only a server's database is upgraded in any case.)

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
                present = revision_of(connection)
            if present is None and not create:
                engine.dispose()
                return _stand_in()
            if present not in {None, PRESENT}:
                ensure_not_newer(str(present))
                if not create and url.get_backend_name() == "sqlite":
                    engine = _copy_in_memory(engine)
                else:
                    back_up(address, datetime.now(UTC).astimezone(), always=True)
            if present != PRESENT:
                _bring_up_to_date(engine, is_new=present is None)
        except BaseException:
            engine.dispose()
            raise
    return Database(engine)


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
