"""A person at a terminal is asked for a configuration and gets a whole one or none."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import SettingsInvalid
from flows.cli import init as module
from tasks.config.config_file import ARTICLE
from tasks.config.settings import load_settings, template
from tests.flows.listener import COMMAND
from tests.flows.terminal import Terminal
from tests.simulator.process import Simulator
from tests.tasks.http_answers import canned_plex, container

at_a_terminal = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
OFFER, ADDRESS, TOKEN, LIBRARY = "[y/n]", "Address of", "Token (", "Which one"
NOTHING = "Nothing was written"
WAYS = {"ctrl-c": KeyboardInterrupt, "ctrl-d": EOFError, "q": "q"}
KEY = "sEcReT-4711"
LIBRARIES = (("artist", 1, "Music"), ("movie", 2, "Films"), ("artist", 3, "Jazz"))


class Person:
    """Answers one question after the other; an error is a way to break off."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.config = folder / "config.json"
        self.capsys = capsys
        self.asked: list[str] = []
        self.answers: list[str | type[BaseException]] = []

    def ask(self, question: str) -> str:
        self.asked.append(question)
        answer = self.answers.pop(0)
        if not isinstance(answer, str):
            raise answer
        return answer

    def init(self, *answers: str | type[BaseException]) -> str:
        """Answer what is asked, and return what else was said."""
        self.answers = list(answers)
        is_made = module.init(self.config)
        assert self.answers == []
        assert is_made == self.config.exists()
        return self.capsys.readouterr().out


@pytest.fixture(scope="module")
def plex() -> Iterator[Simulator]:
    with Simulator.start(synthetic=20, token=KEY) as simulator:
        yield simulator


@pytest.fixture
def person(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Person:
    """Somebody in an empty folder."""
    for name in list(os.environ):
        if name.upper().startswith("PLEXBAYES_"):
            monkeypatch.delenv(name)
    person = Person(tmp_path, capsys)
    monkeypatch.setattr("builtins.input", person.ask)
    monkeypatch.setattr(module, "getpass", person.ask)
    monkeypatch.setattr(os, "isatty", lambda _: True)
    return person


@at_a_terminal
def test_a_few_answers_make_a_whole_configuration_that_only_its_owner_reads(
    plex, tmp_path
):
    terminal, config = Terminal(tmp_path, COMMAND, "init"), tmp_path / "config.json"
    terminal.answer("There is no config.json here. Create one? [y/n]", "y")
    bare = plex.url.removeprefix("http://")
    terminal.answer("Address of the Plex server [http://127.0.0.1:32400]", bare)
    terminal.see(ARTICLE)
    terminal.answer(TOKEN, KEY)
    terminal.see("1  Music")
    terminal.answer(LIBRARY, "")
    status = terminal.end()

    written = json.loads(config.read_text("utf-8"))
    assert status == 0
    assert written == template(plex.url, KEY, "Music")
    assert written["DRY_RUN"] is True
    assert load_settings(config)[1] == []
    assert config.stat().st_mode & 0o777 == 0o600
    assert KEY not in terminal.screen.getvalue()
    assert terminal.files == ["config.json"]


@pytest.mark.parametrize("answer", ["n", "", "later", "Y E S"])
def test_without_a_clear_yes_nothing_is_written(person, answer):
    assert NOTHING in person.init(answer)
    assert not person.config.exists()


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("question", [OFFER, ADDRESS, TOKEN, LIBRARY])
def test_whoever_breaks_off_at_a_question_finds_nothing_written(
    plex, person, question, way
):
    questions = (OFFER, ADDRESS, TOKEN, LIBRARY)
    earlier = ("y", plex.url, KEY)[: questions.index(question)]

    assert NOTHING in person.init(*earlier, way)
    assert question in person.asked[-1]
    assert list(person.config.parent.iterdir()) == []


@at_a_terminal
def test_a_connection_that_takes_too_long_for_a_person_can_be_broken_off(
    plex, tmp_path
):
    plex.faults([{"match": {"method": "GET"}, "do": "timeout_before", "seconds": 3}])
    terminal = Terminal(tmp_path, COMMAND, "init")
    for question, answer in ((OFFER, "y"), (ADDRESS, plex.url), (TOKEN, KEY)):
        terminal.answer(question, answer)
    terminal.see("Connecting to")
    terminal.press("c")
    terminal.see(NOTHING)
    plex.faults([])

    assert terminal.end() == 1
    assert "Traceback" not in terminal.screen.getvalue()
    assert terminal.files == []


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        (["URL", "wrong", "", KEY, "music"], "Plex refused the token (401)"),
        (["http://[", "URL", KEY, "1"], "not an http(s) address"),
        (["127.0.0.1:9", KEY, "URL", KEY, ""], "Connection refused by 127.0.0.1:9"),
        (["URL", "two words", KEY, "1"], "without spaces"),
    ],
)
def test_a_wrong_answer_is_explained_and_asked_for_again(plex, person, answers, says):
    said = person.init("y", *(plex.url if a == "URL" else a for a in answers))

    settings, _ = load_settings(person.config)
    assert says in said
    assert (settings.plex_url, settings.library_name) == (plex.url, "Music")


@pytest.mark.parametrize("answer", ["2", "jazz "])
def test_one_of_several_libraries_is_chosen_by_number_or_name(person, answer):
    sections = "".join(
        f'<Directory type="{kind}" key="{key}" title="{title}" uuid="{key}"/>'
        for kind, key, title in LIBRARIES
    )
    with canned_plex({"/library/sections": container(sections)}) as server:
        said = person.init("y", server.plex_url, "any", "3", answer)

    assert "2  Jazz" in said
    assert "There is no '3' in the list" in said
    assert "Films" not in said
    assert load_settings(person.config)[0].library_name == "Jazz"


def test_a_server_without_music_is_no_use(person):
    with canned_plex({"/library/sections": container()}) as server:
        said = person.init("y", server.plex_url, "any", "q")

    assert "no music library" in said
    assert not person.config.exists()


def test_a_file_that_appears_meanwhile_is_left_alone(plex, person, monkeypatch):
    def answer(question: str) -> str:
        if LIBRARY in question:
            person.config.write_text("mine")
        return person.ask(question)

    monkeypatch.setattr("builtins.input", answer)
    with pytest.raises(SettingsInvalid, match="it was left alone"):
        person.init("y", plex.url, KEY, "1")

    assert person.config.read_text() == "mine"
    assert list(person.config.parent.iterdir()) == [person.config]


def test_an_existing_configuration_is_never_touched(person):
    person.config.write_text("mine")

    with pytest.raises(SettingsInvalid, match="exists and is left as it is"):
        person.init()

    assert person.config.read_text() == "mine"


def test_without_a_terminal_nobody_is_asked(person, monkeypatch):
    monkeypatch.setattr(os, "isatty", lambda _: False)

    with pytest.raises(SettingsInvalid, match="no terminal"):
        person.init()

    assert person.asked == []
    assert not person.config.exists()
