"""A state database is looked at without making, changing or betraying anything."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import ShadowUnreadable
from engine.library import Level
from tasks.record.inspection import Inspection, inspect_database
from tasks.record.store import ShadowStore
from tests.tasks.building import HIDDEN, MINE, batch_of, look_at, shadow

UNUSABLE = [
    f"nosuchdatabase://me:{HIDDEN}@host/state",
    f"postgresql+nosuchdriver://me:{HIDDEN}@host/state",
    f"{HIDDEN} is no URL",
    f"postgresql+psycopg://me:{HIDDEN}@127.0.0.1:9/state",
    f"postgresql+psycopg://127.0.0.1:9/state?user=me&password={HIDDEN}",
    "sqlite:////nowhere/plexbayes.db",
]


def in_sql(*statements: str) -> Callable[[Path], None]:
    """Return what makes a SQLite file by statements."""

    def make(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    return make


NEWER = in_sql(
    "create table alembic_version (version_num text)",
    "insert into alembic_version values ('9999')",
)
FOREIGN = in_sql("create table somebody_elses (thing text)")


def test_what_is_recorded_is_counted(address: str) -> None:
    with ShadowStore.open(address, MINE, create=True) as store:
        store.confirm(Level.TRACK, [shadow("a", 7.0), shadow("b", 8.0)])
        look = look_at("c", "d", "e")
        store.record_intents(
            [batch_of(look, 7.0)], look, "Rating_Inferred", "run 1", 1.0
        )

    found = inspect_database(address)

    assert (found.shape, found.ratings, found.intents) == ("current", 2, 3)


def test_an_empty_database_stays_empty(bare_address: str, tmp_path: Path) -> None:
    (tmp_path / "plexbayes.db").touch()

    assert inspect_database(bare_address).shape == "empty"
    assert inspect_database(bare_address).shape == "empty"


def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "plexbayes.db"

    assert inspect_database(f"sqlite:///{path}") == Inspection(str(path), "missing")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (NEWER, "newer"),
        (FOREIGN, "foreign"),
    ],
)
def test_a_database_that_is_not_ours_is_told_and_not_touched(
    tmp_path: Path, make: Callable[[Path], None], shape: str
) -> None:
    path = tmp_path / "plexbayes.db"
    make(path)
    before = path.read_bytes()

    assert inspect_database(f"sqlite:///{path}").shape == shape
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_corrupt_file_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "plexbayes.db"
    path.write_text("This is no database. " * 100)

    with pytest.raises(ShadowUnreadable, match="file is not a database"):
        inspect_database(f"sqlite:///{path}")


@pytest.mark.parametrize("unusable", UNUSABLE)
def test_what_cannot_be_opened_is_told_without_its_password(unusable: str) -> None:
    with pytest.raises(ShadowUnreadable) as refused:
        inspect_database(unusable)

    assert HIDDEN not in str(refused.value)
