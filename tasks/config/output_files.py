"""Files that a command writes: checked before the work, written whole or not at all."""

import csv
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TextIO, cast

from engine.errors import UsageError
from engine.plain_text import spreadsheet_cell

REPORTS = "reports"
"""The folder, beside the configuration, for reports that nobody named a file for."""

KEPT = 5
"""How many earlier files a default report keeps."""


def refuse_output(
    path: Path | None, protected: Iterable[Path], *, overwrite: bool
) -> None:
    """Refuse a file that must not, or cannot, be written, before any work is done.

    Files that are `protected`, such as the configuration, are never overwritten.

    Raises:
        UsageError: It is protected, exists, is not a regular file, or its
            folder is missing or read-only.
    """
    if path is None:
        return
    for file in protected:
        if _is_same(path, file):
            raise UsageError(
                f"{path} is used by plexbayes itself and is never overwritten. "
                "Choose another file."
            )
    if path.exists() and not path.is_file():
        raise UsageError(
            f"{path} is not a regular file. Choose a file that can be replaced."
        )
    if os.path.lexists(path) and not overwrite:
        raise UsageError(
            f"{path} exists. Choose another file, or pass --overwrite to replace it."
        )
    if not path.parent.is_dir():
        raise UsageError(
            f"{path} cannot be written: there is no folder {path.parent}. Create it."
        )
    if not os.access(path.parent, os.W_OK):
        raise UsageError(
            f"{path} cannot be written: the folder {path.parent} is read-only to you."
        )


def _is_same(path: Path, other: Path) -> bool:
    """Whether two paths lead to one file, by whatever links and spellings."""
    try:
        return path.resolve() == other.resolve() or path.samefile(other)
    except OSError:  # one of them does not exist
        return False


def write_csv(
    path: Path, heads: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Write a table to a CSV file for the user alone, whole or not at all.

    Raises:
        UsageError: It cannot be written.
    """
    with _explained(path), draft(path) as file:
        table = csv.writer(file)
        table.writerow(heads)
        table.writerows([spreadsheet_cell(cell) for cell in row] for row in rows)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file for the user alone, whole or not at all.

    Raises:
        UsageError: It cannot be written.
    """
    with _explained(path), draft(path) as file:
        file.buffer.write(content)


def write_text(path: Path, text: str) -> None:
    """Write a text file, likewise."""
    write_bytes(path, text.encode())


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from None


@contextmanager
def draft(path: Path) -> Iterator[TextIO]:
    """Yield a file that takes the place of `path` if the block succeeds.

    Only its owner may read it. A link at `path` is replaced, never followed; what is
    there stays until the new file is complete and on the disk.
    """
    file = NamedTemporaryFile(  # noqa: SIM115 (it is closed before it is renamed)
        "w", encoding="utf-8", newline="", dir=path.parent, delete=False
    )
    try:
        with file:
            yield cast("TextIO", file)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
    except BaseException:
        Path(file.name).unlink(missing_ok=True)
        raise


def make_folder(folder: Path) -> Path:
    """Make a folder for the user alone, if there is none, and return it.

    Raises:
        UsageError: It cannot be made.
    """
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror}.") from None
    return folder


def rotate(path: Path, kept: int = KEPT) -> None:
    """Rename the latest files, as in plan.csv to plan.1.csv, so that `path` is free.

    Raises:
        UsageError: They cannot be renamed.
    """
    names = [path, *(path.with_suffix(f".{n}{path.suffix}") for n in range(1, kept))]
    try:
        for newer, older in reversed(list(itertools.pairwise(names))):
            if newer.exists():
                newer.replace(older)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from None
