"""Copies of the state database from before each live run, the last few of them."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from glob import escape
from pathlib import Path
from tempfile import NamedTemporaryFile

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from engine.errors import ShadowUnreadable

KEPT = 5
"""How many copies stay; the oldest ones go."""

RECORD = ("library", "shadow", "intent", "mark", "given", "asked", "playlist")
"""The tables that a copy is worth making for."""

_ALL = "SELECT * FROM {}.{}"


def newest_backup(database: str) -> Path | None:
    """Return the newest copy of a SQLite file; none if there is none."""
    copies = _copies(Path(database))
    return copies[-1] if copies else None


def back_up(address: str, now: datetime, *, always: bool = False) -> Path | None:
    """Copy the state database, if it is a SQLite file and changed since the last copy.

    The copy appears whole or not at all. A database on a server has its own ways.

    Raises:
        ShadowUnreadable: The database is damaged, or the copy cannot be made.
    """
    url = make_url(address)
    database = Path(url.database or "")
    if url.get_backend_name() != "sqlite" or not database.is_file():
        return None
    try:
        with _draft(database) as draft:
            last = newest_backup(str(database))
            if not (always or _is_worth_keeping(draft, last)):
                return None
            shutil.copymode(database, draft)
            copy = database.with_name(f"{database.name}.bak-{now:%Y%m%d-%H%M%S}")
            draft.replace(copy)
        for old in _copies(database)[:-KEPT]:
            old.unlink()
    except (OSError, sqlite3.Error) as error:
        raise ShadowUnreadable(
            f"No copy of {database} can be made before the run: {error}. Nothing was "
            "written to Plex. Make room on its disk and allow plexbayes to write "
            "into its folder."
        ) from None
    return copy


def database_files(address: str) -> list[Path]:
    """Return every file that belongs to a SQLite database, copies included."""
    try:
        url = make_url(address)
    except ArgumentError:  # a run says what is wrong with it
        return []
    if url.get_backend_name() != "sqlite" or not url.database:
        return []
    database = Path(url.database)
    beside = (f"{database.name}{end}" for end in ("", "-wal", "-shm", "-journal"))
    return [*map(database.with_name, beside), *_copies(database)]


def _copies(file: Path, pattern: str = ".bak-????????-??????") -> list[Path]:
    """Return the files whose name is that of `file` and a pattern, in order."""
    return sorted(file.parent.glob(escape(file.name) + pattern))


@contextmanager
def _draft(database: Path) -> Iterator[Path]:
    """Yield a copy under a passing name, which goes unless it was given another."""
    with NamedTemporaryFile(
        prefix=f"{database.name}.draft-", dir=database.parent, delete=False
    ) as file:
        draft = Path(file.name)
    try:
        with (
            closing(sqlite3.connect(database)) as source,
            closing(sqlite3.connect(draft, isolation_level=None)) as copy,
        ):
            source.backup(copy)
            _refuse_if_damaged(copy, database)
            copy.execute("DELETE FROM lease")  # it is this run's, and ends with it
        yield draft
    finally:
        for left in _copies(draft, "*"):
            left.unlink()


def _refuse_if_damaged(copy: sqlite3.Connection, database: Path) -> None:
    try:
        (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:  # not even its tables are told
        found = str(error)
    if found != "ok":
        kept = newest_backup(str(database))
        advice = f"; the newest is {kept}" if kept else ""
        raise ShadowUnreadable(
            f"The state database {database} is damaged: {found}. Nothing was written "
            f"to Plex. Repair it or restore a copy{advice}."
        )


def _is_worth_keeping(draft: Path, last: Path | None) -> bool:
    """Return whether there is anything in a copy that the last one does not hold."""
    with closing(sqlite3.connect(draft)) as copy:

        def holds(rows: str) -> bool:
            return copy.execute(f"{rows} LIMIT 1").fetchone() is not None

        def differs(table: str) -> bool:
            now, then = _ALL.format("main", table), _ALL.format("last", table)
            return holds(f"{now} EXCEPT {then}") or holds(f"{then} EXCEPT {now}")

        if last is None:
            return any(holds(_ALL.format("main", table)) for table in RECORD[1:])
        try:
            copy.execute("ATTACH ? AS last", [str(last)])
            return any(map(differs, RECORD))
        except sqlite3.DatabaseError:
            return True  # the last one is damaged, or of an older shape
