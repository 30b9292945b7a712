"""SQLite's write-ahead log is only used where the disk is this machine's own."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from engine.library import Level
from tasks.record import database
from tasks.record.backups import back_up, database_files, newest_backup
from tasks.record.store import ShadowStore
from tests.tasks.building import MINE, shadow

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

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

    assert database.is_on_network_share(Path(file)) is is_shared


def test_this_machine_tells_its_file_systems(tmp_path):
    assert not database.is_on_network_share(tmp_path / "plexbayes.db")


@pytest.mark.parametrize(("is_shared", "mode"), [(False, "wal"), (True, "delete")])
def test_the_journal_fits_the_disk(tmp_path, monkeypatch, is_shared, mode):
    monkeypatch.setattr(database, "is_on_network_share", lambda _: is_shared)

    database.open_database(f"sqlite:///{tmp_path}/record.db", create=True).close()

    with closing(sqlite3.connect(tmp_path / "record.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == (mode,)


def test_a_record_is_for_its_owner_alone(tmp_path):
    file = tmp_path / "record.db"

    opened = database.open_database(f"sqlite:///{file}", create=True)

    modes = {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    opened.close()
    assert modes == {0o600}


@pytest.mark.parametrize("name", ["plex[1].db", "plex*.db"])
def test_a_name_that_looks_like_a_pattern_is_a_name(tmp_path, name):
    address = f"sqlite:///{tmp_path / name}"
    with ShadowStore.open(address, MINE, create=True) as store:
        store.confirm(Level.TRACK, [shadow("guid", 7.33)])
    neighbour = tmp_path / f"plex1.db.bak-{NOON:%Y%m%d-%H%M%S}"
    neighbour.write_text("another program's")

    copy = back_up(address, NOON)

    assert copy is not None
    assert newest_backup(str(tmp_path / name)) == copy
    assert copy in database_files(address)
    assert neighbour.read_text() == "another program's"
    assert [path for path in tmp_path.iterdir() if "draft" in path.name] == []
