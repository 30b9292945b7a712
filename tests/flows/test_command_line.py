"""What people expect of any command: version, help, completion, `python -m`."""

import os
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from flows.cli import main as cli
from flows.command_table import COMMANDS, EXAMPLES, EXIT_STATUSES
from tests.flows.listener import COMMAND, Listener

WIDE = {"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"}
NAMES = sorted({command.words[0] for command in COMMANDS})


def shown(*words: str) -> str:
    """Return what the command line prints, with the white space evened."""
    return " ".join(CliRunner().invoke(cli.app, list(words), env=WIDE).output.split())


@pytest.mark.parametrize(
    "command",
    [[COMMAND], [sys.executable, "-m", "plexbayes"]],
    ids=["plexbayes", "python -m plexbayes"],
)
def test_the_command_tells_its_version(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "__init__.py").write_text("raise SystemExit('not ours')")

    ran = subprocess.run(
        [*command, "--version"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )

    assert (ran.returncode, ran.stdout.strip()) == (
        0,
        f"plexbayes {version('plexbayes')}",
    )


@pytest.mark.parametrize("name", ["", *NAMES])
def test_h_is_help(name: str) -> None:
    words = [name] if name else []

    assert shown(*words, "-h") == shown(*words, "--help") != ""


@pytest.mark.parametrize("name", NAMES)
def test_the_help_of_a_command_shows_an_example_and_the_exit_statuses(
    name: str,
) -> None:
    text = shown(name, "--help")

    assert f"plexbayes {name}" in text.split("Examples:")[1]
    assert EXIT_STATUSES in text


@pytest.mark.parametrize(
    "example", [line for lines in EXAMPLES.values() for line in lines]
)
def test_every_example_can_be_parsed(example: str) -> None:
    program, name, *words = shlex.split(example.split("    ", maxsplit=1)[0])
    assert program == "plexbayes"
    typer.main.get_command(cli.app).commands[name].make_context(name, words)


def test_the_general_help_names_debug_and_the_exit_statuses() -> None:
    text = shown("--help")

    assert "--debug" in text
    assert EXIT_STATUSES in text


def test_a_shell_is_told_what_may_follow() -> None:
    asked = {"_PLEXBAYES_COMPLETE": "complete_bash", "COMP_CWORD": "1"}
    ran = subprocess.run(
        [COMMAND],
        env=os.environ | asked | {"COMP_WORDS": "plexbayes ve"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.stdout.split() == ["verify"]


@pytest.mark.parametrize("words", [["verify"], ["--debug", "verify"]])
def test_debug_shows_the_traceback_of_an_error(
    listener: Listener, words: list[str]
) -> None:
    listener.configure(LIBRARY_NAME="Jazz")

    ran = listener.run(*words)

    assert ran.status == 2
    assert ("Traceback" in ran.err) is ("--debug" in words)
    assert "Set LIBRARY_NAME" in ran.err
