"""Dockerfile and compose.yaml name only what exists: files, commands, settings."""

import re
import shlex
import tomllib
from functools import reduce
from importlib.metadata import PackageNotFoundError, requires
from operator import getitem
from pathlib import Path
from typing import Any

import prefect.settings
import pytest
import typer.main
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from prefect.cli._app import _app as prefect_cli
from sqlalchemy import make_url

from flows.cli import main as cli
from tasks.config.settings import Settings
from tasks.orchestration.prefect_server import QUIET
from tasks.orchestration.server_access import (
    CLIENT_PASSWORD,
    PASSWORD_FILE,
    SERVER_PASSWORD,
)

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
STEPS = [
    line.split(maxsplit=1) for line in DOCKERFILE.splitlines() if line[:1].isupper()
]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
OURS = {f"PLEXBAYES_{name.upper()}" for name in Settings.model_fields} | {PASSWORD_FILE}
THEIRS = {"POSTGRES_USER", "POSTGRES_PASSWORD"}
"""What the image of PostgreSQL reads."""
README = (ROOT / "README.md").read_text("utf-8")
EXACT = re.compile(r"\d+\.\d+(\.\d+)?(-[a-z]+)*")
"""The tag of an image that never becomes another one."""


def commands() -> list[list[str]]:
    """Return every command of ours or Prefect's that a container starts."""
    started = [" ".join(eval_list(words)) for kind, words in STEPS if kind == "CMD"]
    for service in SERVICES.values():
        words = shlex.split(service.get("command", ""))
        started += words[2].split("&&") if words[:1] == ["sh"] else [shlex.join(words)]
    return [shlex.split(line) for line in started if line]


def eval_list(words: str) -> list[str]:
    """Return the words of a command in brackets."""
    return re.findall(r'"([^"]*)"', words)


def environment() -> dict[str, str]:
    """Return all that any container finds in its environment."""
    found = dict(words.split("=") for kind, words in STEPS if kind == "ENV")
    for service in SERVICES.values():
        given = service.get("environment", {})
        found |= {name: str(value) for name, value in given.items()}
    return found


def test_what_is_copied_exists_and_is_not_ignored():
    copied = [w for kind, words in STEPS if kind == "COPY" for w in words.split()[:-1]]
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines()[1:]}

    assert copied
    assert all((ROOT / name).exists() for name in copied)
    assert set(copied) == kept


def test_the_image_has_a_python_that_we_support_and_an_extra_that_exists():
    image = next(words for kind, words in STEPS if kind == "FROM")
    extra = re.search(r"'\.\[(\w+)\]'", DOCKERFILE)

    assert SpecifierSet(PROJECT["requires-python"]).contains(
        re.findall(r":([\d.]+)", image)[0]
    )
    assert extra
    assert extra[1] in PROJECT["optional-dependencies"]


def test_the_image_is_named_for_this_version():
    images = {s["image"] for s in SERVICES.values() if "build" in s}

    assert images == {f"{PROJECT['name']}:{PROJECT['version']}"}


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_a_command_exists_with_its_options(command):
    program, *words = command
    options = {word for word in words if word.startswith("--")} - {"--no-prompt"}

    if program == "plexbayes":
        known = typer.main.get_command(cli.app).commands[words[0]].params
        names = {name for option in known for name in option.opts}
    else:
        assert program == "prefect"
        asked = [word for word in words if word != "--no-prompt"]
        verbs = asked[:1] if asked[1].startswith("--") else asked[:2]
        found = reduce(getitem, verbs, prefect_cli).assemble_argument_collection()
        names = {name for argument in found for name in argument.names}
    assert options <= names


def test_every_variable_is_a_real_setting():
    others = environment().keys() - OURS - THEIRS - QUIET.keys()

    assert "PREFECT_API_URL" in others
    assert [name for name in others if not hasattr(prefect.settings, name)] == []


def test_databases_are_named_as_their_users_expect():
    urls = {
        name: make_url(re.sub(r"\$\{\w+:\?\}", "word", value))
        for name, value in environment().items()
        if value.startswith("postgresql")
    }

    server = urls.pop("PREFECT_API_DATABASE_CONNECTION_URL")
    record = urls.pop("PLEXBAYES_STATE_URL")
    assert not urls
    assert (server.host, record.host) == ("postgres", "postgres")
    assert record.database == environment()["POSTGRES_USER"]
    made = COMPOSE["configs"]["prefect-database"]["content"]
    assert made == f"CREATE DATABASE {server.database};"
    assert (server.get_dialect().driver, record.get_dialect().driver) == (
        "asyncpg",
        "psycopg",
    )


def test_nothing_is_open_to_the_world():
    ports = [port for s in SERVICES.values() for port in s.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_images_are_of_exact_versions():
    base = next(words for kind, words in STEPS if kind == "FROM")
    images = [base, *(s["image"] for s in SERVICES.values() if "build" not in s)]

    assert len(images) == 2
    assert all(EXACT.fullmatch(image.partition(":")[2]) for image in images)
    assert re.search(r":\d+\.\d+\.\d+-", base)


def test_no_container_starts_a_server_without_a_guard_and_a_password():
    listening = [words for words in commands() if "--host" in words]
    servers = [s for s in SERVICES.values() if "--host" in s.get("command", "")]

    assert [words[:2] for words in listening] == [
        ["plexbayes", "serve"],
        ["plexbayes", "server"],
    ]
    assert PASSWORD_FILE in environment()
    for server in servers:
        given = server["environment"]
        assert given[SERVER_PASSWORD] == given[CLIENT_PASSWORD]
        assert given[CLIENT_PASSWORD] == COMPOSE["x-client"][CLIENT_PASSWORD]


def test_the_guard_lets_containers_call_the_server_by_its_name():
    host = COMPOSE["x-client"]["PREFECT_API_URL"].split("/")[2].partition(":")[0]

    assert environment()["PLEXBAYES_ALLOWED_HOSTS"].split() == [host]
    assert host in SERVICES


def test_every_way_to_install_is_constrained():
    names = ("README.md", "Makefile", "Dockerfile")
    pages = [*map(ROOT.joinpath, names), *(ROOT / "docs").glob("*.md")]
    lines = [line for page in pages for line in page.read_text("utf-8").splitlines()]
    installing = [line for line in lines if "pip install" in line]

    assert len(installing) > 5
    assert [
        line for line in installing if "--constraint constraints.txt" not in line
    ] == []


def requirements_of(name: str) -> list[str]:
    """Return what a distribution needs; nobody can say if it is not installed here."""
    try:
        return requires(name) or []
    except PackageNotFoundError:
        return []


def test_the_constraints_pin_all_that_is_installed_with_the_program():
    lines = (ROOT / "constraints.txt").read_text("utf-8").split()
    pinned = {canonicalize_name(line.partition("==")[0]) for line in lines}
    needed, open_ends = set(), ["plexbayes"]
    while open_ends:
        whole = open_ends.pop()
        extras = PROJECT["optional-dependencies"] if whole == "plexbayes" else ()
        for text in requirements_of(whole):
            requirement = Requirement(text)
            name = canonicalize_name(requirement.name)
            is_wanted = not requirement.marker or any(
                requirement.marker.evaluate({"extra": extra}) for extra in ("", *extras)
            )
            if is_wanted and name not in needed:
                needed.add(name)
                open_ends.append(name)

    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    assert len(needed) > 50
    assert needed - pinned == set()


def test_deploying_runs_no_shell_command_of_one_system():
    deploying = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))
    steps = [name for part in ("build", "pull") for s in deploying[part] for name in s]

    assert steps
    assert [name for name in steps if "shell" in name] == []
