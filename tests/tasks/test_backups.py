"""Before each live run the record is copied, and a copy brings it back."""

import resource
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import LibraryHeld, ShadowUnreadable
from engine.library import Level
from tasks.record.backups import KEPT, back_up, database_files, newest_backup
from tasks.record.lease import lease
from tasks.record.store import ShadowStore
from tasks.runtime.context import open_run
from tests.tasks.building import MINE, settings_of, shadow

ANOTHER = replace(MINE, title="Songs")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
Write = Callable[..., None]


@pytest.fixture
def write(record: Path) -> Write:
    """Put ratings onto the record."""

    def write(*guids: str) -> None:
        with ShadowStore.open(f"sqlite:///{record}", ANOTHER, create=True) as store:
            store.confirm(Level.TRACK, [shadow(guid, 7.33) for guid in guids])

    return write


def copy(record: Path, hours: int = 0) -> Path | None:
    return back_up(f"sqlite:///{record}", NOON + timedelta(hours=hours))


def copies(record: Path) -> list[str]:
    return sorted(path.name for path in record.parent.iterdir() if path != record)


def guids(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [guid for (guid,) in connection.execute("select guid from shadow")]


def spoil(record: Path) -> None:
    """Write nonsense over all pages but the first, as a bad disk does."""
    size = record.stat().st_size
    with record.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))


def test_a_copy_holds_what_the_record_held_and_no_lease(record, write):
    write("a", "b")
    address = f"sqlite:///{record}"

    with ShadowStore.open(address, MINE, create=True) as store, lease(store, "run"):
        made = copy(record)
        before_the_end = newest_backup(str(record))
        names = {path.name for path in record.parent.iterdir()}

    assert (
        made == before_the_end == record.with_name(f"{record.name}.bak-20260301-120000")
    )
    assert guids(made) == ["a", "b"]
    assert not any("draft" in name for name in names)
    with closing(sqlite3.connect(made)) as connection:
        assert connection.execute("select * from lease").fetchall() == []


def test_what_did_not_change_is_not_copied_again(record, write):
    write("a")
    copy(record)

    assert copy(record, hours=1) is None
    write("b")
    assert copy(record, hours=2) is not None
    assert len(copies(record)) == 2


def test_a_record_of_nothing_is_not_worth_a_copy(record):
    assert copy(record) is None
    assert copies(record) == []


def test_the_last_few_copies_stay(record, write):
    for hour in range(KEPT + 3):
        write(str(hour))
        copy(record, hours=hour)

    kept = copies(record)
    assert len(kept) == KEPT
    assert kept[-1].endswith(f"{12 + KEPT + 2}0000")


def test_a_copy_put_in_its_place_is_the_record_again(record, write):
    write("a")
    made = copy(record)
    write("b")

    shutil.copy(made, record)

    assert guids(record) == ["a"]
    write("c")
    assert guids(record) == ["a", "c"]


def test_a_damaged_last_copy_does_not_count(record, write):
    write("a")
    spoil(copy(record))

    assert copy(record, hours=1) is not None


def test_a_damaged_record_is_told_before_it_pushes_out_a_good_copy(record, write):
    write(*map(str, range(300)))
    good = copy(record)
    spoil(record)

    with pytest.raises(ShadowUnreadable, match=rf"restore a copy; .*{good.name}"):
        copy(record, hours=1)

    assert copies(record) == [good.name]


def test_no_room_for_a_copy_stops_the_run(record, write):
    write(*map(str, range(300)))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(ShadowUnreadable, match=r"No copy of.*Make room on its"):
            copy(record)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert not [name for name in copies(record) if "bak" in name or "draft" in name]


def test_a_database_on_a_server_is_left_to_its_owner(postgres):
    assert back_up(postgres, NOON) is None


def test_every_live_run_that_is_let_in_begins_with_a_copy(plex, record, write):
    settings = settings_of(plex, state_url=f"sqlite:///{record}")
    write("a")

    with open_run(settings, "run", live=False):
        assert newest_backup(str(record)) is None
    with open_run(settings, "first", live=True):
        made = newest_backup(str(record))
        write("b")
        with pytest.raises(LibraryHeld), open_run(settings, "second", live=True):
            pass

    assert made is not None
    assert [name for name in copies(record) if ".bak-" in name] == [made.name]


@pytest.mark.parametrize("name", ["plex[1].db", "plex*.db"])
def test_a_name_that_looks_like_a_pattern_is_a_name(tmp_path, name):
    address = f"sqlite:///{tmp_path / name}"
    with ShadowStore.open(address, MINE, create=True) as store:
        store.confirm(Level.TRACK, [shadow("guid", 7.33)])
    neighbour = tmp_path / f"plex1.db.bak-{NOON:%Y%m%d-%H%M%S}"
    neighbour.write_text("another program's")

    made = back_up(address, NOON)

    assert made is not None
    assert newest_backup(str(tmp_path / name)) == made
    assert made in database_files(address)
    assert neighbour.read_text() == "another program's"
    assert [path for path in tmp_path.iterdir() if "draft" in path.name] == []


def test_a_copy_is_for_the_same_eyes_as_the_record(record, write):
    write("a")
    record.chmod(0o640)

    assert copy(record).stat().st_mode & 0o777 == 0o640
