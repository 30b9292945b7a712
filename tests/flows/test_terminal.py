"""A person at a terminal is asked, answered, held and let go as the menu intents."""

import re
import shlex
import time
from collections.abc import Callable, Iterator

import pytest

from engine.partition import letter_of
from tests.flows import catching
from tests.flows import terminal as terminals
from tests.flows.expecting import inferred
from tests.flows.listener import COMMAND, Listener, ratings, tagged
from tests.flows.terminal import Terminal
from tests.simulator.process import Simulator

SMALL = {"synthetic": 40, "seed": 6}
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning"),
    pytest.mark.parametrize("plex", [pytest.param(SMALL, id="")], indirect=True),
]

MENU, LETTER = "Your choice (0-8, q): ", "Start at which letter"
PAUSED, SURE = "[R]esume or [Q]uit? ", "[y/n] "
HINT = re.compile(r"Stopped( at letter (?P<letter>\S+))?; .*: plexbayes (?P<words>.+)")


@pytest.fixture
def open_terminal(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Terminal]]:
    """Start the command in a terminal, in the listener's folder."""
    monkeypatch.setattr(terminals, "PATIENCE", catching.PATIENCE)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", listener.environment["PREFECT_HOME"])
    opened: list[Terminal] = []

    def start(*words: str) -> Terminal:
        opened.append(Terminal(listener.folder, COMMAND, *words))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


def test_the_menu_shows_its_numbers_and_starts_nothing_by_itself(
    plex, listener, open_terminal
):
    terminal = open_terminal()

    for answer in ("", "9", "yes", "-1", "q"):
        terminal.answer(MENU, answer)

    assert terminal.end() == 0
    shown = terminal.screen.getvalue()
    assert re.findall(r"^ +(\w)  \w", shown, re.MULTILINE) == [*"012345678q"]
    assert plex.log() == []
    assert not listener.state.exists()


@pytest.mark.parametrize(
    ("option", "key"),
    [("", "c"), ("", "d"), ("1", "c"), ("2", "d"), ("3", "c"), ("4", "d")],
)
def test_whoever_breaks_off_a_question_leaves(plex, open_terminal, option, key):
    terminal = open_terminal()
    if option:
        terminal.answer(MENU, option)

    terminal.see(LETTER if option else MENU)
    terminal.press(key)

    assert terminal.end() == 0
    assert "Traceback" not in terminal.screen.getvalue()
    assert plex.log() == []


@pytest.mark.parametrize("letter", ["", "p", "Pink Floyd"])
def test_a_single_phase_starts_at_the_letter_or_at_the_first(
    plex, open_terminal, letter
):
    before, expected = plex.dump(), inferred(plex)
    terminal = open_terminal()

    terminal.answer(MENU, "2")
    terminal.answer(LETTER, letter)

    assert terminal.end() == 0
    artists = {a["ratingKey"]: a["titleSort"] or a["title"] for a in before["artists"]}
    expected = {
        key: points
        for key, points in expected.items()
        if key in artists and letter_of(artists[key]) >= letter[:1].upper()
    }
    assert expected
    assert ratings(plex.dump()) == pytest.approx(ratings(before) | expected, abs=0.011)


@pytest.mark.parametrize(("option", "status"), [("5", 5), ("7", 0)])
def test_who_only_looks_is_asked_nothing(plex, open_terminal, option, status):
    before = plex.dump()
    terminal = open_terminal()

    terminal.answer(MENU, option)

    assert terminal.end() == status
    assert LETTER not in terminal.screen.getvalue()
    assert SURE not in terminal.screen.getvalue()
    assert plex.dump() == before


def test_undo_asks_and_does_nothing_without_a_yes(plex, listener, open_terminal):
    before = plex.dump()
    catching.infer_before(listener)
    inferred = plex.dump()

    refused = open_terminal()
    refused.answer(MENU, "6")
    for answer in ("", "maybe", "n"):
        refused.answer(SURE, answer)
    status, untouched = refused.end(), plex.dump()
    agreed = open_terminal()
    agreed.answer(MENU, "6")
    agreed.answer(SURE, "Y")

    assert (status, untouched) == (0, inferred)
    assert agreed.end() == 0
    assert ratings(plex.dump()) == ratings(before)


