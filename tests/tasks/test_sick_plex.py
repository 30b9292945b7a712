"""A server that never ends, or sends too much, costs bounded time and memory."""

import os
import subprocess
import threading
import time
from collections.abc import Callable
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
from tests.tasks.http_answers import HOST, Authority, wire
from tests.tasks.recorded_responses import SECTIONS, container

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
LARGE = [hostile.flood, hostile.flood_in_chunks, hostile.gzip_bomb]
Play = Callable[[BaseHTTPRequestHandler], None]


def send(handler: BaseHTTPRequestHandler, body: str, kind: str) -> None:
    """Send a document as it is."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: "
    handler.wfile.write(f"{head}{len(body.encode())}\r\n\r\n{body}".encode())


@pytest.mark.parametrize("play", SLOW)
def test_an_answer_that_never_ends_is_asked_for_twice(play: Play) -> None:
    begun = time.monotonic()

    with (
        wire(answers={"/": play}) as plex,
        pytest.raises(PlexUnusable, match="twice: it has 2 s in all"),
    ):
        discover(plex.url, "token", 0.5)

    assert 2 * 0.5 < time.monotonic() - begun < 10 * 0.5 + 1
    assert len(plex.seen) == 2


def test_an_encrypted_answer_that_never_ends_is_asked_for_twice(tmp_path: Path) -> None:
    authority = Authority.found(tmp_path)
    answers = {"/": hostile.dribble_quickly}

    with (
        wire(certificate=authority.certify(HOST), answers=answers) as plex,
        pytest.raises(PlexUnusable, match="twice"),
    ):
        discover(plex.url, "token", 0.5, str(authority.certificate))


@pytest.mark.parametrize("play", LARGE)
def test_a_huge_answer_is_refused(play: Play) -> None:
    with (
        wire(answers={"/": play}) as plex,
        pytest.raises(PlexUnusable, match="more than 64 MiB in one answer to GET /"),
    ):
        discover(plex.url, "token", 5)


def test_an_answer_of_too_many_elements_is_refused_before_it_is_parsed() -> None:
    with (
        wire(answers={"/": hostile.element_bomb}) as plex,
        pytest.raises(PlexUnusable, match="more than 1,000,000 elements"),
    ):
        discover(plex.url, "token", 5)


@pytest.mark.parametrize("play", [hostile.entity_bomb, hostile.deep])
def test_entities_and_depth_are_no_usable_answer(play: Play) -> None:
    with wire(answers={"/": play}) as plex, pytest.raises(PlexbayesError):
        discover(plex.url, "token", 5)


def test_an_answer_of_the_usual_size_is_read_whole() -> None:
    body = container(" " * (MAX_ANSWER // 4), machineIdentifier="m", version="1")
    answers = {"/": lambda handler: send(handler, body, "text/xml;charset=utf-8")}

    with wire(answers=answers) as plex:
        assert discover(plex.url, "token", 5).version == "1"


@pytest.mark.parametrize("kind", ["text/xml", "application/xml", "text/xml; v=1"])
def test_an_answer_that_names_no_charset_is_utf_8(kind: str) -> None:
    body = container(SECTIONS.replace("Music", "Müsik ★"))
    answers = {"/library/sections": lambda handler: send(handler, body, kind)}

    with wire(answers=answers) as plex:
        (library,) = discover(plex.url, "token", 5).libraries

    assert library.title == "Müsik ★"


def test_a_silent_server_is_a_time_out_that_may_pass() -> None:
    with (
        wire(answers={"/": lambda _: time.sleep(5)}) as plex,
        pytest.raises(PlexUnreachable) as failed,
    ):
        discover(plex.url, "token", 0.3)

    assert not isinstance(failed.value, PlexUnusable)
    assert len(plex.seen) == 1


@pytest.mark.parametrize("play", [hostile.dribble, lambda _: time.sleep(30)])
def test_a_stop_ends_the_wait_for_a_listing_at_once(play: Play) -> None:
    stopping = threading.Event()
    threading.Timer(0.5, stopping.set).start()

    with wire(answers={LISTING: play}) as plex:
        settings = Settings(plex_url=plex.url, plex_token="token", timeout=20)  # noqa: S106
        with PlexGateway(settings, stopping.is_set) as gateway:
            begun = time.monotonic()
            with pytest.raises(RunStopped):
                gateway.listing(Level.TRACK, lambda: None)

    assert time.monotonic() - begun < 5


def test_a_stopped_run_can_still_read_what_it_needs_to_end_well() -> None:
    with wire() as plex:
        settings = Settings(plex_url=plex.url, plex_token="token", timeout=20)  # noqa: S106
        with PlexGateway(settings, lambda: True) as gateway:
            assert len(gateway.listing(Level.TRACK, lambda: None).items) == 0


@pytest.mark.parametrize(
    ("play", "path"),
    [
        (hostile.dribble, "/"),
        (hostile.dribble, LISTING),
        (hostile.flood, LISTING),
        (hostile.gzip_bomb, LISTING),
        (hostile.element_bomb, LISTING),
    ],
)
def test_a_command_ends_with_a_sentence_in_bounded_time_and_memory(
    tmp_path: Path, play: Play, path: str
) -> None:
    begun: list[float] = []

    def noted(handler: BaseHTTPRequestHandler) -> None:
        begun.append(time.monotonic())
        play(handler)

    with wire(answers={path: noted}) as plex:
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
