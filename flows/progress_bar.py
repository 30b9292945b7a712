"""Showing how a run goes: a bar in a terminal, elsewhere a line a letter and phase."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from flows.reports.screen import Screen
from tasks.runtime.context import Step


class Watching:
    """Shows how a run goes: a bar in a terminal, else a line a letter and phase."""

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

    def __enter__(self) -> Self:
        """Begin to show."""
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        self._bar.stop()

    def __call__(self, step: Step) -> None:
        """Show one sign of progress."""
        if step.note:
            self.note(step.note)
        if step.total:
            self._bar.update(self._task, total=step.total, description="writing")
        if step.items:
            self._advance(
                " · ".join(filter(None, (step.letter, step.phase))), step.items
            )

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
