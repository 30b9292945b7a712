"""Packages that do not work together are refused; our processes are our own."""

import subprocess
from pathlib import Path

import pytest

from engine.errors import VersionsIncompatible
from tasks.runtime.environment import (
    apart_from_terminal,
    check_versions,
    module_command,
)


@pytest.mark.parametrize(
    ("prefect", "sqlalchemy", "fastapi"),
    [
        pytest.param("3.8.8", "2.1.9", "0.150.0", id="the scheduler stops"),
        pytest.param("3.8.8", "2.0.44", "0.155.0", id="the server does not start"),
        pytest.param("2.20.1", "2.1.0b1", "0.128.0", id="older still"),
    ],
)
def test_a_pair_that_is_known_to_be_broken_is_refused(prefect, sqlalchemy, fastapi):
    installed = {"prefect": prefect, "sqlalchemy": sqlalchemy, "fastapi": fastapi}

    with pytest.raises(VersionsIncompatible, match=f"prefect {prefect} does not work"):
        check_versions(installed)


@pytest.mark.parametrize(
    ("prefect", "sqlalchemy"), [("3.9.1", "2.1.9"), ("3.8.8", "2.0.44")]
)
def test_pairs_that_work_are_accepted(prefect, sqlalchemy):
    check_versions({"prefect": prefect, "sqlalchemy": sqlalchemy, "fastapi": "0.150.0"})


def test_what_is_installed_works_together():
    check_versions()


@pytest.mark.parametrize(
    ("platform", "arguments"),
    [
        ("linux", {"start_new_session": True}),
        ("darwin", {"start_new_session": True}),
        ("win32", {"creationflags": 0x200}),
    ],
)
def test_a_ctrl_c_in_the_terminal_spares_a_process(platform, arguments):
    assert apart_from_terminal(platform) == arguments


def test_a_module_of_ours_is_not_taken_from_the_working_folder(tmp_path: Path):
    (tmp_path / "tasks.py").write_text("raise SystemExit(7)")
    command = module_command("tasks.runtime.environment")

    assert subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
