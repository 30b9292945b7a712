"""Whatever a terminal can show, and wherever a home is: the work counts."""

import os
import subprocess

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
            [COMMAND, "infer", "--live", "--letters", "B"],
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
    assert b"planned ratings written" in (listener.folder / "report.txt").read_bytes()
    assert len(ratings(plex.dump())) > before


def test_a_user_without_a_home_keeps_prefect_beside_the_configuration(
    plex: Simulator, listener: Listener
) -> None:
    if os.getuid():
        pytest.skip("only root may become a user whom the system does not know")
    environment = listener.environment | {"PYTHONDONTWRITEBYTECODE": "1"}
    for name in ("HOME", "PREFECT_HOME", "PREFECT_API_URL"):
        environment.pop(name, None)
    listener.folder.chmod(0o777)
    listener.config.chmod(0o644)

    ran = subprocess.run(
        [COMMAND, "infer", "--dry-run", "--letters", "B"],
        cwd=listener.folder,
        env=environment,
        user=54321,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    if "Permission denied" in ran.stderr and "plexbayes" in ran.stderr:
        pytest.skip("this interpreter cannot be run by other users")
    assert ran.returncode == 0, ran.stderr
    assert (listener.folder / ".prefect").is_dir()
