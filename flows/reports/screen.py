"""The terminal: it shows every text as it is, and no text can steer it."""

import os
from typing import Any

from rich.console import Console
from rich.text import Text

from engine.plain_text import printable


class Screen(Console):
    """A terminal on which every text is shown as it is, and none can steer it."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, stderr=stderr)

    def render_str(self, text: str, **options: Any) -> Text:  # noqa: ANN401
        """Return a text as rich shows it: everything printed comes through here."""
        return super().render_str(printable(text), **options)

    def on_broken_pipe(self) -> None:
        """Print no more when nobody reads on, as below `head`: the work counts.

        The stream goes nowhere from now on, or its last flush would fail, too.
        """
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.file.fileno())
        os.close(nowhere)


def screen() -> Console:
    """Return the terminal; no title is taken for markup, such as `[live]`."""
    return Screen()
