"""Runs with the parameters of a form in the UI, which no command line has seen."""

import re
import subprocess
import sys
from typing import Any

import httpx
import pytest

from tests.flows.catching import infer_before, make_slow
from tests.flows.listener import Listener
from tests.flows.test_messages import spoil
from tests.simulator.process import Simulator

IN_TENTHS = "from tasks.runtime import progress; progress.PROGRESS_INTERVAL = 0.1"
"""Makes a few seconds short in the process of a run."""


def run_as_the_ui_does(
    listener: Listener, flow: str = "infer", *, before: str = "", **parameters: Any
) -> dict[str, Any]:
    """Run a flow in a process of its own; return the run and its log.

    Args:
        listener: Whose library it is about.
        flow: Its name.
        before: Code that the process begins with.
        parameters: What the form holds.
    """
    module = "infer" if flow == "infer" else "maintenance"
    code = f"from flows.{module} import {flow}; {flow}(return_state=True, **"
    subprocess.run(
        [sys.executable, "-P", "-c", f"{before}\n{code}{parameters!r})"],
        cwd=listener.folder,
        env=listener.environment,
        capture_output=True,
        timeout=240,
        check=True,
    )
    with httpx.Client(base_url=listener.environment["PREFECT_API_URL"]) as api:
        latest = {"sort": "START_TIME_DESC", "limit": 1}
        (run,) = api.post("/flow_runs/filter", json=latest).json()
        of_run = {"logs": {"flow_run_id": {"any_": [run["id"]]}}}
        logs = api.post("/logs/filter", json=of_run).json()
    return run | {"log": [line["message"] for line in logs]}


def test_letters_that_cannot_be_read_end_a_run_in_the_ui_before_plex_is_asked(
    plex: Simulator, orchestrated: Listener
) -> None:
    run = run_as_the_ui_does(orchestrated, letters="BP", dry_run=True)

    expect_one_sentence(run, "Cannot read ")
    assert "BP" in run["name"]
    assert plex.counts()["reads"] == 0


def test_the_name_of_a_run_shows_which_letters_it_does(orchestrated: Listener) -> None:
    run = run_as_the_ui_does(orchestrated, letters="FROM Vangelis", dry_run=True)

    assert run["state_type"] == "COMPLETED", run["state"]["message"]
    assert run["name"] == "Music · infer · phases 1-4 · from V · dry"


def test_another_configuration_that_is_none_ends_a_run_in_the_ui_in_a_sentence(
    plex: Simulator, orchestrated: Listener
) -> None:
    run = run_as_the_ui_does(orchestrated, config="../x")

    expect_one_sentence(run, "../x")
    assert plex.counts()["reads"] == 0


def test_a_wrong_value_in_the_configuration_ends_a_run_in_the_ui_in_a_sentence(
    plex: Simulator, orchestrated: Listener
) -> None:
    spoil(orchestrated, CONFIDENCE_C=0, COOLDOWN_SLEEP="x")

    run = run_as_the_ui_does(orchestrated, "verify")

    expect_one_sentence(run, "CONFIDENCE_C = 0")
    assert "COOLDOWN_SLEEP = 'x'" in run["state"]["message"]
    assert plex.counts()["reads"] == 0


def expect_one_sentence(run: dict[str, Any], about: str) -> None:
    """Expect a run to have failed with one line that names the cause."""
    assert run["state_type"] == "FAILED"
    assert about in run["state"]["message"]
    assert "\n" not in run["state"]["message"]
    assert "Traceback" not in "\n".join(run["log"])
    assert len([line for line in run["log"] if about in line]) == 1


@pytest.mark.parametrize(
    ("flow", "slow", "says"),
    [
        ("undo", "PUT", r"undo \w+s: [1-9]\d* of [1-9]\d* \(\d+ %\)"),
        ("recover", "GET", r"record \w+s: [1-9]\d* of [1-9]\d* \(\d+ %\)"),
    ],
)
def test_whoever_takes_ratings_back_in_the_ui_sees_how_far_it_is(
    plex: Simulator, orchestrated: Listener, flow: str, slow: str, says: str
) -> None:
    infer_before(orchestrated)
    if flow == "recover":
        orchestrated.state.unlink()
    make_slow(plex, {"method": slow}, 300)

    run = run_as_the_ui_does(orchestrated, flow, before=IN_TENTHS, dry_run=False)

    assert run["state_type"] == "COMPLETED", run["state"]["message"]
    lines = [line for line in run["log"] if re.fullmatch(says, line)]
    assert lines, run["log"]
    assert len(lines) == len(set(lines))
