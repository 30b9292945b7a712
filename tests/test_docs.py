"""What is written about the program is complete, and true of it."""

import ast
import inspect
import json
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
import typer.main
import yaml
from typer.testing import CliRunner

from flows import command_table
from flows.cli import main as cli
from flows.command_table import COMMANDS
from tasks.config.settings import Settings
from tests.tasks.test_settings import ORIGINAL

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = {page.name: page.read_text("utf-8") for page in (ROOT / "docs").glob("*.md")}
PROMISES, FAULTS = PAGES["promises.md"], PAGES["faults.md"]
COMMAND_PAGE = PAGES["commands.md"]
LONGEST_README = 220
PROOF = re.compile(r"`((?:tests|engine)/[\w/]+\.py)::(\w+)`")
NAMED = sorted(set(PROOF.findall(PROMISES + FAULTS)))
REFERENCES = [
    (name, int(number))
    for name, text in sorted(PAGES.items())
    for number in sorted(set(re.findall(r"decision (\d+)", text)), key=int)
]
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


def numbered(kinds: dict[str, range]) -> set[str]:
    """Return all names such as `C1`."""
    return {f"{kind}{n}" for kind, numbers in kinds.items() for n in numbers}


@cache
def functions_of(path: Path) -> set[str]:
    """Return the names of all functions of a module."""
    tree = ast.parse(path.read_text("utf-8"))
    return {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}


def options_of(command) -> list[str]:
    """Return every option of a command as it is typed."""
    parameters = [p for p in command.params if p.param_type_name == "option"]
    return [o for p in parameters for o in [*p.opts, *p.secondary_opts]]


def test_every_named_proof_exists():
    missing = [
        f"{path}::{name}"
        for path, name in NAMED
        if not (ROOT / path).exists() or name not in functions_of(ROOT / path)
    ]

    assert len(NAMED) > 100
    assert not missing, missing


def test_every_decision_that_is_referred_to_exists():
    decisions = PAGES["decisions.md"]

    assert [one for one in REFERENCES if f"\n{one[1]}. " not in decisions] == []


def test_the_readme_is_short_and_leads_to_every_page():
    assert README.count("\n") <= LONGEST_README
    assert [page for page in PAGES if f"](docs/{page})" not in README] == []


@pytest.mark.parametrize(
    ("part", "expected"),
    [(0, {*numbered(IDS), *ORIGINAL}), (1, numbered(TRAPS))],
    ids=["promise", "fault"],
)
def test_everything_of_the_original_has_a_row(part, expected):
    intents_and_faults = PROMISES.split("# What the original got wrong")

    assert expected - rows(intents_and_faults[part]).keys() == set()


def test_the_readme_says_of_every_command_what_its_help_says():
    for command in COMMANDS:
        number = "" if command.number is None else f"{command.number} "
        row = f"| {number}| `{' '.join(command.words)}` | {command.help} |"

        assert row in README


def test_the_installed_package_reads_the_same_prefect_yaml():
    settings = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text("utf-8"))

    inside = ROOT / "flows" / "prefect.yaml"
    assert inside.read_text("utf-8") == ROOT.joinpath("prefect.yaml").read_text("utf-8")
    assert "prefect.yaml" in settings["tool"]["setuptools"]["package-data"]["flows"]


def test_a_deployment_says_what_the_help_of_its_command_says():
    document = yaml.safe_load(ROOT.joinpath("prefect.yaml").read_text("utf-8"))
    said = {
        one["name"]: (one["entrypoint"].rpartition(":")[2], one["description"])
        for one in document["deployments"]
        if not one["name"].endswith(("-live", "-approval"))
    }

    assert len(said) == 5
    for command, text in said.values():
        assert text.startswith(command_table.HELP[command])


def test_the_program_has_no_command_but_those_of_the_table():
    assert set(GROUP.commands) == {command.words[0] for command in COMMANDS}


def test_every_exit_status_is_explained():
    source = inspect.getsource(command_table)
    names = re.search(r"^([A-Z_, ]+) = 0, 1,", source, re.MULTILINE)
    sentence = COMMAND_PAGE.split("Exit statuses:")[1].split("\n\n")[0]

    assert names
    for name in names[1].split(", "):
        assert re.search(rf"\b{getattr(command_table, name)}\s", sentence)


def test_every_key_of_the_configuration_is_explained():
    assert [k for k in KEYS if f"| `{k}` |" not in PAGES["configuration.md"]] == []


def test_the_shared_options_are_explained():
    _, _, after = COMMAND_PAGE.partition("Options that several commands share:")
    table = after.split("\n\n")[1]

    assert [option for option in SHARED if f"`{option}" not in table] == []


def test_every_option_is_explained_here_or_in_the_help():
    wide = {"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"}
    for name, command in GROUP.commands.items():
        shown = CliRunner().invoke(cli.app, [name, "--help"], env=wide).output
        for option in options_of(command):
            assert f"`{option}" in COMMAND_PAGE or option in shown, (name, option)


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


def test_every_file_that_a_page_links_to_exists():
    pages = [ROOT / "README.md", ROOT / "SECURITY.md", *(ROOT / "docs").glob("*.md")]
    link = re.compile(r"\]\(([\w./-]+)(?:#[\w-]+)?\)")
    dead = [
        (page.name, linked)
        for page in pages
        for linked in link.findall(page.read_text("utf-8"))
        if not (page.parent / linked).exists()
    ]

    assert dead == []


def test_the_documentation_names_no_path_of_a_machine():
    written = "".join([README, *PAGES.values()])

    assert not re.search(r"/(work|home|root|tmp|Users)/", written)
