"""Telling people how a run goes and what came of it."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from tasks.runtime.context import Step


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

    def publish(self, page: str, key: str, title: str) -> None:
        """Keep a page of markdown where people look for it later.

        Args:
            page: The markdown.
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
