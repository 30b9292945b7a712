"""Whatever a terminal can show, and wherever a home is: the work counts."""

import os
import re
import subprocess
import sys
from typing import Any

import pytest

from tests.flows.listener import COMMAND, PATIENCE, Listener, ratings

NO_UTF8 = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def infer_into(
    listener: Listener, report: Any, surroundings: dict[str, str | None]
) -> None:
    """Let a live run print into a file or pipe; expect that it ends well."""
    changed = listener.environment | surroundings
    before = len(ratings(listener.plex.dump()))

    ran = subprocess.run(
        [COMMAND, "infer", "--live"],
        cwd=listener.folder,
        env={name: value for name, value in changed.items() if value is not None},
        stdin=subprocess.DEVNULL,
        stdout=report,
        stderr=subprocess.PIPE,
        timeout=PATIENCE,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert b"Traceback" not in ran.stderr
    assert len(ratings(listener.plex.dump())) > before


@pytest.mark.parametrize(
    "surroundings",
    [
        {"PYTHONIOENCODING": "cp1252", "COLUMNS": "40"},
        {"PYTHONIOENCODING": "ascii", "TERM": "dumb"},
        {"LC_ALL": "C", "LANG": "C", "HOME": None} | NO_UTF8,
    ],
    ids=["cp1252, 40 columns", "ascii, dumb terminal", "C locale, no home"],
)
def test_a_live_run_into_a_file_exits_with_the_status_of_the_work(
    listener, surroundings
):
    with (listener.folder / "report.txt").open("wb") as report:
        infer_into(listener, report, surroundings)

    assert b"planned ratings w" in (listener.folder / "report.txt").read_bytes()


def test_a_reader_who_reads_no_further_does_not_make_a_run_fail(listener):
    reading, writing = os.pipe()
    os.close(reading)

    infer_into(listener, writing, {})

    os.close(writing)


def test_no_title_steers_the_terminal(plex, listener):
    rated = plex.add("\x9b2JZorn\x1b]0;owned\x07", "\x1b[31mRed", ["\x1b[2JTrack"])
    plex.rate(rated["tracks"][0], 10.0)

    ran = [listener.run("infer", "--live"), listener.run("rank")]

    assert [one.status for one in ran] == [0, 0]
    assert "Zorn" in ran[1].out
    for one in ran:
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", one.out + one.err)


def test_a_user_without_a_home_keeps_prefect_in_the_working_folder(tmp_path):
    if os.getuid():
        pytest.skip("only root may become a user whom the system does not know")
    code = (
        "import os; from tasks.orchestration.prefect_server import be_quiet;"
        "os.setuid(54321); be_quiet();"
        "print(os.environ['PREFECT_HOME'])"
    )
    named = {"HOME", "PREFECT_HOME"}
    environment = {k: v for k, v in os.environ.items() if k not in named}

    ran = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.strip() == str(tmp_path / ".prefect")
