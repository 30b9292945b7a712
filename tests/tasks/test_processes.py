"""Processes of our own are started alike on every system."""

import subprocess
import sys
from pathlib import Path

import pytest

from tasks.runtime.processes import apart_from_terminal, module_command


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

    ran = subprocess.run(
        module_command("tasks.runtime.processes"), cwd=tmp_path, check=False, timeout=60
    )

    assert ran.returncode == 0
    assert module_command("tasks.runtime.processes")[0] == sys.executable
