"""What the doctor says of a configuration and of a database, without any Plex.

A state database is looked at without making, changing or betraying anything.
"""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ShadowUnreadable
from engine.library import Level
from tasks.commands.health import Finding, check_configuration, check_record
from tasks.config.settings import Settings
from tasks.record.inspection import Inspection, inspect_database
from tasks.record.store import ShadowStore
from tests.tasks.building import ENOUGH, HIDDEN, MINE, batch_of, look_at, shadow

UNUSABLE = [
    f"nosuchdatabase://me:{HIDDEN}@host/state",
    f"postgresql+nosuchdriver://me:{HIDDEN}@host/state",
    f"{HIDDEN} is no URL",
    f"postgresql+psycopg://me:{HIDDEN}@127.0.0.1:9/state",
    f"postgresql+psycopg://127.0.0.1:9/state?user=me&password={HIDDEN}",
    "sqlite:////nowhere/plexbayes.db",
]
Check = Callable[..., list[Finding]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Write a configuration that would do, and check it."""

    def check(mode: int = 0o600, **config: Any) -> list[Finding]:
        path = tmp_path / "config.json"
        path.write_text(json.dumps(ENOUGH | config), encoding="utf-8")
        path.chmod(mode)
        return list(check_configuration(path, lambda settings: settings))

    return check


def settings_at(path: Path, **wishes: str) -> Settings:
    """Return settings whose state database is that file."""
    values = {key.lower(): value for key, value in ENOUGH.items()}
    return Settings(**(values | {"state_url": f"sqlite:///{path}"} | wishes))


def test_a_configuration_that_says_enough_is_ok(check):
    assert [finding.state for finding in check()] == ["ok"]


def test_every_mistake_is_a_finding_of_its_own(check):
    findings = check(CONFIDENCE_C=0, DRY_RUN="perhaps", PLEX_TOKEN="")

    assert [finding.state for finding in findings] == ["error"] * 3
    assert any("CONFIDENCE_C = 0" in finding.said for finding in findings)
    assert all(finding.advice for finding in findings)


def test_a_missing_file_is_a_fault(tmp_path):
    path = tmp_path / "config.json"
    (finding,) = check_configuration(path, lambda settings: settings)

    assert finding.state == "error"
    assert "There is no" in finding.said


def test_the_environment_may_say_all(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for key, value in ENOUGH.items():
        monkeypatch.setenv(f"PLEXBAYES_{key}", value)

    (finding,) = check_configuration(None, lambda settings: settings)

    assert (finding.state, finding.said[:15]) == ("ok", "The environment")


def test_an_unknown_key_is_worth_a_warning(check):
    warning, rest = check(CONFIDENCE=3)

    assert (warning.state, rest.state) == ("warning", "ok")
    assert "unknown key CONFIDENCE" in warning.said


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_token_that_others_can_read_is_worth_a_warning(check, mode):
    warning, rest = check(mode)

    assert (warning.state, rest.state) == ("warning", "ok")
    assert "chmod 600" in warning.advice


def test_the_token_is_never_shown(check):
    assert HIDDEN not in repr([*check(), *check(0o644), *check(PLEX_URL="x")])


@pytest.mark.parametrize(
    ("table", "advice"),
    [
        ("alembic_version as select '9999' as version_num", "Upgrade plexbayes."),
        ("somebody_elses as select 1 as thing", "a database of its own"),
    ],
)
def test_a_database_that_is_not_ours_is_a_fault_and_not_touched(
    tmp_path, table, advice
):
    path = tmp_path / "plexbayes.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"create table {table}")
    before = path.read_bytes()

    (finding,) = check_record(settings_at(path))

    assert finding.state == "error"
    assert advice in finding.advice
    assert path.read_bytes() == before


def test_the_record_is_counted_and_not_touched(record):
    with ShadowStore.open(f"sqlite:///{record}", MINE, create=True) as store:
        store.confirm(Level.TRACK, [shadow("a", 7.0), shadow("b", 8.0)])
        before = record.read_bytes()
        (well,) = check_record(settings_at(record))
        assert record.read_bytes() == before
        look = look_at("c", "d", "e")
        store.record_intents([batch_of(look, 7.0)], look, "T", "run 1", 1.0)
        (open_writes,) = check_record(settings_at(record))

    assert well.state == "ok"
    assert f"{record} holds 2 ratings" in well.said
    assert open_writes.state == "warning"
    assert "2 ratings of ours and 3 writes" in open_writes.said


def test_what_is_recorded_is_counted(address):
    with ShadowStore.open(address, MINE, create=True) as store:
        store.confirm(Level.TRACK, [shadow("a", 7.0), shadow("b", 8.0)])
        look = look_at("c", "d", "e")
        store.record_intents(
            [batch_of(look, 7.0)], look, "Rating_Inferred", "run 1", 1.0
        )

    found = inspect_database(address)

    assert (found.shape, found.ratings, found.intents) == ("current", 2, 3)


def test_an_empty_database_stays_empty(bare_address, tmp_path):
    (tmp_path / "plexbayes.db").touch()

    assert inspect_database(bare_address).shape == "empty"
    assert inspect_database(bare_address).shape == "empty"


def test_a_missing_file_is_not_made(tmp_path):
    path = tmp_path / "plexbayes.db"

    assert inspect_database(f"sqlite:///{path}") == Inspection(str(path), "missing")
    assert list(tmp_path.iterdir()) == []


def test_a_corrupt_file_is_unreadable(tmp_path):
    path = tmp_path / "plexbayes.db"
    path.write_text("This is no database. " * 100)

    with pytest.raises(ShadowUnreadable, match="file is not a database"):
        inspect_database(f"sqlite:///{path}")


@pytest.mark.parametrize("unusable", UNUSABLE)
def test_what_cannot_be_opened_is_told_without_its_password(unusable):
    with pytest.raises(ShadowUnreadable) as refused:
        inspect_database(unusable)
    (finding,) = check_record(settings_at(Path(), state_url=unusable))

    assert HIDDEN not in str(refused.value)
    assert finding.state == "error"
    assert HIDDEN not in repr(finding)
