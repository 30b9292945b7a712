"""A log tells of progress every few seconds, and more often of nothing."""

import logging
import time
from uuid import uuid4

import pytest

from tasks.orchestration import artifacts
from tasks.orchestration.artifacts import PrefectReporter
from tasks.runtime import progress
from tasks.runtime.context import Step
from tasks.runtime.progress import PROGRESS_INTERVAL, ProgressLines
from tests.flows.catching import await_true

SHORT = 0.1
LONG = 30.0


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few seconds be over soon."""
    monkeypatch.setattr(progress, "PROGRESS_INTERVAL", SHORT)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Collect what the bar of the UI is moved to, and log without a run."""
    shown: list[float] = []
    logger = logging.getLogger("run")
    monkeypatch.setattr(artifacts, "get_run_logger", lambda: logger)
    monkeypatch.setattr(artifacts, "create_progress_artifact", lambda *_, **__: uuid4())
    monkeypatch.setattr(
        artifacts, "update_progress_artifact", lambda _, percent: shown.append(percent)
    )
    return shown


def test_a_few_seconds_are_less_than_ten() -> None:
    assert 0 < PROGRESS_INTERVAL < 10


@pytest.mark.usefixtures("_short")
def test_lines_come_while_something_is_written_and_end_with_it() -> None:
    told: list[str] = []
    lines = ProgressLines(told.append)

    with lines.told():
        lines(Step(total=4))
        time.sleep(3 * SHORT)
        assert told == []
        lines(Step(phase="undo tracks", items=1))
        await_true(lambda: bool(told))
        time.sleep(3 * SHORT)
        assert told == ["undo tracks: 1 of 4 (25 %)"]
        lines(Step(total=3))
        lines(Step("B", "1 album-up", 2))
        await_true(lambda: len(told) == 2)
    lines(Step("B", "1 album-up", 1))
    time.sleep(3 * SHORT)

    assert told[1:] == ["B · 1 album-up: 2 of 3 (66 %)"]


@pytest.mark.usefixtures("_short")
def test_lines_come_no_more_often_however_much_is_written() -> None:
    told: list[str] = []
    lines = ProgressLines(told.append)
    begun = time.monotonic()

    with lines.told():
        lines(Step(total=1_000_000))
        while len(told) < 5:
            assert time.monotonic() < begun + LONG
            lines(Step(phase="undo tracks", items=1))

    assert len(told) <= (time.monotonic() - begun) / SHORT


@pytest.mark.usefixtures("_short")
def test_the_bar_of_the_ui_moves_every_few_seconds_by_whole_percents(
    shown: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    with PrefectReporter().progress({"A": 1, "B": 6}) as bar:
        await_true(lambda: len(shown) >= 2)
        bar(Step("B", "4 track-down", 1))
        await_true(lambda: 14 in shown)
        bar(Step("B", "4 track-down", 4))
        await_true(lambda: 71 in shown)
        bar.finish("A")
        bar.finish("B")
        bar.show()
    moves = len(shown)
    time.sleep(3 * SHORT)

    assert len(shown) == moves
    assert shown == sorted(shown)
    assert (shown[0], shown[-1]) == (0, 100)
    assert all(percent == int(percent) for percent in shown)
    lines = list(dict.fromkeys(caplog.messages))
    assert lines[:3] == [
        "0 of 7 ratings written (0 %)",
        "B · 4 track-down: 1 of 7 ratings written (14 %)",
        "B · 4 track-down: 5 of 7 ratings written (71 %)",
    ]
    assert len(caplog.messages) >= 4


@pytest.mark.usefixtures("_short")
def test_whoever_follows_a_run_is_logged_its_notes_and_its_progress(
    shown: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    with PrefectReporter().following() as follow:
        follow(Step(total=8))
        follow(Step(note="Plex gets rests."))
        follow(Step(phase="record albums", items=2))
        await_true(lambda: len(caplog.messages) == 2)

    assert caplog.messages == ["Plex gets rests.", "record albums: 2 of 8 (25 %)"]
