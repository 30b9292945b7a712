"""Who stops a run is told how to go on, with no more than was asked for."""

from pathlib import Path

import pytest

from flows.next_steps import command, repeated
from flows.run_summary import hint
from tasks.runtime.runner import RunInfo
from tests.engine.test_reports import summary

RUN = RunInfo("1", "infer")


@pytest.mark.parametrize(
    ("letters", "failed", "words"),
    [
        ("", "", '0 --from "#"'),
        ("", "QP", '0 --from "P"'),
        ("from P", "", '0 --from "P"'),
        ("from P", "R", '0 --from "R"'),
        ("B,P", "", '0 --letters "B, P"'),
        ("b; P", "", '0 --letters "B, P"'),
        ("a-c", "", '0 --letters "A-C"'),
        ("all", "", '0 --from "#"'),
        ("FROM Pi", "", '0 --from "P"'),
        ("B,P", "P", '0 --letters "P"'),
    ],
)
def test_what_is_left_is_named(letters, failed, words):
    stopped = summary()
    stopped.failed_letters = dict.fromkeys(failed, "")

    said = hint(RUN, stopped, letters, "")

    assert said.endswith(f"Go on with: plexbayes {words}")


def test_a_run_with_another_configuration_goes_on_with_that(tmp_path, monkeypatch):
    monkeypatch.setenv("PLEXBAYES_CONFIG", str(tmp_path / "config.json"))
    kids = RunInfo("1", "infer", {"config": "kids"})

    said = hint(kids, summary(), "", "", "--live")

    assert said.endswith(f'0 --from "#" --config {tmp_path}/kids.json --live')
    assert command("undo", {"config": "kids"}) == f"undo --config {tmp_path}/kids.json"
    assert command("undo", {"config": "../kids"}) == "undo"


def test_a_configuration_of_the_command_line_is_kept():
    kids = RunInfo("1", "infer", config=Path("my kids.json"))

    assert repeated(kids, "").endswith('plexbayes 0 --config "my kids.json"')


def test_the_model_and_being_live_are_kept():
    said = hint(RUN, summary(), "", "hierarchical", "--live")

    assert said.endswith('0 --from "#" --model hierarchical --live')
