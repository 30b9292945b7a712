"""Ctrl-C is heard at once, whatever a command is waiting for."""

import os
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
from tests.flows import terminal as terminals
from tests.flows.catching import await_true, infer_before
from tests.flows.listener import COMMAND, Listener
from tests.flows.terminal import Terminal
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
def person(plex: Simulator, tmp_path: Path) -> Listener:
    """Somebody who runs commands that need no Prefect server."""
    return Listener(tmp_path, plex, "", TIMEOUT=LONG, WAIT_FOR_OTHERS=LONG)


@pytest.fixture
def open_terminal(
    person: Listener, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Terminal]]:
    """Start a command in a terminal, in that person's folder."""
    monkeypatch.setattr(terminals, "PATIENCE", LONG)
    opened: list[Terminal] = []

    def start(*words: str) -> Terminal:
        opened.append(Terminal(person.folder, COMMAND, *words))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


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
    person.plex.clear_log()
    with closing(sqlite3.connect(person.state, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield lambda: any("accounts" in r["path"] for r in person.plex.log())


@contextmanager
def held_library(person: Listener) -> Iterator[Callable[[], bool]]:
    """Let another run hold the library; yield whether Plex was asked."""
    settings, _ = load_settings(person.config)
    with open_run(settings, "another", live=True):
        person.plex.clear_log()
        yield lambda: any("accounts" in r["path"] for r in person.plex.log())


WAITS = {
    "a first answer": (lambda person: silent_plex(person, "/"), "verify"),
    "a listing": (lambda person: silent_plex(person, LISTING), "verify"),
    "the record": (locked_record, "undo --live --yes"),
    "another run": (held_library, "undo --live --yes"),
}


@pytest.mark.parametrize(("wait", "words"), WAITS.values(), ids=WAITS)
def test_ctrl_c_asks_at_once_and_again_quits(
    plex: Simulator, person: Listener, open_terminal, wait, words: str
) -> None:
    before = plex.dump()
    with wait(person) as is_waiting:
        terminal = open_terminal(*words.split())
        await_true(is_waiting)
        time.sleep(1)
        pressed = time.monotonic()
        terminal.press("c")
        terminal.see(PAUSED)
        heard = time.monotonic()
        terminal.press("c")
        terminal.see(STOPPING)
        if wait is not locked_record:  # SQLite gives up by itself, after half a minute
            status = terminal.end()
            assert time.monotonic() - heard < TO_EXIT
            assert status == 130

    assert heard - pressed < SOON
    assert "Traceback" not in terminal.screen.getvalue()
    assert wait is locked_record or plex.dump() == before


def test_a_third_ctrl_c_kills(person: Listener, open_terminal) -> None:
    with locked_record(person) as is_waiting:
        terminal = open_terminal("undo", "--live", "--yes")
        await_true(is_waiting)
        time.sleep(1)
        for shown in (PAUSED, STOPPING):
            terminal.press("c")
            terminal.see(shown)
        begun = time.monotonic()
        terminal.press("c")
        status = terminal.end()

    assert status == 130
    assert time.monotonic() - begun < SOON
    assert "Traceback" not in terminal.screen.getvalue()


def test_what_waits_goes_on_after_resume(person: Listener, open_terminal) -> None:
    infer_before(person)
    with closing(sqlite3.connect(person.state, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        person.plex.clear_log()
        terminal = open_terminal("undo", "--live", "--yes")
        await_true(lambda: bool(person.plex.log()))
        time.sleep(1)
        terminal.press("c")
        terminal.answer(PAUSED, "perhaps")
        terminal.answer(PAUSED, "r")

    assert terminal.end() == 0
    assert person.query("select count(*) from shadow") == [(0,)]


def test_a_command_that_ends_while_it_is_held_waits_for_the_answer(
    person: Listener, open_terminal
) -> None:
    person.plex.faults([{"match": {"path": "/accounts"}, "do": "slow", "ms": 3000}])
    terminal = open_terminal("rank")
    await_true(lambda: bool(person.plex.counts()["reads"]))
    terminal.press("c")
    terminal.see(PAUSED)
    person.plex.faults([])
    time.sleep(3)
    terminal.answer("", "r")

    assert terminal.end() == 0
    assert "Top artists" in terminal.screen.getvalue()


def start(person: Listener) -> "subprocess.Popen[str]":
    """Start a command without a terminal."""
    return subprocess.Popen(
        [COMMAND, "undo", "--live", "--yes"],
        cwd=person.folder,
        env=os.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_without_a_terminal_a_signal_stops_cleanly(
    person: Listener, number: signal.Signals
) -> None:
    with held_library(person) as is_waiting:
        process = start(person)
        await_true(is_waiting)
        time.sleep(1)
        process.send_signal(number)
        said = process.communicate(timeout=LONG)[1]

    assert process.returncode == 130
    assert STOPPING in said
    assert said.splitlines()[-1].startswith("plexbayes: The run was stopped")
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_without_a_terminal_a_second_signal_kills(
    person: Listener, number: signal.Signals, status: int
) -> None:
    with locked_record(person) as is_waiting:
        process = start(person)
        await_true(is_waiting)
        time.sleep(1)
        process.send_signal(number)
        assert process.stderr is not None
        while STOPPING not in process.stderr.readline():
            pass
        begun = time.monotonic()
        process.send_signal(number)
        process.communicate(timeout=LONG)

    assert process.returncode == status
    assert time.monotonic() - begun < SOON
