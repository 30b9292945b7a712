"""Telling people how a run goes and what came of it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from tasks.machine import in_a_thread
from tasks.runtime.context import Step

PROGRESS_INTERVAL = 8.0
"""Seconds between two signs of progress, in a log as in the UI's bar."""


class Reporter:
    """Tells whoever watches the run, such as a terminal."""

    def __init__(self, watch: Callable[[Step], None]) -> None:
        self.tell = watch
        """Told every sign of progress."""

    def say(self, *sentences: str) -> None:
        """Tell whoever follows the run."""
        for sentence in sentences:
            self.tell(Step(note=sentence))

    def warn(self, sentence: str) -> None:
        """Tell whoever follows the run of something that may surprise."""
        self.tell(Step(note=sentence))

    def log(self, sentence: str) -> None:
        """Log what a terminal shows in another way."""

    def log_error(self, sentence: str) -> None:
        """Log what failed; a terminal shows it in the report."""

    def publish(self, page: Callable[[], str], key: str, title: str) -> None:
        """Keep a page of markdown where people look for it later.

        Args:
            page: Writes it, if it is wanted.
            key: Which of our pages it is.
            title: What lists show of it; it holds nothing that comes from Plex.
        """

    def progress(self, sizes: dict[str, int]) -> "Progress":
        """Return what counts the items of each letter that are written."""
        return Progress(self, sizes)


class Progress:
    """Counts what is written, batch by batch; a context manager."""

    def __init__(self, report: Reporter, sizes: dict[str, int]) -> None:
        """Begin at nothing; `sizes` are the items of each letter."""
        self._report = report
        self._sizes = sizes
        self._done = dict.fromkeys(sizes, 0)
        self._where = ""
        report.tell(Step(total=sum(sizes.values())))

    def __enter__(self) -> Self:
        """Begin to tell of progress."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Tell of progress no more."""

    def __call__(self, step: Step) -> None:
        """Count a batch."""
        if step.items:
            self._done[step.letter] += step.items
            self._where = f"{step.letter} · {step.phase}: "
        if step.note:
            self._report.log(f"{self._where}{step.note}")
        self._report.tell(step)

    def finish(self, letter: str) -> None:
        """Count a letter as done, also what of it was not there to write."""
        rest = self._sizes[letter] - self._done[letter]
        self._done[letter] += rest
        self._report.tell(Step(letter, items=rest))

    def show(self) -> None:
        """Show how far the run is, where that is not shown anyway."""


class ProgressLines:
    """Says every few seconds how much is written, while something is."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._done = self._said = self._total = 0
        self._where = ""

    def __call__(self, step: Step) -> None:
        """Count a sign of progress."""
        if step.total:
            self._done, self._said, self._total = 0, 0, step.total
        if step.items:
            self._done += step.items
            self._where = step.where

    @contextmanager
    def told(self) -> Iterator[None]:
        """Say it during the block."""
        with every_few_seconds(self._tell):
            yield

    def _tell(self) -> None:
        if self._done > self._said:
            self._said = self._done
            self._say(f"{self._where}: {how_much(self._done, self._total)}")


def how_much(done: int, total: int, of_what: str = "") -> str:
    """Say how much is done, in a whole percentage as well."""
    return f"{done} of {total}{of_what} ({percentage(done, total)} %)"


def percentage(done: int, total: int) -> int:
    """Return how much is done in whole percents, 100 at most.

    >>> percentage(1, 3), percentage(0, 0), percentage(4, 3)
    (33, 0, 100)
    """
    return min(100, 100 * done // max(total, 1))


@contextmanager
def every_few_seconds(act: Callable[[], None]) -> Iterator[None]:
    """Do something again and again during the block, in a thread of its own."""

    def keep_on(ended: threading.Event) -> None:
        while not ended.wait(PROGRESS_INTERVAL):
            act()

    with in_a_thread(keep_on):
        yield
