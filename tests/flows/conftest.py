"""One Prefect server for all stories, and a listener for each."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows.listener import Listener
from tests.simulator.process import Simulator
from tests.storm.commands import prefect_server
from tests.tasks.postgres import postgres, postgres_server

__all__ = ["postgres", "postgres_server"]


@pytest.fixture(scope="session")
def prefect_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a real Prefect server with a database of its own."""
    with prefect_server(tmp_path_factory.mktemp("prefect")) as address:
        yield address


@pytest.fixture
def plex(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """Run a Plex; `parametrize` it indirectly with the simulator's options."""
    options = getattr(request, "param", {"synthetic": 120})
    with Simulator.start(**options) as simulator:
        yield simulator


@pytest.fixture
def listener_of(
    tmp_path_factory: pytest.TempPathFactory, prefect_api: str
) -> Callable[..., Listener]:
    """Make listeners, each with a folder of its own."""

    def make(plex: Simulator, **config: Any) -> Listener:
        folder: Path = tmp_path_factory.mktemp("listener")
        return Listener(folder, plex, prefect_api, **config)

    return make


@pytest.fixture
def listener(plex: Simulator, listener_of: Callable[..., Listener]) -> Listener:
    """A person with that Plex and the default configuration, live."""
    return listener_of(plex)
