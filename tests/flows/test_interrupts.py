"""Ctrl-C is heard at once, whatever a command is waiting for."""

import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tasks.config.settings import load_settings
from tasks.runtime.context import open_run
from tests.flows.catching import await_true, infer_before
from tests.flows.listener import COMMAND, Listener
from tests.simulator.process import Simulator
from tests.tasks.http_answers import wire

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning"),
    pytest.mark.parametrize("plex", [{"synthetic": 20}], indirect=True, ids=[""]),
]
PAUSED = "[R]esume or [Q]uit? "
STOPPING = "once more ends it at once"
LISTING = "/library/sections/1/all"
LONG = 60.0
"""Seconds that what a command waits for would take."""
SOON = 2.0
"""Seconds after which a person must see that Ctrl-C was heard."""
TO_EXIT = 8.0
"""Seconds that a process may take to end, on a busy machine."""


@pytest.fixture
def listener(plex: Simulator, tmp_path: Path) -> Listener:
    """Somebody who runs commands that need no Prefect server."""
    return Listener(tmp_path, plex, "", TIMEOUT=LONG, WAIT_FOR_OTHERS=LONG)


def asks_for_accounts(plex: Simulator) -> Callable[[], bool]:
    """Return whether Plex is asked from now on: what comes next is the record."""
    plex.clear_log()
    return lambda: any("accounts" in request["path"] for request in plex.log())


def await_waiting(is_waiting: Callable[[], bool]) -> None:
    """Wait until a command asked Plex, and a little for it to wait in earnest."""
    await_true(is_waiting)
    time.sleep(1)


@contextmanager
def silent_plex(person: Listener, path: str) -> Iterator[Callable[[], bool]]:
    """Let the person's Plex say nothing to a path; yield whether it was asked."""

    def say_nothing(_: BaseHTTPRequestHandler) -> None:
        time.sleep(LONG)

    with wire({path: say_nothing}) as silent:
        person.configure(PLEX_URL=silent.url, TIMEOUT=LONG)
        yield lambda: any(f"GET {path}" == r.partition("?")[0] for r, _ in silent.seen)


@contextmanager
def locked_record(person: Listener) -> Iterator[Callable[[], bool]]:
    """Let another program hold the record; yield whether Plex was asked."""
    infer_before(person)
    with closing(sqlite3.connect(person.state, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield asks_for_accounts(person.plex)


@contextmanager
def held_library(person: Listener) -> Iterator[Callable[[], bool]]:
    """Let another run hold the library; yield whether Plex was asked."""
    settings, _ = load_settings(person.config)
    with open_run(settings, "another", live=True):
        yield asks_for_accounts(person.plex)


WAITS = {
    "a first answer": (lambda person: silent_plex(person, "/"), "verify"),
    "a listing": (lambda person: silent_plex(person, LISTING), "verify"),
    "the record": (locked_record, "undo --live --yes"),
    "another run": (held_library, "undo --live --yes"),
}


@pytest.mark.parametrize(("wait", "words"), WAITS.values(), ids=WAITS)
def test_ctrl_c_asks_at_once_and_again_quits_and_again_kills(
    plex, listener, open_terminal, wait, words
):
    before = plex.dump()
    with wait(listener) as is_waiting:
        terminal = open_terminal(*words.split())
        await_waiting(is_waiting)
        pressed = time.monotonic()
        terminal.press("c")
        terminal.see(PAUSED)
        heard = time.monotonic()
        terminal.press("c")
        terminal.see(STOPPING)
        if wait is locked_record:  # SQLite gives up by itself, after half a minute
            terminal.press("c")
        status = terminal.end()
        ended = time.monotonic()

    assert status == 130
    assert heard - pressed < SOON
    assert ended - heard < TO_EXIT
    assert "Traceback" not in terminal.screen.getvalue()
    assert wait is locked_record or plex.dump() == before


def test_what_waits_goes_on_after_resume(listener, open_terminal):
    with locked_record(listener) as is_waiting:
        terminal = open_terminal("undo", "--live", "--yes")
        await_waiting(is_waiting)
        terminal.press("c")
        terminal.answer(PAUSED, "perhaps")
        terminal.answer(PAUSED, "r")

    assert terminal.end() == 0
    assert listener.query("select count(*) from shadow") == [(0,)]


def test_a_command_that_ends_while_it_is_held_waits_for_the_answer(
    listener, open_terminal
):
    listener.plex.faults([{"match": {"path": "/accounts"}, "do": "slow", "ms": 3000}])
    terminal = open_terminal("rank")
    await_true(lambda: bool(listener.plex.counts()["reads"]))
    terminal.press("c")
    terminal.see(PAUSED)
    listener.plex.faults([])
    time.sleep(3)
    terminal.answer("", "r")

    assert terminal.end() == 0
    assert "Top artists" in terminal.screen.getvalue()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_without_a_terminal_a_signal_stops_and_a_second_one_kills(listener, number):
    with locked_record(listener) as is_waiting:
        process = subprocess.Popen(
            [COMMAND, "undo", "--live", "--yes"],
            cwd=listener.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        await_waiting(is_waiting)
        process.send_signal(number)
        assert process.stderr is not None
        while STOPPING not in process.stderr.readline():
            pass
        begun = time.monotonic()
        process.send_signal(number)
        said = process.communicate(timeout=LONG)[1]

    assert process.returncode == 128 + number
    assert time.monotonic() - begun < SOON
    assert "Traceback" not in said
