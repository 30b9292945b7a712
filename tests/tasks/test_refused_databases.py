"""A database that cannot be used is refused with a sentence, and left as it is."""

import os
import sqlite3
import traceback
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, delete, inspect, text

from engine.errors import LibraryReplaced, ShadowUnreadable
from engine.library import Level
from tasks.record import database as opening
from tasks.record.database import open_database
from tasks.record.store import ShadowStore
from tasks.record.tables import Base, LibraryRow
from tests.tasks.building import HIDDEN, MINE, shadow

WITH_PASSWORD = f"postgresql+psycopg://me:{HIDDEN}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plexbayes.db"


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


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to_is_refused(path):
    path.parent.chmod(0o500)

    sentence = refusal_of(f"sqlite:///{path}")

    path.parent.chmod(0o700)
    assert "unable to open database file" in sentence


def test_the_record_of_a_newer_program_is_refused(bare_address):
    open_database(bare_address, create=True).close()
    alter(bare_address, "UPDATE alembic_version SET version_num = '9999'")

    sentence = refusal_of(bare_address)

    assert "written by a newer plexbayes (schema 9999)" in sentence
    assert "Upgrade plexbayes" in sentence


def test_the_database_of_somebody_else_is_refused(bare_address):
    alter(bare_address, "CREATE TABLE recipe (id INTEGER)")

    sentence = refusal_of(bare_address)

    engine = create_engine(bare_address)
    tables = inspect(engine).get_table_names()
    engine.dispose()
    assert "holds other tables and none of plexbayes" in sentence
    assert tables == ["recipe"]


def test_the_file_of_somebody_else_stays_as_it_is(path):
    alter(f"sqlite:///{path}", "CREATE TABLE recipe (id INTEGER)")
    before = path.read_bytes()

    refusal_of(f"sqlite:///{path}")

    assert path.read_bytes() == before


def test_a_refused_database_is_let_go_of(postgres):
    alter(postgres, "CREATE TABLE recipe (id INTEGER)")

    with pytest.raises(ShadowUnreadable) as refused:
        open_database(postgres, create=True)

    assert connections_to(postgres) == 0, refused.value


def test_the_record_of_another_library_is_let_go_of(postgres):
    with ShadowStore.open(postgres, MINE, create=True) as store:
        store.confirm(Level.TRACK, [shadow("a", 7.33)])
    anew = replace(MINE, uuid="new uuid")

    with pytest.raises(LibraryReplaced) as refused:
        ShadowStore.open(postgres, anew, create=True)

    assert connections_to(postgres) == 0, refused.value


def connections_to(address):
    """Return how many others are connected to a database."""
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
    database = open_database(f"sqlite:///{path}", create=True)
    other = sqlite3.connect(path)
    other.execute("BEGIN IMMEDIATE")

    with (
        pytest.raises(ShadowUnreadable, match=f"{path}.*locked"),
        database.writing() as session,
    ):
        session.execute(delete(LibraryRow))

    other.close()
    database.close()


def test_tables_that_vanish_are_noticed_when_they_are_used(bare_address):
    database = open_database(bare_address, create=True)
    tables = reversed(Base.metadata.sorted_tables)
    alter(bare_address, *[f"DROP TABLE {table.name}" for table in tables])

    with (
        pytest.raises(ShadowUnreadable, match="library"),
        database.writing() as session,
    ):
        session.execute(delete(LibraryRow))

    database.close()


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
