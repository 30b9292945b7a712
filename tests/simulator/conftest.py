"""A small library, and clients of a simulator that serves it."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from plexapi.library import MusicSection
from plexapi.server import PlexServer

from tests.simulator.csv_library import load_csv
from tests.simulator.options import Options
from tests.simulator.plex import Plex
from tests.simulator.process import Simulator
from tests.simulator.server import Server
from tests.simulator.world import World

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


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV file of five artists and an album without tracks."""
    path = tmp_path_factory.mktemp("library") / "small.csv"
    path.write_text(f"{COLUMNS}\n{ROWS}", encoding="utf-8")
    return path


@pytest.fixture
def world(library: Path) -> World:
    """The small library, without a server."""
    return load_csv(World(), library)


@pytest.fixture(scope="module")
def simulator(library: Path) -> Iterator[Simulator]:
    """A process that serves the small library to all tests of a module."""
    with Simulator.start(library=library) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def plex(simulator: Simulator) -> Iterator[PlexServer]:
    """A client with the owner's token."""
    server = PlexServer(simulator.url, simulator.token)
    yield server
    server._session.close()  # noqa: SLF001 - the library has no way to close it


@pytest.fixture(scope="module")
def music(plex: PlexServer) -> MusicSection:
    """The music section, as the client sees it."""
    return plex.library.section("Music")


@pytest.fixture
def serve(world: World) -> Iterator[Callable[..., PlexServer]]:
    """Serve the small library with options, from a thread of the test."""
    servers: list[Server] = []
    clients: list[PlexServer] = []

    def start(**options: object) -> PlexServer:
        server = Server(Plex(world, Options(**options)))
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        url = f"http://127.0.0.1:{server.server_port}"
        clients.append(PlexServer(url, server.plex.options.token))
        return clients[-1]

    yield start
    for client in clients:
        client._session.close()  # noqa: SLF001 - the library has no way to close it
    for server in servers:
        server.shutdown()
        server.server_close()
