"""What many tests of the tasks begin with: a Plex, a gateway, a database."""

import gc
import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tasks.plex.client import PlexGateway
from tasks.record.database import open_database
from tasks.record.store import ShadowStore
from tasks.runtime.context import RunContext
from tests.simulator.process import Simulator
from tests.simulator.synthetic import make_library
from tests.simulator.world import World
from tests.tasks.building import MINE, item_in, settings_of
from tests.tasks.postgres import END_OTHERS, execute, postgres, postgres_server
from tests.tasks.setup import LocalPlex, context_for

__all__ = ["postgres", "postgres_server"]

_numbers = count(1)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep out what the environment of this machine would override."""
    for name in list(os.environ):
        if name.upper().startswith("PLEXBAYES_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def plex() -> Iterator[Simulator]:
    """A small Plex for all tests of a module."""
    with LocalPlex.of(make_library(World(), 60, seed=1)) as plex:
        yield plex


@pytest.fixture
def order(plex: Simulator) -> Iterator[Callable[..., None]]:
    """Order one fault, until the end of the test."""

    def order(do: str, match: dict[str, Any] | None = None, **facts: Any) -> None:
        plex.faults([{"do": do, "match": match or {}, **facts}])

    yield order
    plex.faults([])


@pytest.fixture
def songs(plex: Simulator) -> dict[str, Any]:
    """Make an album of three unrated tracks; return the new ratingKeys."""
    number = next(_numbers)
    tracks = [{"title": t, "guid": f"plex://{t}/{number}"} for t in ("a", "b", "c")]
    return plex.add(f"Singer {number}", "Songs", tracks)


@pytest.fixture
def gateway(plex: Simulator) -> Iterator[PlexGateway]:
    with PlexGateway(settings_of(plex)) as gateway:
        yield gateway


@pytest.fixture
def context(plex: Simulator, record: Path) -> Iterator[RunContext]:
    with context_for(plex, record) as context:
        yield context


@pytest.fixture
def tracks(songs: dict[str, Any]) -> list[int]:
    keys: list[int] = songs["tracks"]
    return keys


@pytest.fixture
def twins(plex: Simulator, tracks: list[int]) -> list[int]:
    """Put one of the songs on another album too; return both keys."""
    guid = item_in(plex, tracks[0])["guid"]
    again = [{"title": "Again", "guid": guid}]
    return [tracks[0], *plex.add(f"Z {guid}", "Best of", again)["tracks"]]


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database of either kind, without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'plexbayes.db'}"
    url: str = request.getfixturevalue("postgres")
    return url


@pytest.fixture
def record(tmp_path: Path, blank_file: Path) -> Path:
    """A database file with empty tables."""
    return Path(shutil.copy(blank_file, tmp_path / "plexbayes.db"))


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest) -> str:
    """The URL of a database of either kind, with empty tables."""
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('record')}"
    url: str = request.getfixturevalue("postgres_tables")
    execute(url, END_OTHERS, "TRUNCATE library CASCADE")
    return url


@pytest.fixture(scope="session")
def blank_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with empty tables, to be copied: making them takes its time."""
    path = tmp_path_factory.mktemp("blank") / "plexbayes.db"
    open_database(f"sqlite:///{path}", create=True).close()
    return path


@pytest.fixture(scope="session")
def postgres_tables(postgres_server: str) -> str:
    """The URL of a database with tables, to be emptied."""
    execute(f"{postgres_server}/postgres", "CREATE DATABASE tables")
    url = f"{postgres_server}/tables"
    open_database(url, create=True).close()
    return url


@pytest.fixture
def store(address: str) -> Iterator[ShadowStore]:
    with ShadowStore.open(address, MINE, create=True) as store:
        yield store


@pytest.fixture
def leaks() -> Iterator[None]:
    """Expect connections that nobody closes, and collect them."""
    yield
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()
