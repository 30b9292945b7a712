"""What a run tells in the Prefect UI: a log in few plain lines, and artifacts."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Self, cast
from uuid import UUID

from httpx import HTTPError
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    update_progress_artifact,
)
from prefect.exceptions import CancelledRun, FailedRun, PrefectException
from prefect.logging import get_run_logger

from engine.errors import PlexbayesError
from tasks.runtime.context import Step
from tasks.runtime.progress import (
    Progress,
    ProgressLines,
    Reporter,
    every_few_seconds,
    how_much,
    percentage,
)

EXPECTED = (PlexbayesError, CancelledRun, FailedRun)
"""Errors whose sentence is in the state of the run already."""

OF_TASKS = ("Finished in state", "Task run failed with state")
"""How the lines begin that Prefect writes about each task, without saying which."""


class PrefectReporter(Reporter):
    """Logs what happens in a flow run, and keeps pages as its artifacts."""

    def __init__(self, watch: Callable[[Step], None] = lambda _: None) -> None:
        super().__init__(watch)

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

    def publish(self, page: Callable[[], str], key: str, title: str) -> None:
        """Keep a page as an artifact; its title is taken for markdown, too."""
        create_markdown_artifact(page(), key=key, description=title)

    def progress(self, sizes: dict[str, int]) -> Progress:
        """Show a bar in the UI."""
        return _Bar(self, sizes)

    @contextmanager
    def following(self) -> Iterator[Callable[[Step], None]]:
        """Log notes, and every few seconds how far the work is, during the block."""
        lines = ProgressLines(self.log)

        def follow(step: Step) -> None:
            if step.note:
                self.log(step.note)
            lines(step)
            self.tell(step)

        with lines.told():
            yield follow


class _Bar(Progress):
    """Also moves a bar in the UI, and logs every few seconds how far the run is."""

    def __init__(self, report: Reporter, sizes: dict[str, int]) -> None:
        self._total = sum(sizes.values())
        # Outside a coroutine it is the artifact's id at once, never an awaitable.
        bar = create_progress_artifact(
            0.0, key="progress", description="ratings written"
        )
        self._bar = cast("UUID", bar)
        self._clock = ExitStack()
        super().__init__(report, sizes)

    def __enter__(self) -> Self:
        """Begin to tell of progress."""
        self._clock.enter_context(every_few_seconds(self._log))
        return self

    def __exit__(self, *_: object) -> None:
        """Tell of progress no more."""
        self._clock.close()

    def show(self) -> None:
        """Move the bar in the UI."""
        percent = percentage(sum(self._done.values()), self._total)
        update_progress_artifact(self._bar, float(percent))

    def _log(self) -> None:
        done = sum(self._done.values())
        of_all = how_much(done, self._total, " ratings written")
        self._report.log(f"{self._where}{of_all}")
        with suppress(HTTPError, PrefectException):  # a bar is worth no failure
            self.show()


def leave_out_the_known() -> None:
    """Keep the log of this process's runs short; safe to call again."""
    for name in ("flow_runs", "task_runs", "engine"):
        logging.getLogger(f"prefect.{name}").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Return whether a person does not know yet what a record says.

    Prefect logs two tracebacks for every error that ends a task or a flow, expected
    or not.
    """
    if record.module == "task_engine":
        return not record.getMessage().startswith(OF_TASKS)
    has_traceback = bool(record.exc_info or record.exc_text)
    return not (has_traceback and isinstance(sys.exc_info()[1], EXPECTED))
