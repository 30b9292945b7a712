"""Whatever a terminal can show, and wherever a home is: the work counts."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.listener import COMMAND, PATIENCE, Listener, ratings
from tests.simulator.process import Simulator

NO_UTF8 = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


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
    plex: Simulator, listener: Listener, surroundings: dict[str, str | None]
) -> None:
    changed = listener.environment | surroundings
    environment = {k: v for k, v in changed.items() if v is not None}
    before = len(ratings(plex.dump()))

    with (listener.folder / "report.txt").open("wb") as report:
        ran = subprocess.run(
            [COMMAND, "infer", "--live"],
            cwd=listener.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=report,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
            check=False,
        )

    assert ran.returncode == 0, ran.stderr
    assert b"Traceback" not in ran.stderr
    assert b"planned ratings w" in (listener.folder / "report.txt").read_bytes()
    assert len(ratings(plex.dump())) > before


def test_a_reader_who_reads_no_further_does_not_make_a_run_fail(
    plex: Simulator, listener: Listener
) -> None:
    before = len(ratings(plex.dump()))
    reading, writing = os.pipe()
    os.close(reading)

    ran = subprocess.run(
        [COMMAND, "infer", "--live"],
        cwd=listener.folder,
        env=listener.environment,
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=PATIENCE,
        check=False,
    )
    os.close(writing)

    assert ran.returncode == 0, ran.stderr
    assert b"Traceback" not in ran.stderr
    assert len(ratings(plex.dump())) > before


def test_no_title_steers_the_terminal(plex: Simulator, listener: Listener) -> None:
    rated = plex.add("\x9b2JZorn\x1b]0;owned\x07", "\x1b[31mRed", ["\x1b[2JTrack"])
    plex.rate(rated["tracks"][0], 10.0)

    ran = [listener.run("infer", "--live"), listener.run("rank")]

    assert [one.status for one in ran] == [0, 0]
    assert "Zorn" in ran[1].out
    for one in ran:
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", one.out + one.err)


def test_a_user_without_a_home_keeps_prefect_in_the_working_folder(
    tmp_path: Path,
) -> None:
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
