"""Telling people how a run goes and what came of it: log lines and artifacts."""

import threading
from contextlib import suppress
from contextvars import copy_context
from types import TracebackType
from typing import Self, cast
from uuid import UUID

from httpx import HTTPError
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    update_progress_artifact,
)
from prefect.exceptions import PrefectException
from prefect.logging import get_run_logger

from tasks.workbench import WATCHER, Step

PROGRESS_INTERVAL = 8.0
"""Seconds between two signs of progress, in the log as in the UI's bar."""


def say(*sentences: str) -> None:
    """Tell whoever follows the run."""
    for sentence in sentences:
        get_run_logger().info(sentence)
        tell(Step(note=sentence))


def warn(sentence: str) -> None:
    """Tell whoever follows the run of something that may surprise."""
    get_run_logger().warning(sentence)
    tell(Step(note=sentence))


def log(sentence: str) -> None:
    """Log what a terminal shows in another way."""
    get_run_logger().info(sentence)


def log_error(sentence: str) -> None:
    """Log what failed; a terminal shows it in the report."""
    get_run_logger().error(sentence)


def tell(step: Step) -> None:
    """Pass a sign of progress to the watcher of this process, if there is one."""
    watcher = WATCHER.get()
    if watcher is not None:
        watcher(step)


def follow(step: Step) -> None:
    """Log what is said on the way, and tell whoever follows the run of all."""
    if step.note:
        get_run_logger().info(step.note)
    tell(step)


class Progress:
    """A progress bar in the UI; called with every batch, it moves and tells others.

    As long as the block runs, it also logs every few seconds how far the run is.
    """

    def __init__(self, sizes: dict[str, int]) -> None:
        """Show the bar; `sizes` are the items of each letter."""
        self._sizes = sizes
        self._total = sum(sizes.values())
        self._done = dict.fromkeys(sizes, 0)
        self._where = ""
        # Outside a coroutine it is the artifact's id at once, never an awaitable.
        self._bar = cast(
            "UUID",
            create_progress_artifact(
                0.0, key="progress", description="ratings written"
            ),
        )
        self._ended = threading.Event()
        self._clock = threading.Thread(
            target=copy_context().run, args=[self._keep_telling], daemon=True
        )
        tell(Step(total=self._total))

    def __enter__(self) -> Self:
        """Begin to tell of progress."""
        self._clock.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Tell of progress no more."""
        self._ended.set()
        self._clock.join()

    def __call__(self, step: Step) -> None:
        """Count a batch."""
        if step.items:
            self._done[step.letter] += step.items
            self._where = f"{step.letter} · {step.phase}: "
        if step.note:
            log(f"{self._where}{step.note}")
        tell(step)

    def finish(self, letter: str) -> None:
        """Count a letter as done, also what of it was not there to write."""
        rest = self._sizes[letter] - self._done[letter]
        self._done[letter] += rest
        tell(Step(letter, items=rest))

    def show(self) -> None:
        """Move the bar in the UI."""
        update_progress_artifact(self._bar, float(self._percent))

    @property
    def _percent(self) -> int:
        return min(100, 100 * sum(self._done.values()) // max(self._total, 1))

    def _keep_telling(self) -> None:
        while not self._ended.wait(PROGRESS_INTERVAL):
            done = sum(self._done.values())
            of_all = f"{done} of {self._total} ratings written ({self._percent} %)"
            log(f"{self._where}{of_all}")
            with suppress(HTTPError, PrefectException):  # a bar is worth no failure
                self.show()


def publish(page: str, key: str, title: str) -> None:
    """Keep a page of markdown where the UI shows it.

    Args:
        page: The markdown.
        key: Which of our pages it is.
        title: What lists show of it; the UI takes that for markdown, too, so it
            holds nothing that comes from Plex.
    """
    create_markdown_artifact(page, key=key, description=title)
