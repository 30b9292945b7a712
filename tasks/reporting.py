"""Telling people how a run goes and what came of it: log lines and artifacts."""

import time
from collections.abc import Iterable
from typing import cast
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.logging import get_run_logger

from tasks.workbench import WATCHER, Step

PATIENCE = 5.0
"""Seconds between two updates of the progress bar in the UI."""


def say(*sentences: str) -> None:
    """Tell whoever follows the run."""
    for sentence in sentences:
        get_run_logger().info(sentence)
        tell(Step(note=sentence))


def warn(sentence: str) -> None:
    """Tell whoever follows the run of something that may surprise."""
    get_run_logger().warning(sentence)
    tell(Step(note=sentence))


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
    """A progress bar in the UI; called with every batch, it moves and tells others."""

    def __init__(self, sizes: dict[str, int]) -> None:
        """Show the bar; `sizes` are the items of each letter."""
        self._sizes = sizes
        self._total = sum(sizes.values())
        self._done = dict.fromkeys(sizes, 0)
        # Outside a coroutine it is the artifact's id at once, never an awaitable.
        self._bar = cast(
            "UUID",
            create_progress_artifact(
                0.0, key="progress", description="ratings written"
            ),
        )
        self._shown = time.monotonic()
        tell(Step(total=self._total))

    def __call__(self, step: Step) -> None:
        """Count a batch; the UI hears of it from time to time."""
        if step.items:
            self._done[step.letter] += step.items
        follow(step)
        if time.monotonic() - self._shown > PATIENCE:
            self._show()

    def finish(self, letters: Iterable[str]) -> None:
        """Count these letters as done, also what of them was not there to write."""
        for letter in letters:
            rest = self._sizes[letter] - self._done[letter]
            self._done[letter] += rest
            tell(Step(letter, items=rest))
        self._show()

    def _show(self) -> None:
        self._shown = time.monotonic()
        share = sum(self._done.values()) / max(self._total, 1)
        update_progress_artifact(self._bar, 100 * min(1.0, share))


def publish(page: str, key: str) -> None:
    """Keep a page of markdown where the UI shows it, described by its head."""
    head, _, _ = page.partition("\n")
    create_markdown_artifact(page, key=key, description=head.removeprefix("# "))


def tabulate(rows: list[dict[str, str]], *, key: str, note: str) -> None:
    """Keep a table where the UI shows it."""
    create_table_artifact(rows, key=key, description=note)
