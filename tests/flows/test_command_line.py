"""What people expect of any command: version, help, completion, `python -m`."""

import os
import shlex
import subprocess
import sys
from importlib.metadata import version

import pytest
import typer.main
from typer.testing import CliRunner

from flows.cli import main as cli
from flows.command_table import COMMANDS, EXAMPLES, EXIT_STATUSES
from tests.flows.listener import COMMAND

WIDE = {"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"}
NAMES = sorted({command.words[0] for command in COMMANDS})


def shown(*words: str) -> str:
    """Return what the command line prints, with the white space evened."""
    return " ".join(CliRunner().invoke(cli.app, list(words), env=WIDE).output.split())


def printed(*command: str, **options: object) -> str:
    """Return what a process prints that ends well."""
    ran = subprocess.run(command, capture_output=True, text=True, check=True, **options)
    return ran.stdout.strip()


@pytest.mark.parametrize("command", [[COMMAND], [sys.executable, "-m", "plexbayes"]])
def test_the_command_tells_its_version(command, tmp_path):
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "__init__.py").write_text("raise SystemExit('not ours')")

    said = printed(*command, "--version", cwd=tmp_path)

    assert said == f"plexbayes {version('plexbayes')}"


def test_a_shell_is_told_what_may_follow():
    asked = {"_PLEXBAYES_COMPLETE": "complete_bash", "COMP_CWORD": "1"}

    said = printed(COMMAND, env=os.environ | asked | {"COMP_WORDS": "plexbayes ve"})

    assert said == "verify"


@pytest.mark.parametrize("name", ["", *NAMES])
def test_help_shows_examples_or_debug_and_the_exit_statuses(name):
    words = [name] if name else []
    text = shown(*words, "--help")

    said = f"plexbayes {name}" if name else "--debug"
    assert said in text.rpartition("Examples:")[2]
    assert EXIT_STATUSES in text
    assert shown(*words, "-h") == text


@pytest.mark.parametrize(
    "example", [line for lines in EXAMPLES.values() for line in lines]
)
def test_every_example_can_be_parsed(example):
    program, name, *words = shlex.split(example.split("    ", maxsplit=1)[0])

    assert program == "plexbayes"
    typer.main.get_command(cli.app).commands[name].make_context(name, words)


@pytest.mark.parametrize("words", [["verify"], ["--debug", "verify"]])
def test_debug_shows_the_traceback_of_an_error(listener, words):
    listener.configure(LIBRARY_NAME="Jazz")

    ran = listener.run(*words)

    assert ran.status == 2
    assert ("Traceback" in ran.err) is ("--debug" in words)
    assert "Set LIBRARY_NAME" in ran.err
