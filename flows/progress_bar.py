"""Showing how a run goes: a bar in a terminal, elsewhere lines now and then."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from flows.reports.terminal import Screen
from tasks.runtime.context import Step
from tasks.runtime.progress import ProgressLines


class Watching:
    """Shows how a run goes: a bar in a terminal.

    Elsewhere it is a line a letter and phase, and every few seconds one that counts.
    """

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Screen(stderr=True),
            disable=not sys.stderr.isatty(),
            transient=True,
        )
        self._task = self._bar.add_task("reading", total=None)
        self._told: set[str] = set()
        self._lines = ProgressLines(self.note)
        self._clock = ExitStack()

    def __enter__(self) -> Self:
        """Begin to show."""
        self._bar.start()
        if self._bar.disable:
            self._clock.enter_context(self._lines.told())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        self._clock.close()
        self._bar.stop()

    def __call__(self, step: Step) -> None:
        """Show one sign of progress."""
        if step.note:
            self.note(step.note)
        self._lines(step)
        if step.total:
            self._bar.reset(self._task, total=step.total, description="writing")
        if step.items:
            self._advance(step.where, step.items)

    def note(self, sentence: str) -> None:
        """Show a sentence as it is."""
        self._bar.console.print(sentence)

    def _advance(self, doing: str, items: int) -> None:
        if doing not in self._told and self._bar.disable:
            self._bar.console.print(doing)
        self._told.add(doing)
        self._bar.update(self._task, advance=items, description=doing)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Take the bar away while a question is asked."""
        self._bar.stop()
        yield
        self._bar.start()
