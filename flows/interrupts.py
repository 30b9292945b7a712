"""Ctrl-C and SIGTERM while a command works: hold it, stop it, or kill it.

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
from contextlib import ExitStack, contextmanager, suppress

from flows.progress_bar import Watching
from tasks.runtime.cancellation import CancellationToken, kill_at_once
from tasks.runtime.context import CANCELLATION

PROMPT = "\nPaused. [R]esume or [Q]uit? "
STOPPING = "Stopping at the next safe point; once more ends it at once."

RESUME, QUIT, UNCLEAR, END = b"r", b"q", b"x", b"\0"
"""What is passed on beside the numbers of signals, none of which it is."""


@contextmanager
def interruptible(watching: Watching) -> Iterator[CancellationToken]:
    """Let signals hold or stop the block at a safe point.

    In a terminal the first Ctrl-C holds it and asks, the second one stops it, and the
    third one kills the process. Elsewhere the first Ctrl-C stops it and the second one
    kills, as SIGTERM does everywhere.
    """
    cancellation = CancellationToken()
    token = CANCELLATION.set(cancellation)
    try:
        with _Listener(cancellation, watching).installed():
            yield cancellation
    finally:
        CANCELLATION.reset(token)


class _Listener:
    """Acts on signals in a thread of its own."""

    def __init__(
        self,
        cancellation: CancellationToken,
        watching: Watching,
        platform: str = os.name,
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
        if (
            self._platform != "posix"
        ):  # elsewhere event loops take the wake-up for themselves
            self._outbox.send(bytes([number]))

    def _listen(self) -> None:
        while (message := self._inbox.recv(1)) not in {b"", END}:
            if message == RESUME:
                self._resume()
            elif message == QUIT:
                self._stop()
            elif message == UNCLEAR:
                _ask()
            else:
                self._on_signal(signal.Signals(message[0]))

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
        if self._is_stopping:
            return
        self._question.close()
        self._cancellation.resume()
        self._answered.set()

    def _stop(self) -> None:
        if self._is_stopping:
            return
        self._is_stopping = True
        self._question.close()
        self._watching.note(STOPPING)
        self._cancellation.cancel()
        self._answered.set()


def _ask() -> None:
    sys.stderr.write(PROMPT)
    sys.stderr.flush()
