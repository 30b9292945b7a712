"""A log tells of progress every few seconds, and more often of nothing."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

from tasks.orchestration import artifacts
from tasks.orchestration.artifacts import PrefectReporter
from tasks.runtime import progress
from tasks.runtime.context import Step
from tasks.runtime.progress import ProgressLines, every_few_seconds

LONG = 30.0


@pytest.fixture
def tick(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let a few seconds pass when the test says so."""
    acts: list[Callable[[], None]] = []

    @contextmanager
    def by_hand(act: Callable[[], None]) -> Iterator[None]:
        acts.append(act)
        yield
        acts.remove(act)

    def tick() -> None:
        for act in acts:
            act()

    for module in (progress, artifacts):
        monkeypatch.setattr(module, "every_few_seconds", by_hand)
    return tick


@pytest.fixture
def shown(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> list[float]:
    """Collect what the bar of the UI is moved to, and log without a run."""
    caplog.set_level(logging.INFO)
    shown: list[float] = []
    logger = logging.getLogger("run")
    monkeypatch.setattr(artifacts, "get_run_logger", lambda: logger)
    monkeypatch.setattr(artifacts, "create_progress_artifact", lambda *_, **__: uuid4())
    monkeypatch.setattr(
        artifacts, "update_progress_artifact", lambda _, percent: shown.append(percent)
    )
    return shown


def test_a_few_seconds_are_less_than_ten_and_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert 0 < progress.PROGRESS_INTERVAL < 10
    monkeypatch.setattr(progress, "PROGRESS_INTERVAL", 0.001)
    twice = threading.Semaphore(0)
    before = threading.active_count()

    with every_few_seconds(twice.release):
        assert twice.acquire(timeout=LONG)
        assert twice.acquire(timeout=LONG)

    assert threading.active_count() == before


def test_lines_come_while_something_is_written_and_end_with_it(tick) -> None:
    told: list[str] = []
    lines = ProgressLines(told.append)

    with lines.told():
        lines(Step(total=4))
        tick()
        assert told == []
        for _ in range(2):
            lines(Step(phase="undo tracks", items=1))
        tick()
        tick()
        assert told == ["undo tracks: 2 of 4 (50 %)"]
        lines(Step(total=3))
        lines(Step("B", "1 album-up", 2))
        tick()
    lines(Step("B", "1 album-up", 1))
    tick()

    assert told[1:] == ["B · 1 album-up: 2 of 3 (66 %)"]


def test_the_bar_of_the_ui_moves_every_few_seconds_by_whole_percents(
    shown: list[float], caplog: pytest.LogCaptureFixture, tick
) -> None:
    with PrefectReporter().progress({"A": 1, "B": 6}) as bar:
        tick()
        for items in (1, 4):
            bar(Step("B", "4 track-down", items))
            tick()
        bar.finish("A")
        bar.finish("B")
        bar.show()
    tick()

    assert shown == [0, 14, 71, 100]
    assert caplog.messages == [
        "0 of 7 ratings written (0 %)",
        "B · 4 track-down: 1 of 7 ratings written (14 %)",
        "B · 4 track-down: 5 of 7 ratings written (71 %)",
    ]


@pytest.mark.usefixtures("shown")
def test_whoever_follows_a_run_is_logged_its_notes_and_its_progress(
    caplog: pytest.LogCaptureFixture, tick
) -> None:
    with PrefectReporter().following() as follow:
        follow(Step(total=8))
        follow(Step(note="Plex gets rests."))
        follow(Step(phase="record albums", items=2))
        tick()

    assert caplog.messages == ["Plex gets rests.", "record albums: 2 of 8 (25 %)"]
