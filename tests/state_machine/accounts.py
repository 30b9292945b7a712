"""A Plex in a thread of the test, with a small library that has every oddity."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tasks.config.settings import Settings
from tests.simulator.items import Item, Kind
from tests.simulator.options import Options
from tests.simulator.plex import Plex
from tests.simulator.server import Server
from tests.simulator.world import PAST, Clock, World

TAG = "Rating_Inferred"
ADDRESS = "http://127.0.0.1:32400"
"""Of a Plex that is reached without a wire."""
POLL = 0.002
"""Seconds until a server notices that it is to end."""


def small_world(*, keeps_date: bool = False) -> World:
    """Make a library of four artists whose every other item is a special case.

    Args:
        keeps_date: Whether `lastRatedAt` stays when a rating is taken back.
    """
    world = World(unrating_keeps_date=keeps_date)
    world.clock = StoryClock()
    _add_symbols(world)
    first = _add_abel(world)
    _add_bell(world, twin_of=first)
    _add_unheard(world)
    return world


class StoryClock(Clock):
    """The time of Plex, which passes when a story says so."""

    def __init__(self) -> None:
        super().__init__(lambda: PAST + 1_000_000.0)

    def tick(self) -> None:
        self.jump(1)


def add_track(album: Item, world: World, title: str, **facts: object) -> Item:
    facts = {"duration": 180_000 + len(album.children)} | facts
    return world.add(Kind.TRACK, title, album, **facts)


def _add_symbols(world: World) -> None:
    """Nobody rated anything here."""
    artist = world.add(Kind.ARTIST, "808 State")
    album = world.add(Kind.ALBUM, "Cowbell", artist)
    for title in ("Kick", "Snare"):
        add_track(album, world, title)


def _add_abel(world: World) -> Item:
    """Rated tracks, a zero, local guids, moods and locks of a person."""
    artist = world.add(Kind.ARTIST, "Abel", tags={"mood": ["Calm"]})
    first = world.add(Kind.ALBUM, "First", artist, critic=8.1)
    loved = add_track(first, world, "Loved")
    world.rate(loved, 9.0, at=PAST)
    hated = add_track(first, world, "Hated")
    world.rate(hated, 0.0, at=PAST)
    moods = {"mood": ["Calm", "Gym"]}
    tagged = add_track(first, world, "Tagged", guid="plex://track/t", tags=moods)
    tagged.locks |= {"mood", "title"}
    add_track(first, world, "Unknown", guid="local://1")
    second = world.add(Kind.ALBUM, "Second", artist)
    locked = add_track(second, world, "Locked")
    locked.locks.add("userRating")
    add_track(second, world, "Unsaid", guid="local://2", tags={"mood": ["Gym"]})
    add_track(second, world, "Tagged again", guid=tagged.guid)
    return tagged


def _add_bell(world: World, twin_of: Item) -> None:
    """A rated artist and a rated album, and tracks that others have too."""
    artist = world.add(Kind.ARTIST, "The Bell")
    world.rate(artist, 7.0, at=PAST)
    deep = world.add(Kind.ALBUM, "Deep", artist)
    world.rate(deep, 4.0, at=PAST)
    shared = add_track(deep, world, "Shared", guid="plex://track/s")
    add_track(deep, world, "Low")
    best = world.add(Kind.ALBUM, "Best of", artist)
    add_track(best, world, "Tagged, live", guid=twin_of.guid)
    again = add_track(best, world, "Shared again", guid=shared.guid)
    again.locks.add("mood")


def _add_unheard(world: World) -> None:
    """An artist of whom nothing is known, recognised by no agent."""
    artist = world.add(Kind.ARTIST, "Cöri", guid="local://3")
    album = world.add(Kind.ALBUM, "Untitled", artist, guid="local://4")
    for number in (5, 6):
        add_track(album, world, f"Take {number}", guid=f"local://{number}")


class Served(Plex):
    """A Plex that is served, and says where."""

    url: str


AnyServed = TypeVar("AnyServed", bound=Served)


@contextmanager
def serving(plex: AnyServed) -> Iterator[AnyServed]:
    """Serve a Plex over HTTP while the block runs."""
    server = Server(plex)
    thread = threading.Thread(target=server.serve_forever, args=(POLL,), daemon=True)
    thread.start()
    plex.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield plex
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def quick_folder() -> "tempfile.TemporaryDirectory[str]":
    """Make a folder in memory, if there is such a disk; elsewhere else."""
    record_view = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
    return tempfile.TemporaryDirectory(dir=record_view)


def settings_for(url: str, state: Path, **wishes: object) -> Settings:
    """Return the settings of somebody who never waits."""
    known = {
        "plex_url": url,
        "plex_token": Options().token,
        "state_url": f"sqlite:///{state}",
        "timeout": 5,
        "retries": 0,
        "cooldown_sleep": 0,
    }
    return Settings(**(known | wishes))
