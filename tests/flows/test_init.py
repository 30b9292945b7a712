"""A person at a terminal is asked for a configuration and gets a whole one or none."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.config.config_file import ARTICLE
from tasks.config.settings import load_settings, template
from tests.flows.terminal import Terminal
from tests.simulator.process import Simulator
from tests.tasks.http_answers import canned_plex, container

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")

DRIVER = """
import sys
from pathlib import Path
from engine.errors import PlexbayesError
from flows.cli.init import init
try:
    sys.exit(0 if init(Path("config.json")) else 1)
except PlexbayesError as fault:
    sys.exit(str(fault))
"""
COMMAND = [sys.executable, "-c", DRIVER]
OFFER, ADDRESS, TOKEN, LIBRARY = "[y/n]", "Address of", "Token (", "Which one"
NOTHING = "Nothing was written"


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("PLEXBAYES_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def plex() -> Iterator[Simulator]:
    """A small Plex for all tests of this module."""
    with Simulator.start(synthetic=20, token="sEcReT-4711") as simulator:  # noqa: S106
        yield simulator


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal in an empty folder, with the command already running."""
    terminal = Terminal(tmp_path, *COMMAND)
    yield terminal
    terminal.close()


def config_of(terminal: Terminal) -> Path:
    """Return where the configuration is to be."""
    return terminal.folder / "config.json"


def bare(url: str) -> str:
    """Return an address as people type it."""
    return url.removeprefix("http://")


def test_a_few_answers_make_a_whole_configuration_that_only_its_owner_reads(
    plex: Simulator, terminal: Terminal
) -> None:
    terminal.answer("There is no config.json here. Create one? [y/n]", "y")
    terminal.answer(
        "Address of the Plex server [http://127.0.0.1:32400]", bare(plex.url)
    )
    terminal.see(ARTICLE)
    terminal.answer(TOKEN, plex.token)
    terminal.see("1  Music")
    terminal.answer(LIBRARY, "")
    status = terminal.end()

    written = json.loads(config_of(terminal).read_text("utf-8"))
    assert status == 0
    assert written == template(plex.url, plex.token, "Music")
    assert written["DRY_RUN"] is True
    assert load_settings(config_of(terminal))[1] == []
    assert config_of(terminal).stat().st_mode & 0o777 == 0o600
    assert plex.token not in terminal.screen.getvalue()
    assert terminal.files == ["config.json"]


@pytest.mark.parametrize("answer", ["n", "", "later", "Y E S"])
def test_without_a_clear_yes_nothing_is_written(
    terminal: Terminal, answer: str
) -> None:
    terminal.answer(OFFER, answer)
    terminal.see(NOTHING)

    assert terminal.end() == 1
    assert not config_of(terminal).exists()


@pytest.mark.parametrize("way", ["ctrl-c", "ctrl-d", "q"])
@pytest.mark.parametrize("question", [OFFER, ADDRESS, TOKEN, LIBRARY])
def test_whoever_breaks_off_at_a_question_finds_nothing_written(
    plex: Simulator, terminal: Terminal, question: str, way: str
) -> None:
    answers = {OFFER: "y", ADDRESS: plex.url, TOKEN: plex.token}
    for earlier in list(answers)[: [OFFER, ADDRESS, TOKEN, LIBRARY].index(question)]:
        terminal.answer(earlier, answers[earlier])

    if way == "q":
        terminal.answer(question, "q")
    else:
        terminal.see(question)
        terminal.press(way[-1])
    terminal.see(NOTHING)

    assert terminal.end() == 1
    assert "Traceback" not in terminal.screen.getvalue()
    assert terminal.files == []


def test_a_connection_that_takes_too_long_for_a_person_can_be_broken_off(
    plex: Simulator, terminal: Terminal
) -> None:
    plex.faults([{"match": {"method": "GET"}, "do": "timeout_before", "seconds": 3}])
    terminal.answer(OFFER, "y")
    terminal.answer(ADDRESS, plex.url)
    terminal.answer(TOKEN, plex.token)
    terminal.see("Connecting to")
    terminal.press("c")
    terminal.see(NOTHING)
    plex.faults([])

    assert terminal.end() == 1
    assert not config_of(terminal).exists()


