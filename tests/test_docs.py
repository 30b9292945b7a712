"""What is written about the program is complete, and true of it."""

import ast
import inspect
import json
import re
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from flows import cli
from flows.commands import COMMANDS
from tasks.settings import Settings
from tests.tasks.test_settings import ORIGINAL

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PROMISES = (ROOT / "docs" / "promises.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`((?:tests|engine)/[\w/]+\.py)::(\w+)`", PROMISES)))
DECISIONS = sorted(set(map(int, re.findall(r"decision (\d+)", PROMISES))))
GROUP = typer.main.get_command(cli.app)
SHARED = ("--dry-run", "--live", "--config", "--json", "--yes", "--accept-library")
KEYS = [n if n == "version" else n.upper() for n in Settings.model_fields]
IDS = {
    "C": range(1, 12),
    "M": range(1, 12),
    "O": range(10),
    "P": range(1, 10),
    "S": range(1, 10),
    "T": range(1, 5),
    "D": range(1, 7),
    "R": range(1, 10),
    "F": range(1, 9),
}
TRAPS = {"M": range(1, 17), "S": range(1, 23), "P": range(1, 15)}


def rows(text: str) -> dict[str, str]:
    """Return the rows of all tables by what stands in their first column."""
    cells = [line.strip("|").split("|") for line in text.splitlines() if "|" in line]
    return {row[0].strip().strip("`"): "|".join(row[1:]) for row in cells}


def functions_of(path: Path) -> set[str]:
    """Return the names of all functions of a module."""
    tree = ast.parse(path.read_text("utf-8"))
    return {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}


def options_of(command) -> list[str]:
    """Return every option of a command as it is typed."""
    parameters = [p for p in command.params if p.param_type_name == "option"]
    return [o for p in parameters for o in [*p.opts, *p.secondary_opts]]


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_named_proof_exists(path, name):
    assert name in functions_of(ROOT / path)


def test_there_are_proofs_at_all():
    assert len(NAMED) > 100


@pytest.mark.parametrize("number", DECISIONS)
def test_a_named_decision_stands_in_the_readme(number):
    decisions = README.split("## Decisions")[1].split("\n## ")[0]

    assert f"\n{number}. " in decisions


def test_every_promise_of_the_original_has_a_row():
    promises = rows(PROMISES.split("# What the original got wrong")[0])

    expected = {f"{kind}{n}" for kind, numbers in IDS.items() for n in numbers}
    assert expected | set(ORIGINAL) <= set(promises)


def test_every_fault_of_the_original_has_a_row():
    faults = rows(PROMISES.split("# What the original got wrong")[1])

    assert {f"{kind}{n}" for kind, numbers in TRAPS.items() for n in numbers} <= set(
        faults
    )


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: " ".join(c.words))
def test_the_readme_names_every_command_and_its_number(command):
    number = "" if command.number is None else command.number
    row = rf"\| {number} ?\| `{' '.join(command.words)}`"

    assert re.search(row, README)


def test_the_program_has_no_command_but_those_of_the_table():
    assert set(GROUP.commands) == {command.words[0] for command in COMMANDS}


def test_the_readme_names_every_exit_status():
    source = inspect.getsource(cli)
    names = re.search(r"^([A-Z_, ]+) = 0, 1,", source, re.MULTILINE)
    sentence = README.split("Exit statuses:")[1].split("\n\n")[0]

    assert names
    for name in names[1].split(", "):
        assert re.search(rf"\b{getattr(cli, name)}\s", sentence)


@pytest.mark.parametrize("key", KEYS)
def test_the_readme_explains_every_key(key):
    assert f"| `{key}` |" in README


@pytest.mark.parametrize("option", SHARED)
def test_the_readme_explains_the_shared_options(option):
    table = README.split("Options that several commands share:")[1].split("\n\n")[1]

    assert f"`{option}" in table


@pytest.mark.parametrize("name", sorted(GROUP.commands))
def test_every_option_is_in_the_readme_or_the_help(name):
    wide = {"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"}
    shown = CliRunner().invoke(cli.app, [name, "--help"], env=wide).output

    for option in options_of(GROUP.commands[name]):
        assert f"`{option}" in README or option in shown


def test_the_example_holds_exactly_the_keys_of_the_original():
    example = json.loads((ROOT / "config.example.json").read_text("utf-8"))

    assert len(example) == 15
    assert set(example) == set(ORIGINAL) <= set(KEYS)


def test_the_original_and_its_author_are_given_credit():
    assert "MIT" in (ROOT / "LICENSE").read_text("utf-8")
    assert "Chris Wuestefeld's `rating_inference.py`" in README


def test_the_readme_leads_a_first_run_step_by_step():
    way = README.split("A first full run is best done in steps:")[1].split("\n\n")[0]
    steps = ["verify", "plexbayes 1", "plexbayes 2", "plexbayes 3", "plexbayes 4"]

    assert sorted(steps, key=way.index) == steps


def test_every_file_that_the_readme_points_to_exists():
    linked = re.findall(r"\]\(([\w./-]+)\)", README)

    assert len(linked) > 5
    assert [path for path in linked if not (ROOT / path).exists()] == []


def test_the_documentation_names_no_path_of_a_machine():
    assert not re.search(r"/(work|home|root|tmp|Users)/", README + PROMISES)
