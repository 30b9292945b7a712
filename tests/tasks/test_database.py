"""The record's database is made where it may be, and used in whole transactions."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, select

from engine.errors import ShadowUnreadable
from tasks.record.database import open_database
from tasks.record.schema import PRESENT, upgrade
from tasks.record.store import ShadowStore
from tasks.record.tables import Base, LibraryRow
from tests.tasks.building import MINE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plexbayes.db"


def opened(path, *, create=True):
    return open_database(f"sqlite:///{path}", create=create)


def libraries(database):
    with database.reading() as session:
        return session.scalars(select(LibraryRow.title)).all()


def add_libraries(database, *titles):
    with database.writing() as session:
        for title in titles:
            session.add(LibraryRow(server="s", uuid=title, account="1", title=title))
            session.flush()


def test_a_new_file_is_made_and_written_ahead(path):
    opened(path).close()

    connection = sqlite3.connect(path)
    mode = connection.execute("PRAGMA journal_mode").fetchone()
    connection.close()
    assert mode == ("wal",)


def test_an_intent_survives_a_power_cut(path):
    database = opened(path)

    with database.reading() as session:
        full = session.connection().exec_driver_sql("PRAGMA synchronous").scalar()
    database.close()

    assert full == 2


def test_looking_at_a_missing_file_leaves_none_behind(path):
    database = opened(path, create=False)
    found = libraries(database)
    database.close()

    assert found == []
    assert list(path.parent.iterdir()) == []


def test_looking_leaves_the_file_as_it_is(path):
    database = opened(path)
    add_libraries(database, "Mine")
    database.close()
    before = path.read_bytes()

    database = opened(path, create=False)
    found = libraries(database)
    database.close()

    assert found == ["Mine"]
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_looking_at_an_empty_server_leaves_nothing_behind(postgres):
    with ShadowStore.open(postgres, MINE, create=False) as store:
        assert store.is_empty()

    engine = create_engine(postgres)
    tables = inspect(engine).get_table_names()
    engine.dispose()
    assert tables == []


def differences(address):
    """Return how the tables differ from those that the program knows."""
    engine = create_engine(address)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        found = compare_metadata(context, Base.metadata)
        revision = context.get_current_revision()
    engine.dispose()
    return found, revision


def test_the_steps_lead_to_the_tables_that_the_program_knows(bare_address):
    engine = create_engine(bare_address)
    upgrade(engine)
    engine.dispose()

    assert differences(bare_address) == ([], PRESENT)


def test_new_tables_are_those_that_the_program_knows(bare_address):
    open_database(bare_address, create=True).close()

    assert differences(bare_address) == ([], PRESENT)


def test_what_was_recorded_is_there_when_opened_again(bare_address):
    database = open_database(bare_address, create=True)
    add_libraries(database, "Mine")
    database.close()

    database = open_database(bare_address, create=True)
    found = libraries(database)
    database.close()

    assert found == ["Mine"]


def test_what_fails_half_way_is_not_recorded_at_all(address):
    database = open_database(address, create=True)

    with pytest.raises(ShadowUnreadable):
        add_libraries(database, "First", "Twice", "Twice")

    found = libraries(database)
    database.close()
    assert found == []