def test_a_refused_token_is_asked_for_again_and_the_address_is_kept(
    plex: Simulator, terminal: Terminal
) -> None:
    terminal.answer(OFFER, "y")
    terminal.answer(ADDRESS, plex.url)
    terminal.answer(TOKEN, "wrong")
    terminal.see("Plex refused the token (401)")
    terminal.answer(f"{ADDRESS} the Plex server [{plex.url}]", "")
    terminal.answer(TOKEN, plex.token)
    terminal.answer(LIBRARY, "music")

    assert terminal.end() == 0
    assert load_settings(config_of(terminal))[0].library_name == "Music"


def test_an_address_where_nobody_answers_is_asked_for_again(
    plex: Simulator, terminal: Terminal
) -> None:
    terminal.answer(OFFER, "y")
    terminal.answer(ADDRESS, "http://[")
    terminal.see("not an http(s) address")
    terminal.answer(ADDRESS, "127.0.0.1:9")
    terminal.answer(TOKEN, "two words")
    terminal.see("without spaces")
    terminal.answer(TOKEN, plex.token)
    terminal.see("Connection refused by 127.0.0.1:9")
    terminal.answer(ADDRESS, plex.url)
    terminal.answer(TOKEN, plex.token)
    terminal.answer(LIBRARY, "1")

    assert terminal.end() == 0
    assert load_settings(config_of(terminal))[0].plex_url == plex.url


@pytest.mark.parametrize("answer", ["2", "jazz "])
def test_one_of_several_libraries_is_chosen_by_number_or_name(
    terminal: Terminal, answer: str
) -> None:
    sections = "".join(
        f'<Directory type="{kind}" key="{key}" title="{title}" uuid="{key}"/>'
        for key, kind, title in (
            (1, "artist", "Music"),
            (2, "movie", "Films"),
            (3, "artist", "Jazz"),
        )
    )
    with canned_plex({"/library/sections": container(sections)}) as server:
        terminal.answer(OFFER, "y")
        terminal.answer(ADDRESS, server.plex_url)
        terminal.answer(TOKEN, "any")
        terminal.see("2  Jazz")
        terminal.answer(LIBRARY, "3")
        terminal.see("There is no '3' in the list")
        terminal.answer(LIBRARY, answer)

        assert terminal.end() == 0
    assert "Films" not in terminal.screen.getvalue()
    assert load_settings(config_of(terminal))[0].library_name == "Jazz"


def test_a_server_without_music_is_no_use(terminal: Terminal) -> None:
    with canned_plex({"/library/sections": container()}) as server:
        terminal.answer(OFFER, "y")
        terminal.answer(ADDRESS, server.plex_url)
        terminal.answer(TOKEN, "any")
        terminal.see("no music library")
        terminal.answer(ADDRESS, "q")

        assert terminal.end() == 1
    assert not config_of(terminal).exists()


def test_a_file_that_appears_meanwhile_is_left_alone(
    plex: Simulator, terminal: Terminal
) -> None:
    terminal.answer(OFFER, "y")
    terminal.answer(ADDRESS, plex.url)
    terminal.answer(TOKEN, plex.token)
    terminal.see(LIBRARY)
    config_of(terminal).write_text("mine")
    terminal.answer("]", "1")
    terminal.see("it was left alone")

    assert terminal.end() == 1
    assert config_of(terminal).read_text() == "mine"
    assert terminal.files == ["config.json"]


def test_an_existing_configuration_is_never_touched(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text("mine")
    terminal = Terminal(tmp_path, *COMMAND)
    terminal.see("exists and is left as it is")

    assert terminal.end() == 1
    assert config.read_text() == "mine"


def test_without_a_terminal_nobody_is_asked(tmp_path: Path) -> None:
    ran = subprocess.run(
        COMMAND,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 1
    assert ran.stdout == ""
    assert "no terminal" in ran.stderr
    assert list(tmp_path.iterdir()) == []
