"""What the doctor says of a configuration and of a database, without any Plex."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tasks.commands.health import Finding, check_configuration, check_record
from tasks.config.settings import Settings
from tests.tasks.building import ENOUGH, HIDDEN

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


def settings_at(path: Path) -> Settings:
    """Return settings whose state database is that file."""
    values = {key.lower(): value for key, value in ENOUGH.items()}
    return Settings(**values, state_url=f"sqlite:///{path}")


def test_a_configuration_that_says_enough_is_ok(check: Check) -> None:
    assert [finding.state for finding in check()] == ["ok"]


def test_every_mistake_is_a_finding_of_its_own(check: Check) -> None:
    findings = check(CONFIDENCE_C=0, DRY_RUN="perhaps", PLEX_TOKEN="")

    assert [finding.state for finding in findings] == ["error"] * 3
    assert any("CONFIDENCE_C = 0" in finding.said for finding in findings)
    assert all(finding.advice for finding in findings)


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    (finding,) = check_configuration(
        tmp_path / "config.json", lambda settings: settings
    )

    assert finding.state == "error"
    assert "There is no" in finding.said


def test_the_environment_may_say_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for key, value in ENOUGH.items():
        monkeypatch.setenv(f"PLEXBAYES_{key}", value)

    (finding,) = check_configuration(None, lambda settings: settings)

    assert (finding.state, finding.said[:15]) == ("ok", "The environment")


def test_an_unknown_key_is_worth_a_warning(check: Check) -> None:
    warning, rest = check(CONFIDENCE=3)

    assert (warning.state, rest.state) == ("warning", "ok")
    assert "unknown key CONFIDENCE" in warning.said


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_token_that_others_can_read_is_worth_a_warning(
    check: Check, mode: int
) -> None:
    warning, rest = check(mode)

    assert (warning.state, rest.state) == ("warning", "ok")
    assert "chmod 600" in warning.advice


def test_the_token_is_never_shown(check: Check) -> None:
    assert HIDDEN not in repr([*check(), *check(0o644), *check(PLEX_URL="x")])


@pytest.mark.parametrize(
    ("table", "advice"),
    [
        ("alembic_version as select '9999' as version_num", "Upgrade plexbayes."),
        ("somebody_elses as select 1 as thing", "a database of its own"),
    ],
)
def test_a_database_that_is_not_ours_is_a_fault_and_not_touched(
    tmp_path: Path, table: str, advice: str
) -> None:
    path = tmp_path / "plexbayes.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"create table {table}")
    before = path.read_bytes()

    (finding,) = check_record(settings_at(path))

    assert finding.state == "error"
    assert advice in finding.advice
    assert path.read_bytes() == before
