"""Log lines and artifacts of a run in the Prefect UI."""

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

from tasks.runtime.context import WATCHER, Step
from tasks.runtime.progress import Progress, Reporter

PROGRESS_INTERVAL = 8.0
"""Seconds between two signs of progress, in the log as in the UI's bar."""


def tell(step: Step) -> None:
    """Pass a sign of progress to the watcher of this process, if there is one."""
    watcher = WATCHER.get()
    if watcher is not None:
        watcher(step)


class PrefectReporter(Reporter):
    """Logs what happens in a flow run, and keeps pages as its artifacts."""

    def __init__(self) -> None:
        super().__init__(tell)

    def say(self, *sentences: str) -> None:
        """Log it, and tell whoever follows the run."""
        for sentence in sentences:
            self.log(sentence)
        super().say(*sentences)

    def warn(self, sentence: str) -> None:
        """Log a warning, and tell whoever follows the run."""
        get_run_logger().warning(sentence)
        super().warn(sentence)

    def log(self, sentence: str) -> None:
        """Log what a terminal shows in another way."""
        get_run_logger().info(sentence)

    def log_error(self, sentence: str) -> None:
        """Log what failed."""
        get_run_logger().error(sentence)

    def publish(self, page: str, key: str, title: str) -> None:
        """Keep a page as an artifact; its title is taken for markdown, too."""
        create_markdown_artifact(page, key=key, description=title)

    def progress(self, sizes: dict[str, int]) -> Progress:
        """Show a bar in the UI."""
        return _Bar(self, sizes)

    def follow(self, step: Step) -> None:
        """Log a note, and pass every sign of progress on."""
        if step.note:
            self.log(step.note)
        self.tell(step)


class _Bar(Progress):
    """Also moves a bar in the UI, and logs every few seconds how far the run is."""

    def __init__(self, report: Reporter, sizes: dict[str, int]) -> None:
        self._total = sum(sizes.values())
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
        super().__init__(report, sizes)

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
            self._report.log(f"{self._where}{of_all}")
            with suppress(HTTPError, PrefectException):  # a bar is worth no failure
                self.show()
