"""Intents of the original to who sits at the terminal."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.cli.main import choose
from tests.flows.catching import rated
from tests.flows.expecting import inferred
from tests.flows.listener import COMMAND, Listener, ratings, tagged
from tests.flows.terminal import Terminal
from tests.flows.test_faults import await_writes
from tests.simulator.process import Simulator

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")

PAUSED = "[R]esume or [Q]uit?"


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Terminal]:
    """Start a listener's command in a terminal instead of without one."""

    def start(listener: Listener, *words: str) -> Terminal:
        monkeypatch.delenv("PREFECT_API_URL", raising=False)
        monkeypatch.setenv("PREFECT_HOME", listener.environment["PREFECT_HOME"])
        return Terminal(listener.folder, COMMAND, *words)

    return start


def questions(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Answer what the menu will ask; return the list of what it asked."""
    asked: list[str] = []
    left = list(answers)

    def answer(question: str) -> str:
        asked.append(question)
        return left.pop(0)

    monkeypatch.setattr("builtins.input", answer)
    return asked


def test_enter_alone_starts_nothing_in_the_menu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = questions(monkeypatch, "", "", "9", "5")

    assert choose() == ["verify"]
    assert len(asked) == 4


@pytest.mark.parametrize("number", "1234")
def test_a_single_phase_asks_where_to_start(
    monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    phase = ["infer", "--phases", number]

    questions(monkeypatch, number, "P")
    assert choose() == [*phase, "--from", "P"]
    questions(monkeypatch, number, "")
    assert choose() == phase


@pytest.mark.parametrize("number", "05678")
def test_nothing_else_asks_where_to_start(
    monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    asked = questions(monkeypatch, number)

    choose()

    assert len(asked) == 1


@pytest.mark.parametrize("words", [["9"], ["-1"], ["nonsense"], ["infer", "--odd"]])
def test_a_word_that_is_no_option_reads_and_writes_nothing(
    plex: Simulator, listener: Listener, words: list[str]
) -> None:
    ran = listener.run(*words)

    assert ran.status == 2
    assert ran.err
    assert plex.log() == []


def test_a_wrong_number_is_told_which_ones_there_are(listener: Listener) -> None:
    ran = listener.run("9")

    assert all(f"  {number}  " in ran.err for number in range(9))


def test_without_a_configuration_a_terminal_is_offered_one_and_others_are_not(
    tmp_path: Path, listener: Listener
) -> None:
    listener.config.unlink()

    silent = listener.run("verify")
    terminal = Terminal(tmp_path, COMMAND, "verify")
    terminal.answer("Create one? [y/n]", "n")

    assert silent.status == terminal.end() == 2
    assert "[y/n]" not in silent.out + silent.err
    assert not (tmp_path / "config.json").exists()


def test_a_paused_run_resumes_after_a_restart_of_plex_and_nothing_is_lost(
    plex: Simulator, listener: Listener, at_terminal: Callable[..., Terminal]
) -> None:
    before, expected = plex.dump(), inferred(plex)
    listener.configure(DRY_RUN=False, RETRIES=5, RETRY_DELAY=1)
    plex.faults([{"match": {"method": "PUT"}, "do": "slow", "ms": 100}])
    terminal = at_terminal(listener, "infer")
    await_writes(plex, 5)
    terminal.press("c")
    terminal.see(PAUSED)
    plex.restart(1)
    terminal.answer("", "what?")
    terminal.answer(PAUSED, "r")

    status = terminal.end()

    written = rated(plex)
    assert status == 0
    assert ratings(plex.dump()) == pytest.approx(ratings(before) | expected, abs=0.011)
    assert tagged(plex.dump()) == set(expected)
    assert len(written) <= len(set(written)) + 25


def test_quitting_says_how_to_go_on_and_that_finishes_the_run(
    plex: Simulator, listener: Listener, at_terminal: Callable[..., Terminal]
) -> None:
    before, expected = plex.dump(), inferred(plex)
    plex.faults([{"match": {"method": "PUT"}, "do": "slow", "ms": 100}])
    terminal = at_terminal(listener, "infer")
    await_writes(plex, 5)
    terminal.press("c")
    terminal.answer(PAUSED, "q")
    status = terminal.end()
    hint = re.search(r'plexbayes (\S+) --from "(.)"', terminal.screen.getvalue())
    plex.faults([])

    assert status == 130
    assert hint
    resumed = listener.run(hint[1], "--from", hint[2])
    assert resumed.status == 0
    assert ratings(plex.dump()) == pytest.approx(ratings(before) | expected, abs=0.011)


def test_undo_at_a_terminal_asks_before_it_takes_anything_back(
    plex: Simulator, listener: Listener, at_terminal: Callable[..., Terminal]
) -> None:
    listener.run("infer")
    before = plex.dump()
    terminal = at_terminal(listener, "undo")
    terminal.answer("[y/n]", "")
    terminal.answer("[y/n]", "n")

    assert terminal.end() == 0
    assert plex.dump() == before


def test_another_library_of_the_name_is_asked_about_at_a_terminal(
    listener_of: Callable[..., Listener], at_terminal: Callable[..., Terminal]
) -> None:
    with Simulator.start(synthetic=60, seed=1) as old:
        listener = listener_of(old)
        listener.run("infer")
    with Simulator.start(synthetic=60, seed=1, created=2) as new:
        listener.plex = new
        listener.configure(DRY_RUN=True)
        statuses = []
        for answer in "ny":
            terminal = at_terminal(listener, "infer")
            terminal.answer("Let the record follow? [y/n]", answer)
            statuses.append(terminal.end())

        assert statuses == [1, 0]
        assert new.counts()["writes"] == 0
