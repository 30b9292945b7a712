"""Real processes that begin at once: each forks off one that has imported our code.

A new interpreter takes a second or two to import what a command needs, a fork nothing.
What is about starting itself is tested with the real command.
"""

import multiprocessing
import os
import runpy
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(
    [
        "flows.cli.main",
        "flows.cli.listening_commands",
        "flows.reports.html",
        "flows.reports.listening",
        "flows.reports.model_reports",
        "jinja2",
        "tasks.commands.analysis",
        "tasks.commands.ask",
        "tasks.commands.report",
        "tasks.commands.verify",
        "tests.crash_matrix.forked_runs",  # flows.local_runner, undo, recover
        "tests.simulator.__main__",
    ]
)


class WarmProcess:
    """`python -m module words`, with some of the methods of `subprocess.Popen`."""

    def __init__(
        self,
        module: str,
        words: Sequence[str],
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start it.

        Args:
            module: What to run as the main module.
            words: Its arguments.
            folder: Its working folder.
            environment: Its variables; None: those of this process.
        """
        self._printed = TemporaryDirectory()
        printed = Path(self._printed.name)
        self._out, self._err = printed / "out", printed / "err"
        self._out.touch()
        self._err.touch()
        reader, self.stdin = context.Pipe(duplex=False)
        """Closing it ends what the process reads."""
        own = dict(os.environ if environment is None else environment)
        self._process = context.Process(
            target=_begin,
            args=(module, list(words), str(folder), own, reader, str(printed)),
            daemon=True,
        )
        self._process.start()
        reader.close()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid or 0

    @property
    def returncode(self) -> int | None:
        """How it ended; None: it runs."""
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        """Wait for its end and return its status.

        Raises:
            TimeoutError: It has not ended after so many seconds.
        """
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise TimeoutError(f"process {self.pid} did not end")
        return self._process.exitcode

    def communicate(self, timeout: float) -> tuple[str, str]:
        """Wait for its end and return what it printed, and what of errors."""
        self.stdin.close()
        self.wait(timeout)
        printed = self._out.read_text("utf-8"), self._err.read_text("utf-8")
        self.close()
        return printed

    def first_line(self, timeout: float) -> str:
        """Wait for a line that it prints; empty: it ended without any."""
        latest = time.monotonic() + timeout
        while time.monotonic() < latest:
            is_over = self.returncode is not None
            line = self._out.read_text("utf-8")
            if "\n" in line or is_over:
                return line
            time.sleep(0.002)
        raise TimeoutError(f"process {self.pid} printed nothing")

    def send_signal(self, signum: int) -> None:
        """Send it a signal, if it still runs."""
        if self.returncode is None:
            with suppress(ProcessLookupError):  # it ended this very moment
                os.kill(self.pid, signum)

    def close(self) -> None:
        """Forget what it printed."""
        self.stdin.close()
        self._printed.cleanup()


def _begin(
    module: str,
    words: list[str],
    folder: str,
    environment: dict[str, str],
    stdin: Connection,
    printed: str,
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    os.dup2(stdin.fileno(), 0)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 (stays open)
    sys.stdout, sys.stderr = _printing(printed, "out", 1), _printing(printed, "err", 2)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=False)


def _printing(folder: str, name: str, number: int) -> TextIO:
    with (Path(folder) / name).open("w") as file:
        os.dup2(file.fileno(), number)
    return open(number, "w", encoding="utf-8", buffering=1, closefd=False)
