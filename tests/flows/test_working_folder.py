"""What lies in the working folder is never executed, whatever it is called."""

import subprocess
import sys
from pathlib import Path

import pytest

from tasks.orchestration.prefect_server import free_port
from tests.flows.listener import COMMAND, Listener, Served

NAMES = (
    "tasks.py",
    "engine/__init__.py",
    "flows/__init__.py",
    "orjson.py",
    "uvicorn/__init__.py",
    "prefect.py",
    "multiprocessing.py",
    "sitecustomize.py",
    "numpy.py",
)
HOSTILE = """
import pathlib
with pathlib.Path({marker!r}).open("a") as marker:
    marker.write(__file__ + chr(10))
"""


LOGGING = """
version: 1
handlers:
  trap:
    class: logging.NullHandler
    (): subprocess.Popen
    args: [touch, {marker!r}]
root:
  handlers: [trap]
"""


@pytest.fixture
def executed(listener: Listener, tmp_path: Path) -> Path:
    """Lay traps into the working folder; return the file that their code writes."""
    marker = tmp_path / "executed.txt"
    for name in NAMES:
        trap = listener.folder / name
        trap.parent.mkdir(exist_ok=True)
        trap.write_text(HOSTILE.format(marker=str(marker)))
    (listener.folder / "trap.yml").write_text(LOGGING.format(marker=str(marker)))
    (listener.folder / "prefect.toml").write_text('[logging]\nconfig_path = "trap.yml"')
    return marker


def test_the_traps_work(listener, executed):
    command = [sys.executable, "-c", "import tasks, engine, orjson"]

    subprocess.run(command, cwd=listener.folder, check=True)

    assert len(executed.read_text().splitlines()) == 3


@pytest.mark.parametrize(
    "words", [[], pytest.param(["--prefect"], marks=pytest.mark.system)]
)
def test_a_run_executes_nothing_from_the_working_folder(listener, executed, words):
    ran = subprocess.run(
        [COMMAND, "infer", *words],
        cwd=listener.folder,
        env=listener.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert not executed.exists()


@pytest.mark.system
def test_a_served_run_executes_nothing_from_the_working_folder(listener, executed):
    served = Served(listener, free_port())
    try:
        run = served.run(served.await_offers()["infer"])
    finally:
        served.end()
        served.api.close()

    assert run["state_type"] == "COMPLETED", (run["state"], served.said)
    assert not executed.exists()
