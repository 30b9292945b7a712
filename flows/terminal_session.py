"""A command at work before a person: how it shows progress, and what Ctrl-C does.

The main thread may be waiting where no handler of Python is called, such as in a
database driver or in a look-up of a host name. So the interpreter only passes the
number of a signal on, through a pair of sockets, and a thread acts on it.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from typing import Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from flows.reports.screen import Screen
from tasks.runtime.cancellation import CancellationToken, kill_at_once
from tasks.runtime.context import Step
from tasks.runtime.progress import ProgressLines

PROMPT = "\nPaused. [R]esume or [Q]uit? "
STOPPING = "Stopping at the next safe point; once more ends it at once."

RESUME, QUIT, UNCLEAR, END = b"r", b"q", b"x", b"\0"
"""What is passed on beside the numbers of signals, none of which it is."""


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

    @contextmanager
    def shown(self) -> Iterator[Self]:
        """Show it during the block, and leave the terminal as it was."""
        with self._bar, self._lines.told() if self._bar.disable else nullcontext():
            yield self

    def __call__(self, step: Step) -> None:
        """Show one sign of progress."""
        if step.note:
            self.note(step.note)
        self._lines(step)
        if step.total:
            self._bar.reset(self._task, total=step.total, description="writing")
        if step.items:
            if self._bar.disable and step.where not in self._told:
                self.note(step.where)
            self._told.add(step.where)
            self._bar.update(self._task, advance=step.items, description=step.where)

    def note(self, sentence: str) -> None:
        """Show a sentence as it is."""
        self._bar.console.print(sentence)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Take the bar away while a question is asked."""
        self._bar.stop()
        yield
        self._bar.start()


@contextmanager
def attended() -> Iterator[tuple[Watching, CancellationToken]]:
    """Show progress, and let signals hold or stop the block at a safe point.

    In a terminal the first Ctrl-C holds it and asks, the second one stops it, and the
    third one kills the process. Elsewhere the first Ctrl-C stops it and the second one
    kills, as SIGTERM does everywhere.
    """
    watching, cancellation = Watching(), CancellationToken()
    with watching.shown(), _Listener(cancellation, watching, os.name).installed():
        yield watching, cancellation


class _Listener:
    """Acts on signals in a thread of its own."""

    def __init__(
        self, cancellation: CancellationToken, watching: Watching, platform: str
    ) -> None:
        self._platform = platform
        self._cancellation = cancellation
        self._watching = watching
        self._inbox, self._outbox = socket.socketpair()
        self._outbox.settimeout(0)  # signal.set_wakeup_fd wants that
        self._question = ExitStack()
        self._answered = threading.Event()
        self._answered.set()
        self._is_stopping = False

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Hear signals while the block runs, and any answer that is still due."""
        thread = threading.Thread(target=self._listen, daemon=True)
        thread.start()
        numbers = (signal.SIGINT, signal.SIGTERM)
        former = {number: signal.signal(number, self._handle) for number in numbers}
        former_fd = -1
        if self._platform == "posix":
            descriptor = self._outbox.fileno()
            former_fd = signal.set_wakeup_fd(descriptor, warn_on_full_buffer=False)
        try:
            yield
        finally:
            self._answered.wait()
            if self._platform == "posix":
                signal.set_wakeup_fd(former_fd)
            for number, handler in former.items():
                signal.signal(number, handler)
            self._outbox.send(END)
            thread.join()
            self._inbox.close()
            self._outbox.close()

    def _handle(self, number: int, _: object) -> None:
        # On Windows, event loops take the wake-up for themselves.
        if self._platform != "posix":
            self._outbox.send(bytes([number]))

    def _listen(self) -> None:
        acts = {RESUME: self._resume, QUIT: self._stop, UNCLEAR: _ask}
        while (message := self._inbox.recv(1)) not in {b"", END}:
            if message not in acts:
                self._on_signal(signal.Signals(message[0]))
            elif not self._is_stopping:
                acts[message]()

    def _on_signal(self, number: signal.Signals) -> None:
        if number not in {signal.SIGINT, signal.SIGTERM}:
            return
        if self._is_stopping:
            kill_at_once(number)
        is_asking = not self._answered.is_set()
        if number == signal.SIGTERM or is_asking or not sys.stdin.isatty():
            self._stop()
            return
        self._answered.clear()
        self._cancellation.pause()
        self._question.enter_context(self._watching.aside())
        _ask()
        threading.Thread(target=self._read_answer, daemon=True).start()

    def _read_answer(self) -> None:
        """Pass the answer on; not through sys.stdin, whose lock would outlive us."""
        while not self._answered.is_set():
            line = b""
            with suppress(OSError):  # the terminal was closed
                line = os.read(sys.stdin.fileno(), 1024)
            answer = line.strip().lower()[:1] if line else QUIT
            if self._answered.is_set():
                return
            self._outbox.send(answer if answer in {RESUME, QUIT} else UNCLEAR)
            if answer in {RESUME, QUIT}:
                return

    def _resume(self) -> None:
        self._question.close()
        self._cancellation.resume()
        self._answered.set()

    def _stop(self) -> None:
        self._is_stopping = True
        self._question.close()
        self._watching.note(STOPPING)
        self._cancellation.cancel()
        self._answered.set()


def _ask() -> None:
    sys.stderr.write(PROMPT)
    sys.stderr.flush()
