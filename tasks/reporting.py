"""Telling people how a run goes and what came of it: log lines and artifacts."""

import time
from collections.abc import Callable
from typing import cast
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
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


def progress(total: int) -> Callable[[Step], None]:
    """Show a progress bar in the UI, and return what moves it and tells others.

    Args:
        total: How many items there will be.
    """
    # Outside a coroutine it is the artifact's id at once, never an awaitable.
    bar = cast("UUID", create_progress_artifact(0.0, description="ratings written"))
    done, shown = 0, time.monotonic()
    tell(Step(total=total))

    def watch(step: Step) -> None:
        nonlocal done, shown
        done += step.items
        follow(step)
        if time.monotonic() - shown > PATIENCE or done >= total:
            shown = time.monotonic()
            update_progress_artifact(bar, min(100.0, 100 * done / max(total, 1)))

    return watch


def publish(page: str, key: str) -> None:
    """Keep a page of markdown where the UI shows it."""
    create_markdown_artifact(page, key=key)
