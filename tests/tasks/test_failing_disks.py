"""A disk that is full, bad or not ours is told, and never taken for an empty one."""

import os
import resource
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from engine.errors import ShadowUnreadable
from engine.library import Level
from tasks.record.backups import back_up
from tasks.record.database import open_database
from tasks.record.store import ShadowStore
from tasks.record.tables import LibraryRow
from tests.tasks.building import MINE, shadow

NOBODY = 65534
"""The number of the user who owns nothing."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plexbayes.db"


@pytest.fixture
def open_folder():
    """A folder that everybody may look into."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_full_disk_is_told_and_nothing_is_half_recorded(path):
    database = open_database(f"sqlite:///{path}", create=True)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, before[1]))

    try:
        with pytest.raises(ShadowUnreadable) as refused:
            add_libraries(database, 3000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert "Make room on its disk" in str(refused.value) or "has room" in str(
        refused.value
    )
    add_libraries(database, 1)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LibraryRow)) == 1
    database.close()


def test_a_database_that_reached_its_limit_is_told(path):
    database = open_database(f"sqlite:///{path}", create=True)

    def fill():
        with database.writing() as session:
            session.connection().exec_driver_sql("PRAGMA max_page_count = 1")
            session.execute(insert(LibraryRow), library_rows(3000))

    with pytest.raises(ShadowUnreadable, match=r"disk is full.*Make room"):
        fill()
    database.close()


def test_a_file_that_may_only_be_read_is_told(path):
    open_database(f"sqlite:///{path}", create=True).close()
    database = open_database(f"sqlite:///file:{path}?mode=ro&uri=true", create=True)

    with pytest.raises(ShadowUnreadable, match=r"readonly.*Allow plexbayes to write"):
        add_libraries(database, 1)

    database.close()


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


def library_rows(count):
    return [
        {"server": "s" * 100, "uuid": str(n), "account": "1", "title": "t"}
        for n in range(count)
    ]


def add_libraries(database, count):
    with database.writing() as session:
        session.execute(insert(LibraryRow), library_rows(count))