def test_recover_asks_and_does_nothing_without_a_yes(plex, listener, open_terminal):
    record = "select level, guid, value from shadow order by level, guid"
    catching.infer_before(listener)
    recorded = listener.query(record)
    listener.state.unlink()

    refused = open_terminal()
    refused.answer(MENU, "8")
    refused.answer(SURE, "n")
    status, is_there = refused.end(), listener.state.exists()
    agreed = open_terminal()
    agreed.answer(MENU, "8")
    agreed.answer(SURE, "y")

    assert (status, is_there) == (0, False)
    assert agreed.end() == 0
    assert listener.query(record) == recorded


@pytest.mark.parametrize(
    "catch", [catching.reading, catching.writing, catching.resting]
)
def test_a_held_run_goes_on_as_if_nothing_had_been(
    plex, listener, open_terminal, catch
):
    before, expected = plex.dump(), inferred(plex)
    listener.acquaint()
    since = catching.written(plex)
    is_caught = catch(plex, listener)
    terminal = open_terminal()
    terminal.answer(MENU, "0")
    catching.await_true(is_caught)

    terminal.press("c")
    terminal.answer(PAUSED, "")
    terminal.answer(PAUSED, "what?")
    terminal.see(PAUSED)
    time.sleep(0.3)
    held = catching.written(plex)
    time.sleep(0.3)
    ensure_lease = catching.written(plex)
    plex.faults([])
    terminal.answer("", "R")

    assert terminal.end() == 0
    assert held == ensure_lease < since + len(expected)
    assert LETTER not in terminal.screen.getvalue()
    assert ratings(plex.dump()) == pytest.approx(ratings(before) | expected, abs=0.011)
    assert tagged(plex.dump()) == set(expected)
    assert catching.written(plex) == since + len(expected)


def test_who_leaves_a_held_run_is_told_how_to_finish_it(plex, listener, open_terminal):
    listener.acquaint()
    before, expected = plex.dump(), inferred(plex)
    terminal = open_terminal()
    terminal.answer(MENU, "0")
    catching.await_true(catching.writing(plex, listener))

    terminal.press("c")
    terminal.answer(PAUSED, "Q")

    assert terminal.end() == 130
    hint = HINT.search(terminal.screen.getvalue())
    words = shlex.split(hint["words"])
    assert words == ["0", "--from", hint["letter"]]
    left = set(ratings(plex.dump())) - set(ratings(before))
    assert 0 < len(left) < len(expected)
    plex.faults([])
    assert listener.run(*words).status == 0
    assert ratings(plex.dump()) == pytest.approx(ratings(before) | expected, abs=0.011)


def test_a_second_ctrl_c_leaves_and_names_phase_and_letter(
    plex, listener, open_terminal
):
    before = plex.dump()
    is_caught = catching.reading(plex, listener)
    terminal = open_terminal()
    terminal.answer(MENU, "3")
    terminal.answer(LETTER, "p")
    catching.await_true(is_caught)

    terminal.press("c")
    terminal.see(PAUSED)
    terminal.press("c")

    assert terminal.end() == 130
    words = shlex.split(HINT.search(terminal.screen.getvalue())["words"])
    assert words == ["infer", "--from", "P", "--phases", "3", "--live"]
    assert plex.dump() == before


def test_a_library_created_anew_is_asked_about(plex, listener, open_terminal):
    catching.infer_before(listener)
    with Simulator.start(**SMALL, created=2) as anew:
        listener.plex = anew
        listener.configure(DRY_RUN=False)
        before, expected = anew.dump(), inferred(anew)
        refusing = open_terminal("infer")
        refusing.answer(SURE, "n")
        status, untouched = refusing.end(), anew.dump()
        agreeing = open_terminal("infer")
        agreeing.answer(SURE, "y")

        assert (status, untouched) == (1, before)
        assert plex.dump()["uuid"] in refusing.screen.getvalue()
        assert before["uuid"] in refusing.screen.getvalue()
        assert agreeing.end() == 0
        assert ratings(anew.dump()) == pytest.approx(
            ratings(before) | expected, abs=0.011
        )
