"""A dumb terminal in which a command runs, and a person before it."""

import io
import os
import signal
from pathlib import Path

import pexpect

PATIENCE = 120
"""Seconds that a person waits for something to be seen."""


class Terminal:
    """Runs one command in a folder, on a pseudo-terminal."""

    def __init__(self, folder: Path, *command: str) -> None:
        self.folder = folder
        self.screen = io.StringIO()
        """All that was to be seen."""
        self._child: pexpect.spawn[str] = pexpect.spawn(
            command[0],
            list(command[1:]),
            cwd=str(folder),
            env=os.environ | {"TERM": "dumb"},
            encoding="utf-8",
            timeout=PATIENCE,
            dimensions=(24, 200),
            # What runs the tests may ignore Ctrl-C, as everything in the background.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        self._child.logfile_read = self.screen

    @property
    def files(self) -> list[str]:
        """What there is in the folder."""
        return sorted(path.name for path in self.folder.iterdir())

    def see(self, text: str) -> None:
        """Wait until something is to be seen."""
        self._child.expect_exact(text)

    def answer(self, question: str, text: str) -> None:
        """Wait for a question and answer it."""
        self.see(question)
        self._child.sendline(text)

    def press(self, letter: str) -> None:
        """Press Ctrl and a letter."""
        self._child.sendcontrol(letter)

    def end(self) -> int:
        """Wait for the end of the command and return its exit status."""
        self._child.expect(pexpect.EOF)
        self.close()
        return self._child.exitstatus

    def close(self) -> None:
        """Close the terminal, whatever goes on in it."""
        self._child.close(force=True)
