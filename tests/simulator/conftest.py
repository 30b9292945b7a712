"""A small library, and clients of a simulator in the same process that serves it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from plexapi.library import MusicSection
from plexapi.server import PlexServer

from tests.simulator.control import Control
from tests.simulator.csv_library import load_csv
from tests.simulator.in_memory import InMemory
from tests.simulator.options import Options
from tests.simulator.plex import Plex
from tests.simulator.world import Clock, World

COLUMNS = (
    "artist,album,track,track_no,disc_no,year,genre,duration_ms,play_count,"
    "skip_count,rating_10,album_rating_10,compilation,track_artist,critic_10"
)
ROWS = """\
The Melk,Dorn,Vesk,1,1,1999,Torv;Drel;Plenn,200000,3,1,8.0,7.0,0,,8.1
The Melk,Dorn,Orl,2,1,1999,Torv,210000,,,0.0,,0,Melk & Co,8.1
The Melk,Dorn,Trem,3,1,1999,Torv,220000,,,,,0,,8.1
The Melk,Aurn,Glin,1,1,2004,Torv,230000,,,,,0,,
Élvo,"Quill ""X"" <&>",Zarn,1,1,2010,,240000,5,,10.0,,0,,
Élvo,,Loose,,,,,250000,,,,,0,,
3 Torvas,Numbers,One,1,1,2010,Drel,260000,,,6.0,,0,,5.5
Мирелна,Снежнал,夜の森,1,1,2015,,270000,,,,,0,,
,Nameless,Somebody,1,1,2015,,280000,,,,,0,,
Praised,Unheard,,,,2020,,,,,,,0,,9.0
"""


class QuickClock(Clock):
    """A clock that is set forward instead of waiting."""

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.jump(seconds)


def world_of(library: Path) -> World:
    """Load a library whose server never makes anybody wait."""
    world = load_csv(World(), library)
    world.clock = QuickClock()
    return world


def client_of(server: Plex, token: str | None = Options().token) -> PlexServer:
    """Return a client of a server in this process."""
    session = requests.Session()
    session.mount("http://", InMemory(server))
    return PlexServer("http://plex", token, session=session)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV file of five artists and an album without tracks."""
    path = tmp_path_factory.mktemp("library") / "small.csv"
    path.write_text(f"{COLUMNS}\n{ROWS}", encoding="utf-8")
    return path


@pytest.fixture
def world(library: Path) -> World:
    """The small library, without a server."""
    return world_of(library)


@pytest.fixture(scope="module")
def server(library: Path) -> Plex:
    """A server of the small library for all tests of a module."""
    return Plex(world_of(library))


@pytest.fixture(scope="module")
def simulator(server: Plex) -> Control:
    """The control side of that server."""
    return Control(server)


@pytest.fixture(scope="module")
def plex(server: Plex) -> PlexServer:
    """A client with the owner's token."""
    return client_of(server)


@pytest.fixture(scope="module")
def music(plex: PlexServer) -> MusicSection:
    """The music section, as the client sees it."""
    return plex.library.section("Music")


@pytest.fixture
def serve(world: World) -> Callable[..., PlexServer]:
    """Serve the small library with options."""
    return lambda **options: client_of(Plex(world, Options(**options)))
