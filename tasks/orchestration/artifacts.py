"""Log lines and artifacts of a run in the Prefect UI."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
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

from tasks.runtime.context import Step
from tasks.runtime.progress import (
    Progress,
    ProgressLines,
    Reporter,
    every_few_seconds,
    how_much,
    percentage,
)


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

    def publish(self, page: str, key: str, title: str) -> None:
        """Keep a page as an artifact; its title is taken for markdown, too."""
        create_markdown_artifact(page, key=key, description=title)

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
        self._bar = cast(
            "UUID",
            create_progress_artifact(
                0.0, key="progress", description="ratings written"
            ),
        )
        self._clock = ExitStack()
        super().__init__(report, sizes)

    def __enter__(self) -> Self:
        """Begin to tell of progress."""
        self._clock.enter_context(every_few_seconds(self._log))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Tell of progress no more."""
        self._clock.close()

    def show(self) -> None:
        """Move the bar in the UI."""
        update_progress_artifact(self._bar, float(self._percent))

    @property
    def _percent(self) -> int:
        return percentage(sum(self._done.values()), self._total)

    def _log(self) -> None:
        done = sum(self._done.values())
        of_all = how_much(done, self._total, " ratings written")
        self._report.log(f"{self._where}{of_all}")
        with suppress(HTTPError, PrefectException):  # a bar is worth no failure
            self.show()
