"""The record's database is made where it may be, and used in whole transactions."""

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, insert, inspect, select

from engine.errors import ShadowUnreadable
from tasks.record import database as opening
from tasks.record.database import PRESENT, is_on_network_share, open_database, upgrade
from tasks.record.store import ShadowStore
from tasks.record.tables import Base, LibraryRow
from tests.tasks.building import MINE

MOUNTS = [
    SimpleNamespace(mountpoint=mountpoint, fstype=fstype, opts=opts)
    for mountpoint, fstype, opts in (
        ("/", "ext4", "rw"),
        ("/mnt/nas", "nfs4", "rw"),
        ("/mnt/nas/local", "btrfs", "rw"),
        ("/mnt/music", "CIFS", "rw"),
        ("/mnt/windows", "NTFS", "rw,remote"),
    )
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plexbayes.db"


def libraries(database):
    with database.reading() as connection:
        return connection.scalars(select(LibraryRow.title)).all()


def libraries_at(address, *, create=True):
    with closing(open_database(address, create=create)) as database:
        return libraries(database)


def add_libraries(database, *titles):
    with database.writing() as connection:
        for title in titles:
            new = insert(LibraryRow).values(title=title, uuid=title)
            connection.execute(new.values(server="s", account="1"))


@pytest.mark.parametrize(
    ("file", "is_shared"),
    [
        ("/home/me/plexbayes.db", False),
        ("/mnt/nas/plexbayes.db", True),
        ("/mnt/nas/deep/er/plexbayes.db", True),
        ("/mnt/nas/local/plexbayes.db", False),
        ("/mnt/nasty/plexbayes.db", False),
        ("/mnt/music/plexbayes.db", True),
        ("/mnt/windows/plexbayes.db", True),
    ],
)
def test_the_nearest_file_system_decides(monkeypatch, file, is_shared):
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: MOUNTS)

    assert is_on_network_share(Path(file)) is is_shared


@pytest.mark.parametrize(
    ("is_shared", "mode"), [(None, "wal"), (False, "wal"), (True, "delete")]
)
def test_a_new_file_is_for_its_owner_alone_and_its_journal_fits_the_disk(
    path, monkeypatch, is_shared, mode
):
    if is_shared is not None:  # otherwise this machine says so itself
        monkeypatch.setattr(opening, "is_on_network_share", lambda _: is_shared)

    database = open_database(f"sqlite:///{path}", create=True)

    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    database.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == (mode,)


def test_an_intent_survives_a_power_cut(path):
    with (
        closing(open_database(f"sqlite:///{path}", create=True)) as database,
        database.reading() as connection,
    ):
        full = connection.exec_driver_sql("PRAGMA synchronous").scalar()

    assert full == 2


def test_looking_at_a_missing_file_leaves_none_behind(path):
    assert libraries_at(f"sqlite:///{path}", create=False) == []
    assert list(path.parent.iterdir()) == []


def test_looking_leaves_the_file_as_it_is(path):
    with closing(open_database(f"sqlite:///{path}", create=True)) as database:
        add_libraries(database, "Mine")
    before = path.read_bytes()

    assert libraries_at(f"sqlite:///{path}", create=False) == ["Mine"]
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_looking_at_an_empty_server_leaves_nothing_behind(postgres):
    with ShadowStore.open(postgres, MINE, create=False) as store:
        assert not store.knows()

    engine = create_engine(postgres)
    tables = inspect(engine).get_table_names()
    engine.dispose()
    assert tables == []


@pytest.mark.parametrize("is_made", ["whole", "step by step"])
def test_the_tables_are_those_that_the_program_knows(bare_address, is_made):
    engine = create_engine(bare_address)
    if is_made == "whole":
        open_database(bare_address, create=True).close()
    else:
        upgrade(engine)

    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []
        assert context.get_current_revision() == PRESENT
    engine.dispose()


def test_what_was_recorded_is_there_when_opened_again(bare_address):
    with closing(open_database(bare_address, create=True)) as database:
        add_libraries(database, "Mine")

    assert libraries_at(bare_address) == ["Mine"]


def test_what_fails_half_way_is_not_recorded_at_all(address):
    with closing(open_database(address, create=True)) as database:
        with pytest.raises(ShadowUnreadable):
            add_libraries(database, "First", "Twice", "Twice")

        assert libraries(database) == []
