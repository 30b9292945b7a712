"""Steps are the same, whether this process carries them out or Prefect does."""

import subprocess
import sys

import pytest

from tests.flows.listener import COMMAND
from tests.flows.test_recorded_runs import requests_of
from tests.simulator.process import Simulator

IN_ORDER = (
    "from prefect.task_runners import ThreadPoolTaskRunner as Threads;"
    "from flows.infer import infer;"
    "infer.with_options(task_runner=Threads(max_workers=1))(**{})"
)
"""Runs the flow so that letters are written in order; else which one is first, and
takes equal ratings of others along, is left to chance."""


@pytest.mark.parametrize(
    ("words", "parameters"),
    [
        ("--dry-run", {"dry_run": True}),
        ("--live", {"dry_run": False}),
        ("--live --phases 3", {"dry_run": False, "phases": "3"}),
        ("--live --model hierarchical", {"dry_run": False, "model": "hierarchical"}),
    ],
)
def test_both_runners_send_the_same_requests(
    listener_of, prefect_api, words, parameters
):
    with Simulator.start(synthetic=300, seed=5) as plex:
        plain = listener_of(plex).run("infer", *words.split())
        by_plain = requests_of(plex)
        without = plex.dump()
    with Simulator.start(synthetic=300, seed=5) as plex:
        listener = listener_of(plex, prefect_api)
        code = IN_ORDER.replace("{}", repr(parameters))
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=listener.folder,
            env=listener.environment,
            check=True,
            capture_output=True,
        )
        by_prefect = requests_of(plex)
        with_prefect = plex.dump()

    assert plain.status == 0
    assert by_plain == by_prefect
    assert sum(by_plain.values()) > 8
    for level in ("artists", "albums", "tracks"):
        ratings = [item["userRating"] for item in without[level]]
        assert ratings == [item["userRating"] for item in with_prefect[level]]


def test_without_being_asked_a_run_does_not_import_prefect(listener):
    ran = subprocess.run(
        [COMMAND, "infer"],
        cwd=listener.folder,
        env=listener.environment | {"PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    imported = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    assert ran.returncode == 0
    assert "plexapi" in imported
    assert "prefect" not in imported
