"""Dockerfile and compose.yaml name only what exists: files, commands, settings."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import prefect.settings
import pytest
import typer.main
import yaml
from packaging.specifiers import SpecifierSet
from sqlalchemy import make_url

from flows import cli
from tasks.hosting import QUIET
from tasks.settings import Settings

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
STEPS = [
    line.split(maxsplit=1) for line in DOCKERFILE.splitlines() if line[:1].isupper()
]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
OURS = {f"PLEXBAYES_{name.upper()}" for name in Settings.model_fields}
THEIRS = {"POSTGRES_USER", "POSTGRES_PASSWORD"}
"""What the image of PostgreSQL reads."""


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
        found |= service.get("environment", {})
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
    options = [word for word in words if word.startswith("--")]

    if program == "plexbayes":
        known = typer.main.get_command(cli.app).commands[words[0]].params
        assert set(options) <= {name for option in known for name in option.opts}
    else:
        assert program == "prefect"
        asked = [word for word in words if word != "--no-prompt"]
        verbs = asked[: next(i for i, w in enumerate([*asked, "--"]) if w[:2] == "--")]
        there = Path(sys.executable).with_name("prefect")
        told = subprocess.run(
            [there, *verbs[:2], "--help"], capture_output=True, text=True, check=True
        ).stdout
        assert all(option in told for option in options)


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
