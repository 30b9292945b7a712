"""A server that never ends, or sends too much, costs bounded time and memory."""

import gzip
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from engine.errors import PlexUnreachable, PlexUnusable
from tasks.plex.deadlines import MAX_ANSWER
from tasks.plex.survey import survey
from tests.flows.listener import COMMAND

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml;charset=utf-8\r\n"
ENOUGH_MEMORY = 600 * 1024
"""KiB that a command may take, whatever comes."""

Play = Callable[[socket.socket], None]


@contextmanager
def server(play: Play) -> Iterator[str]:
    """Answer every connection with a play."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def accept() -> None:
        while not ended.is_set():
            with suppress(OSError):
                connection, _ = listener.accept()
                threading.Thread(target=answer, args=[connection], daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.recv(10_000)
            play(connection)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ended.set()
        listener.close()


def trickle(connection: socket.socket, text: bytes) -> None:
    """Send a byte every now and then."""
    for byte in text:
        connection.sendall(bytes([byte]))
        time.sleep(0.2)


def slow_head(connection: socket.socket) -> None:
    trickle(connection, OK * 100)


def slow_body(connection: socket.socket) -> None:
    connection.sendall(OK + b"Content-Length: 10000\r\n\r\n")
    trickle(connection, b" " * 10_000)


def ten_gigabytes(connection: socket.socket) -> None:
    connection.sendall(OK + b"Content-Length: 10000000000\r\n\r\n")
    for _ in range(10_000):
        connection.sendall(b" " * 1_000_000)


def endless_chunks(connection: socket.socket) -> None:
    connection.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(10_000):
        connection.sendall(b"F4240\r\n" + b" " * 1_000_000 + b"\r\n")


BOMB = gzip.compress(bytes(10_000_000)) * 100
"""A gigabyte of nothing in a megabyte."""


def gzip_bomb(connection: socket.socket) -> None:
    connection.sendall(OK + b"Content-Encoding: gzip\r\n")
    connection.sendall(b"Content-Length: %d\r\n\r\n" % len(BOMB) + BOMB)


@pytest.mark.parametrize("play", [slow_head, slow_body])
def test_an_answer_that_never_ends_is_asked_for_twice(play: Play) -> None:
    begun = time.monotonic()

    with server(play) as address, pytest.raises(PlexUnusable, match="twice"):
        survey(address, "token", 0.5)

    assert 2 * 4 * 0.5 < time.monotonic() - begun < 10


@pytest.mark.parametrize("play", [ten_gigabytes, endless_chunks, gzip_bomb])
def test_a_huge_answer_is_refused(play: Play) -> None:
    with server(play) as address, pytest.raises(PlexUnusable, match="64 MiB"):
        survey(address, "token", 5)


def test_an_answer_of_the_usual_size_is_read_whole() -> None:
    body = b'<MediaContainer machineIdentifier="m" version="1">%s</MediaContainer>'
    body %= b" " * (MAX_ANSWER // 4)

    def play(connection: socket.socket) -> None:
        connection.sendall(OK + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    with server(play) as address:
        assert survey(address, "token", 5).version == "1"


def test_a_silent_server_is_a_time_out_that_may_pass() -> None:
    with (
        server(lambda _: time.sleep(5)) as address,
        pytest.raises(PlexUnreachable) as failed,
    ):
        survey(address, "token", 0.3)

    assert not isinstance(failed.value, PlexUnusable)


@pytest.mark.parametrize("play", [slow_body, ten_gigabytes, gzip_bomb])
def test_a_command_ends_with_a_sentence_in_bounded_time_and_memory(
    tmp_path: Path, play: Play
) -> None:
    with server(play) as address:
        surroundings = os.environ | {
            "PLEXBAYES_PLEX_URL": address,
            "PLEXBAYES_PLEX_TOKEN": "token",
            "PLEXBAYES_TIMEOUT": "1",
        }
        begun = time.monotonic()
        with subprocess.Popen(
            [COMMAND, "verify"],
            cwd=tmp_path,
            env=surroundings,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            said = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        took = time.monotonic() - begun

    assert process.returncode == 1
    assert said.startswith("plexbayes: Plex ")
    assert "Traceback" not in said
    assert took < 10 + 10  # ten time-outs, and the start of the command
    assert usage.ru_maxrss < ENOUGH_MEMORY
