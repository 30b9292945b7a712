"""Without a terminal a run tells a line a letter and phase, however they alternate."""

import time

import pytest

from flows.terminal_session import Watching
from tasks.runtime import progress
from tasks.runtime.context import Step
from tests.flows.catching import await_true


def test_letters_that_share_requests_are_told_once(capsys):
    with Watching() as watching:
        for letter in "ABAB":
            watching(Step(letter, "1 album-up", 1))
        watching(Step("A", "4 track-down", 1))

    assert capsys.readouterr().err.splitlines() == [
        "A · 1 album-up",
        "B · 1 album-up",
        "A · 4 track-down",
    ]


def test_a_letter_that_takes_long_is_counted_every_few_seconds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PROGRESS_INTERVAL", 0.1)
    told: list[str] = []

    def has_told(lines: int) -> bool:
        told.extend(capsys.readouterr().err.splitlines())
        return len(told) == lines

    with Watching() as watching:
        watching(Step(total=900))
        time.sleep(0.3)
        watching(Step("A", "4 track-down", 300))
        await_true(lambda: has_told(2))
        watching(Step("A", "4 track-down", 300))
        await_true(lambda: has_told(3))
        time.sleep(0.3)

    assert has_told(3)
    assert told == [
        "A · 4 track-down",
        "A · 4 track-down: 300 of 900 (33 %)",
        "A · 4 track-down: 600 of 900 (66 %)",
    ]
