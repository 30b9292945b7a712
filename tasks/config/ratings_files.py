"""Files of ratings: read and written whole, packed or not."""

import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path

from engine.errors import UsageError
from engine.saved_ratings.table import RatingsFile, SavedRating, csv_of, parse_csv
from tasks.config.output_files import write_bytes

LARGEST = 1 << 30
"""Bytes of a ratings file when it is unpacked; a million ratings take a third of it."""


def write_ratings(path: Path, ratings: Sequence[SavedRating]) -> None:
    """Write ratings to a file and read them back; packed if its name says so.

    Raises:
        UsageError: It cannot be written, or does not hold what was written.
    """
    content = csv_of(ratings).encode(errors="replace")
    is_packed = path.suffix == ".gz"
    write_bytes(path, gzip.compress(content, mtime=0) if is_packed else content)
    if unpacked(path) != content:
        raise UsageError(f"{path} does not hold what was written: is the disk broken?")


def read_ratings(path: Path) -> RatingsFile:
    """Read ratings from a file, packed or not.

    Raises:
        UsageError: It cannot be read, or is no file of ratings.
    """
    return parse_csv(read_text(path), path.name)


def read_text(path: Path) -> str:
    """Read a text file of a person's, packed or not.

    Raises:
        UsageError: It cannot be read, or is no text.
    """
    try:
        return unpacked(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(
            f"{path} is no text in UTF-8. Save it as CSV in UTF-8."
        ) from None


def unpacked(path: Path) -> bytes:
    """Return what a file holds, unpacked if it is packed.

    Raises:
        UsageError: It cannot be read, or unpacked; or it is far too large.
    """
    try:
        with path.open("rb") as file:
            is_packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            source = gzip.GzipFile(fileobj=file) if is_packed else file
            content: bytes = source.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{path} cannot be read: {reason}.") from None
    if len(content) > LARGEST:
        raise UsageError(f"{path} is larger than {LARGEST >> 20} MB: no ratings file.")
    return content
