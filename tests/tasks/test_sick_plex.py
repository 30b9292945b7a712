"""A server that never ends, or sends too much, costs bounded time and memory."""

import os
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from engine.errors import PlexbayesError, PlexUnreachable, PlexUnusable, RunStopped
from engine.library import Level
from tasks.config.settings import Settings
from tasks.plex.answers import MAX_ANSWER
from tasks.plex.client import PlexGateway
from tasks.plex.libraries import discover
from tests.flows.listener import COMMAND
from tests.tasks import hostile
from tests.tasks.http_answers import (
    HOST,
    SECTIONS,
    Play,
    Wire,
    certificate_for,
    container,
    send,
    wire,
)

MIB_IN_ONE = "more than 64 MiB in one answer to GET /"
LISTING = "/library/sections/1/all"
ENOUGH_MEMORY = 600 * 1024
"""KiB that a command may take, whatever comes."""

TO_EXIT = 5.0
"""Seconds that a process may take to end, on a busy machine."""

SLOW = [
    hostile.dribble,
    hostile.dribble_body,
    hostile.dribble_quickly,
    hostile.ask_for_patience,
]


@pytest.mark.parametrize("play", SLOW)
def test_an_answer_that_never_ends_is_asked_for_twice(play: Play) -> None:
    begun = time.monotonic()

    with (
        wire({"/": play}) as plex,
        pytest.raises(PlexUnusable, match=r"twice: it has 1\.2 s in all"),
    ):
        discover(plex.url, "token", 0.3)

    assert 2 * 0.3 < time.monotonic() - begun < 10 * 0.3 + 3
    assert len(plex.seen) == 2


def test_an_encrypted_answer_that_never_ends_is_asked_for_twice(tmp_path: Path) -> None:
    certificate = certificate_for(HOST, tmp_path)

    with (
        wire({"/": hostile.dribble_quickly}, certificate) as plex,
        pytest.raises(PlexUnusable, match="twice"),
    ):
        discover(plex.url, "token", 0.3, str(certificate))


@pytest.mark.parametrize(
    ("play", "kind", "says"),
    [
        (hostile.flood, PlexUnusable, MIB_IN_ONE),
        (hostile.flood_in_chunks, PlexUnusable, MIB_IN_ONE),
        (hostile.gzip_bomb, PlexUnusable, MIB_IN_ONE),
        (hostile.element_bomb, PlexUnusable, "more than 1,000,000 elements"),
        (hostile.entity_bomb, PlexbayesError, "no usable answer"),
        (hostile.deep, PlexbayesError, "Plex"),
    ],
)
def test_a_huge_answer_is_refused(
    play: Play, kind: type[PlexbayesError], says: str
) -> None:
    with wire({"/": play}) as plex, pytest.raises(kind, match=says):
        discover(plex.url, "token", 5)


def test_an_answer_of_the_usual_size_is_read_whole() -> None:
    body = container(" " * (MAX_ANSWER // 4), machineIdentifier="m", version="1")

    with wire({"/": body}) as plex:
        assert discover(plex.url, "token", 5).version == "1"


@pytest.mark.parametrize("kind", ["text/xml", "application/xml", "text/xml; v=1"])
def test_an_answer_that_names_no_charset_is_utf_8(kind: str) -> None:
    body = container(SECTIONS.replace("Music", "Müsik ★"))

    def answer(handler: BaseHTTPRequestHandler) -> None:
        send(handler, body, Content_Type=kind)

    with wire({"/library/sections": answer}) as plex:
        (library,) = discover(plex.url, "token", 5).libraries

    assert library.title == "Müsik ★"


def test_a_silent_server_is_a_time_out_that_may_pass() -> None:
    with (
        wire({"/": lambda _: time.sleep(5)}) as plex,
        pytest.raises(PlexUnreachable) as failed,
    ):
        discover(plex.url, "token", 0.3)

    assert not isinstance(failed.value, PlexUnusable)
    assert len(plex.seen) == 1


def patient(plex: Wire) -> Settings:
    return Settings(plex_url=plex.url, plex_token="token", timeout=20)  # noqa: S106


@pytest.mark.parametrize("play", [hostile.dribble, lambda _: time.sleep(30)])
def test_a_stop_ends_the_wait_for_a_listing_at_once(play: Play) -> None:
    stopping = threading.Event()
    threading.Timer(0.5, stopping.set).start()

    with (
        wire({LISTING: play}) as plex,
        PlexGateway(patient(plex), stopping.is_set) as gateway,
    ):
        begun = time.monotonic()
        with pytest.raises(RunStopped):
            gateway.listing(Level.TRACK, lambda: None)

    assert time.monotonic() - begun < 5


def test_a_stopped_run_can_still_read_what_it_needs_to_end_well() -> None:
    with wire() as plex, PlexGateway(patient(plex), lambda: True) as gateway:
        assert len(gateway.listing(Level.TRACK, lambda: None).items) == 0


@pytest.mark.parametrize(
    "play", [hostile.dribble, hostile.gzip_bomb, hostile.element_bomb]
)
def test_a_command_ends_with_a_sentence_in_bounded_time_and_memory(
    tmp_path: Path, play: Play
) -> None:
    begun: list[float] = []

    def noted(handler: BaseHTTPRequestHandler) -> None:
        begun.append(time.monotonic())
        play(handler)

    with wire({LISTING: noted}) as plex:
        surroundings = os.environ | {
            "PLEXBAYES_PLEX_URL": plex.url,
            "PLEXBAYES_PLEX_TOKEN": "token",
            "PLEXBAYES_TIMEOUT": "1",
        }
        with subprocess.Popen(
            [COMMAND, "verify"],
            cwd=tmp_path,
            env=surroundings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            said = process.stderr.read()
            took = time.monotonic() - begun[0]
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)

    assert process.returncode == 1
    assert said.startswith("plexbayes: Plex ")
    assert len(said.splitlines()) == 1
    assert took < 10 + TO_EXIT
    assert usage.ru_maxrss < ENOUGH_MEMORY
