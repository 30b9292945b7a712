"""A person at a terminal is asked, answered, held and let go as the menu intents."""

import re
import shlex
import time
from collections.abc import Iterator

import pytest

from flows.cli.main import choose
from tests.flows import catching
from tests.flows.expecting import expect_inferred, inferred
from tests.flows.listener import COMMAND, ratings
from tests.flows.terminal import Terminal
from tests.flows.test_faults import await_writes
from tests.simulator.process import Simulator

SMALL = {"synthetic": 40, "seed": 6}
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")

MENU, LETTER = "Your choice (0-8, q): ", "Start at which letter"
PAUSED, SURE = "[R]esume or [Q]uit? ", "[y/n] "
HINT = re.compile(r"Stopped( at letter (?P<letter>\S+))?; .*: plexbayes (?P<words>.+)")
RECORD = "select level, guid, value from shadow order by level, guid"


@pytest.fixture
def plex() -> Iterator[Simulator]:
    with Simulator.start(**SMALL) as simulator:
        yield simulator


@pytest.fixture
def menu(monkeypatch: pytest.MonkeyPatch):
    """Answer what the menu asks; return what it chose, and what it asked."""

    def choosing(*answers: str | BaseException) -> tuple[list[str], list[str]]:
        asked, left = [], list(answers)

        def answer(question: str) -> str:
            asked.append(question)
            said = left.pop(0)
            if isinstance(said, BaseException):
                raise said
            return said

        monkeypatch.setattr("builtins.input", answer)
        return choose(), asked

    return choosing


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


def test_enter_alone_starts_nothing_in_the_menu(menu):
    assert menu("", "", "9", "5") == (["verify"], [MENU] * 4)


@pytest.mark.parametrize("number", "1234")
def test_a_single_phase_asks_where_to_start(menu, number):
    phase = ["infer", "--phases", number]

    assert menu(number, "P")[0] == [*phase, "--from", "P"]
    assert menu(number, "")[0] == phase


@pytest.mark.parametrize("number", "05678")
def test_nothing_else_asks_where_to_start(menu, number):
    assert menu(number)[1] == [MENU]


@pytest.mark.parametrize("way", [KeyboardInterrupt(), EOFError()], ids=repr)
@pytest.mark.parametrize("before", [(), ("1",), ("4",)], ids=repr)
def test_whoever_breaks_off_a_question_leaves(menu, before, way):
    with pytest.raises(SystemExit) as left:
        menu(*before, way)

    assert left.value.code == 0


def test_without_a_configuration_a_terminal_is_offered_one_and_others_are_not(
    tmp_path, listener
):
    listener.config.unlink()

    silent = listener.run("verify")
    terminal = Terminal(tmp_path, COMMAND, "verify")
    terminal.answer("Create one? [y/n]", "n")

    assert silent.status == terminal.end() == 2
    assert "[y/n]" not in silent.out + silent.err
    assert not (tmp_path / "config.json").exists()


@pytest.mark.parametrize("option", ["6", "8"], ids=["undo", "recover"])
def test_undo_and_recover_ask_and_do_nothing_without_a_yes(
    plex, listener, open_terminal, option
):
    before = plex.dump()
    catching.infer_before(listener)
    inferred, recorded = plex.dump(), listener.query(RECORD)
    if option == "8":
        listener.state.unlink()

    refused = open_terminal()
    refused.answer(MENU, option)
    for answer in ("", "maybe", "n"):
        refused.answer(SURE, answer)
    status, untouched = refused.end(), plex.dump()
    is_there = listener.state.exists()
    agreed = open_terminal()
    agreed.answer(MENU, option)
    agreed.answer(SURE, "Y")

    assert (status, untouched, is_there) == (0, inferred, option == "6")
    assert agreed.end() == 0
    if option == "6":
        assert ratings(plex.dump()) == ratings(before)
    else:
        assert listener.query(RECORD) == recorded


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
    still_held = catching.written(plex)
    plex.faults([])
    terminal.answer("", "R")

    assert terminal.end() == 0
    assert held == still_held < since + len(expected)
    assert LETTER not in terminal.screen.getvalue()
    expect_inferred(plex.dump(), before, expected)
    assert catching.written(plex) == since + len(expected)


def test_a_paused_run_resumes_after_a_restart_of_plex_and_nothing_is_lost(
    plex, listener, open_terminal
):
    before, expected = plex.dump(), inferred(plex)
    listener.configure(DRY_RUN=False, RETRIES=5, RETRY_DELAY=1)
    catching.make_slow(plex, {"method": "PUT"}, 100)
    terminal = open_terminal("infer")
    await_writes(plex, 5)
    terminal.press("c")
    terminal.see(PAUSED)
    plex.restart(1)
    terminal.answer("", "r")

    assert terminal.end() == 0
    written = catching.rated(plex)
    expect_inferred(plex.dump(), before, expected)
    assert len(written) <= len(set(written)) + 25


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
    expect_inferred(plex.dump(), before, expected)


def test_a_second_ctrl_c_leaves_and_names_phase_and_letter(
    plex, listener, open_terminal
):
    before = plex.dump()
    is_caught = catching.reading(plex, listener)
    terminal = open_terminal()
    terminal.answer(MENU, "3")
    terminal.answer(LETTER, "p")
    catching.await_true(is_caught)

    for shown in (PAUSED, "once more ends it at once"):
        terminal.press("c")
        terminal.see(shown)

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
        refusing.answer(f"Let the record follow? {SURE}", "n")
        status, untouched = refusing.end(), anew.dump()
        agreeing = open_terminal("infer")
        agreeing.answer(SURE, "y")

        assert (status, untouched) == (1, before)
        assert plex.dump()["uuid"] in refusing.screen.getvalue()
        assert before["uuid"] in refusing.screen.getvalue()
        assert agreeing.end() == 0
        expect_inferred(anew.dump(), before, expected)
