"""Where a run can be held or stopped without losing anything: between two writes."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from engine.errors import RunStopped

SHOW_CURSOR = b"\x1b[?25h"
"""Told to a terminal: a progress bar hides the cursor."""


class CancellationToken:
    """Pauses and cancels a run; its loops come to a checkpoint between two writes."""

    is_terminated = False
    """Whether SIGTERM came: after a stop that a person asked for, it is no second."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()
        self._stopping = threading.Event()

    def checkpoint(self) -> None:
        """Go on, wait while the run is paused, or raise RunStopped if cancelled."""
        self._open.wait()
        if self._stopping.is_set():
            raise RunStopped("The run was stopped; what it wrote is recorded.")

    def sleep(self, seconds: float) -> None:
        """Sleep, but wake up at once when asked to stop."""
        self._stopping.wait(seconds)

    def sleep_or_raise(self, seconds: float) -> None:
        """Sleep, but raise RunStopped at once when asked to stop."""
        self.sleep(seconds)
        self.checkpoint()

    def pause(self) -> None:
        """Hold whoever comes to a checkpoint."""
        self._open.clear()

    def resume(self) -> None:
        """Let everybody pass again."""
        self._open.set()

    def cancel(self) -> None:
        """Ask the run to stop at a checkpoint."""
        self._stopping.set()
        self._open.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether the run was asked to stop."""
        return self._stopping.is_set()


def kill_at_once(number: signal.Signals) -> NoReturn:
    """End this process without any clean-up; nothing is lost between two writes."""
    if sys.stderr.isatty():
        os.write(sys.stderr.fileno(), SHOW_CURSOR)
    os._exit(128 + number)


@contextmanager
def cancelled_by_sigterm(cancellation: CancellationToken) -> Iterator[None]:
    """Let SIGTERM stop the block at a checkpoint; Prefect would break it off anywhere.

    A second one ends the process at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        if cancellation.is_terminated:
            kill_at_once(signal.SIGTERM)
        cancellation.is_terminated = True
        cancellation.cancel()

    former = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
