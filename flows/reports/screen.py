"""A terminal that shows texts and tables as they are."""

import os
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.plain_text import printable

WORDS = {
    *("phase", "artist", "rated by", "method", "setting", "because of", "playlist"),
}
"""Columns that hold words; the others hold numbers."""

Row = tuple[str, ...]


class Screen(Console):
    """A terminal that shows a text as it is, even `[live]`; no text can steer it."""

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

    def print_table(self, title: str, head: Iterable[str], rows: Iterable[Row]) -> None:
        """Print rows of text below their heads."""
        shown = Table(title=title, title_justify="left", title_style="bold")
        for name in head:
            shown.add_column(name, justify="left" if name in WORDS else "right")
        for row in rows:
            shown.add_row(*row)
        self.print(shown)

    def print_lines(self, sentences: Iterable[str]) -> None:
        """Print each sentence on a line of its own."""
        for sentence in sentences:
            self.print(sentence)
