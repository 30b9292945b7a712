"""One Prefect server for all stories, and a listener for each."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.orchestration.prefect_server import free_port
from tests.crash_matrix.command_runs import prefect_server
from tests.flows.catching import await_true
from tests.flows.listener import COMMAND, Listener, Served
from tests.flows.terminal import Terminal
from tests.simulator.process import Simulator
from tests.tasks.postgres import postgres, postgres_server

__all__ = ["postgres", "postgres_server"]


@pytest.fixture(scope="session")
def prefect_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make Prefect's empty database once for all: it takes longer than most tests."""
    test_run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = tmp_path_factory.getbasetemp().parent / f"prefect-{test_run}"
    finished = folder / "prefect.db"
    try:
        folder.mkdir()
    except FileExistsError:  # another test process is making it
        await_true(finished.exists)
        return finished
    draft = folder / "draft"
    command = [Path(sys.executable).with_name("prefect"), "server", "database"]
    subprocess.run(
        [*command, "upgrade", "-y"],
        env={**os.environ, "PREFECT_HOME": str(draft)},
        check=True,
        capture_output=True,
    )
    return (draft / "prefect.db").rename(finished)


@pytest.fixture(scope="session")
def prefect_api(
    tmp_path_factory: pytest.TempPathFactory, prefect_database: Path
) -> Iterator[str]:
    """Run a real Prefect server with a database of its own."""
    folder = tmp_path_factory.mktemp("prefect")
    (folder / "prefect-server").mkdir()
    shutil.copy(prefect_database, folder / "prefect-server")
    with prefect_server(folder) as address:
        yield address


@pytest.fixture
def plex(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """Run a Plex; `parametrize` it indirectly with the simulator's options."""
    options = getattr(request, "param", {"synthetic": 120})
    with Simulator.start(**options) as simulator:
        yield simulator


@pytest.fixture
def listener_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Listener]:
    """Make listeners, each with a folder of its own."""

    def make(plex: Simulator, api: str = "", **config: Any) -> Listener:
        folder: Path = tmp_path_factory.mktemp("listener")
        return Listener(folder, plex, api, **config)

    return make


@pytest.fixture
def listener(plex: Simulator, listener_of: Callable[..., Listener]) -> Listener:
    """A person with that Plex and the default configuration, live."""
    return listener_of(plex)


@pytest.fixture
def open_terminal(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Terminal]]:
    """Start the command in a terminal, in the listener's folder."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", listener.environment["PREFECT_HOME"])
    with ExitStack() as opened:

        def start(*words: str) -> Terminal:
            terminal = Terminal(listener.folder, COMMAND, *words)
            opened.callback(terminal.close)
            return terminal

        yield start


@pytest.fixture
def orchestrated(
    plex: Simulator, listener_of: Callable[..., Listener], prefect_api: str
) -> Listener:
    """A person whose runs are on a Prefect server."""
    return listener_of(plex, prefect_api)


@pytest.fixture(scope="session")
def serving(
    tmp_path_factory: pytest.TempPathFactory, prefect_database: Path
) -> Iterator[Served]:
    """One `plexbayes serve` for all tests that start its runs themselves."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "prefect").mkdir()
    shutil.copy(prefect_database, folder / "prefect")
    no_plex = SimpleNamespace(url="http://127.0.0.1:9", token=folder.name)
    listener = Listener(folder, no_plex)
    listener.environment["PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED"] = "false"
    served = Served(listener, free_port())
    yield served
    served.end()


@pytest.fixture
def served(plex: Simulator, serving: Served) -> Served:
    """`plexbayes serve` in the folder of a listener who has done nothing yet."""
    folder = serving.listener.folder
    for path in folder.iterdir():
        if path.is_dir() and path.name != "prefect":
            shutil.rmtree(path)
        elif path.is_file() and path.suffix != ".log":
            path.unlink()
    serving.listener = Listener(folder, plex)
    return serving
