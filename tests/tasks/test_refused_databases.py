"""A database that cannot be used is refused with a sentence, and left as it is."""

import os
import resource
import sqlite3
import tempfile
import traceback
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, delete, func, insert, inspect, select, text

from engine.errors import LibraryReplaced, ShadowUnreadable
from engine.library import Level
from tasks.record import database as opening
from tasks.record.backups import back_up
from tasks.record.database import open_database
from tasks.record.store import ShadowStore
from tasks.record.tables import Base, LibraryRow
from tests.tasks.building import HIDDEN, MINE, shadow

NOBODY = 65534
"""The number of the user who owns nothing."""
WITH_PASSWORD = f"postgresql+psycopg://me:{HIDDEN}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plexbayes.db"


@pytest.fixture
def open_folder():
    """A folder that everybody may look into."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def database(path):
    with closing(open_database(f"sqlite:///{path}", create=True)) as database:
        yield database


def refusal_of(address):
    with pytest.raises(ShadowUnreadable) as refused:
        open_database(address, create=True)
    return str(refused.value)


def alter(address, *statements):
    """Do to a database what others may do to it."""
    engine = create_engine(address)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def library_rows(count):
    return [
        {"server": "s" * 100, "uuid": str(n), "account": "1", "title": "t"}
        for n in range(count)
    ]


def add_libraries(database, count):
    with database.writing() as connection:
        connection.execute(insert(LibraryRow), library_rows(count))


def test_a_full_disk_is_told_and_nothing_is_half_recorded(path, database):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, before[1]))

    try:
        with pytest.raises(ShadowUnreadable, match=r"(Make room on its|has room)"):
            add_libraries(database, 3000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    add_libraries(database, 1)
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(LibraryRow)) == 1


def test_a_database_that_reached_its_limit_is_told(database):
    def fill():
        with database.writing() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")
            connection.execute(insert(LibraryRow), library_rows(3000))

    with pytest.raises(ShadowUnreadable, match=r"disk is full.*Make room"):
        fill()


@pytest.mark.usefixtures("database")
def test_a_file_that_may_only_be_read_is_told(path):
    address = f"sqlite:///file:{path}?mode=ro&uri=true"

    with (
        closing(open_database(address, create=True)) as readable,
        pytest.raises(ShadowUnreadable, match=r"readonly.*Allow plexbayes to write"),
    ):
        add_libraries(readable, 1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize("kept_from", ["reading", "writing"])
def test_a_file_of_somebody_else_is_told(open_folder, kept_from):
    path = open_folder / "plexbayes.db"
    open_database(f"sqlite:///{path}", create=True).close()
    path.chmod(0o600 if kept_from == "reading" else 0o644)

    os.seteuid(NOBODY)
    try:
        with pytest.raises(ShadowUnreadable, match="Allow plexbayes to"):
            add_libraries(open_database(f"sqlite:///{path}", create=True), 1)
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("page", [1, 3, 6])
def test_a_page_that_went_bad_is_told_and_never_taken_for_nothing(path, page):
    with ShadowStore.open(f"sqlite:///{path}", MINE, create=True) as store:
        rows = [shadow(f"plex://track/{n}", 7.33) for n in range(900)]
        store.confirm(Level.TRACK, rows)
    with path.open("r+b") as file:
        file.seek(4096 * page)
        file.write(b"\xa5" * 4096)

    with pytest.raises(ShadowUnreadable, match="Repair it or restore a copy"):
        begin_run(path)


def begin_run(path):
    """Do what every live run does before it writes."""
    with ShadowStore.open(f"sqlite:///{path}", MINE, create=False) as store:
        assert len(store.shadows(Level.TRACK)) == 900
        back_up(f"sqlite:///{path}", datetime.now(UTC))


def corrupt(path):
    path.write_bytes(b"This was a database once. " * 400)


def truncate(path):
    open_database(f"sqlite:///{path}", create=True).close()
    path.write_bytes(path.read_bytes()[:6000])


@pytest.mark.parametrize("damage", [corrupt, truncate])
def test_a_damaged_file_is_refused(path, damage):
    damage(path)
    before = path.read_bytes()

    sentence = refusal_of(f"sqlite:///{path}")

    assert str(path) in sentence
    assert "Repair it or restore a copy" in sentence
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", [".", "none/plexbayes.db"])
def test_what_can_be_no_file_is_refused(tmp_path, name):
    sentence = refusal_of(f"sqlite:///{tmp_path / name}")

    assert "unable to open database file" in sentence
    assert list(tmp_path.iterdir()) == []


def test_the_record_of_a_newer_program_is_refused(bare_address):
    open_database(bare_address, create=True).close()
    alter(bare_address, "UPDATE alembic_version SET version_num = '9999'")

    sentence = refusal_of(bare_address)

    assert "written by a newer plexbayes (schema 9999)" in sentence
    assert "Upgrade plexbayes" in sentence


def test_the_database_of_somebody_else_is_refused_and_let_go_of(bare_address):
    alter(bare_address, "CREATE TABLE recipe (id INTEGER)")
    file = create_engine(bare_address).url.database
    before = Path(file).read_bytes() if "sqlite" in bare_address else None

    sentence = refusal_of(bare_address)

    assert "holds other tables and none of plexbayes" in sentence
    if before:
        assert Path(file).read_bytes() == before
    else:
        assert connections_to(bare_address) == 0
    engine = create_engine(bare_address)
    tables = inspect(engine).get_table_names()
    engine.dispose()
    assert tables == ["recipe"]


def test_the_record_of_another_library_is_let_go_of(postgres):
    with ShadowStore.open(postgres, MINE, create=True) as store:
        store.confirm(Level.TRACK, [shadow("a", 7.33)])
    anew = replace(MINE, uuid="new uuid")

    with pytest.raises(LibraryReplaced) as refused:
        ShadowStore.open(postgres, anew, create=True)

    assert connections_to(postgres) == 0, refused.value


def connections_to(address):
    """Return how many others are connected to a PostgreSQL."""
    engine = create_engine(address)
    with engine.connect() as connection:
        others = connection.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid != pg_backend_pid()"
            )
        )
    engine.dispose()
    return others


def test_a_file_that_another_program_keeps_locked_is_named(path, monkeypatch):
    monkeypatch.setattr(opening, "PATIENCE", 0.05)
    with (
        closing(open_database(f"sqlite:///{path}", create=True)) as database,
        closing(sqlite3.connect(path)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(ShadowUnreadable, match=f"{path}.*locked"):
            add_libraries(database, 1)


def test_tables_that_vanish_are_noticed_when_they_are_used(bare_address):
    with closing(open_database(bare_address, create=True)) as database:
        tables = reversed(Base.metadata.sorted_tables)
        alter(bare_address, *[f"DROP TABLE {table.name}" for table in tables])

        with (
            pytest.raises(ShadowUnreadable, match="library"),
            database.writing() as connection,
        ):
            connection.execute(delete(LibraryRow))


@pytest.mark.parametrize(
    "address",
    [
        "",
        HIDDEN,
        f"nosql://me:{HIDDEN}@host/name",
        f"mysql+mysqldb://me:{HIDDEN}@host/name",
        f"{WITH_PASSWORD}@127.0.0.1:1/name",
        f"postgresql+psycopg://me@127.0.0.1:1/name?password={HIDDEN}",
        f"{WITH_PASSWORD}@host:port/name",
        f"{WITH_PASSWORD}@x:{HIDDEN}@host/name",
    ],
)
def test_an_address_that_leads_nowhere_is_refused_without_the_password(address):
    with pytest.raises(ShadowUnreadable) as refused:
        open_database(address, create=True)

    assert "STATE_URL" in str(refused.value)
    assert HIDDEN not in "".join(traceback.format_exception(refused.value))


def test_a_missing_database_is_refused_without_the_password(postgres):
    address = postgres.replace("tester@", f"tester:{HIDDEN}@") + "_missing"

    sentence = refusal_of(address)

    assert "does not exist" in sentence
    assert "tester:***@" in sentence
    assert HIDDEN not in sentence
