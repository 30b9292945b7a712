"""What a database complains of, in our own words, without a password, with advice."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from engine.errors import ShadowUnreadable
from tasks.record.backups import newest_backup

ADVICE = {
    "SQLITE_FULL": "Make room on its disk, and run again.",
    "SQLITE_IOERR": "Make sure that its disk works and has room, and run again.",
    "SQLITE_BUSY": "Another program keeps it locked: end that, and run again.",
    "SQLITE_LOCKED": "Another program keeps it locked: end that, and run again.",
    "SQLITE_READONLY": "Allow plexbayes to write that file and into its folder.",
    "SQLITE_CANTOPEN": "Allow plexbayes to read and write that file and its folder.",
    "SQLITE_CORRUPT": "Repair it or restore a copy",
    "SQLITE_NOTADB": "Repair it or restore a copy",
}
"""What to do, by the beginning of the name that SQLite gives to an error."""

OTHERWISE = "Repair it or restore a copy, or point STATE_URL elsewhere."


@contextmanager
def usable(url: URL) -> Iterator[None]:
    """Turn what a database says when it cannot be used into one sentence.

    Raises:
        ShadowUnreadable: It cannot be used; the sentence says what to do.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, ImportError) as error:
        raise refusal_of(url, error) from error


def refusal_of(url: URL, error: Exception) -> ShadowUnreadable:
    """Return what is to be said of an error."""
    origin = getattr(error, "orig", None) or error
    reason = str(origin).splitlines()[0]
    return ShadowUnreadable(
        f"The state database {shown(url)} cannot be used: {reason}. Nothing more "
        f"was written to Plex. {_advice(url, origin)}"
    )


def shown(url: URL) -> str:
    """Return a URL for people: without its password, wherever that stands."""
    return url.set(query={}).render_as_string(hide_password=True)


def _advice(url: URL, origin: object) -> str:
    name = str(getattr(origin, "sqlite_errorname", ""))
    advice = next((ADVICE[kind] for kind in ADVICE if name.startswith(kind)), OTHERWISE)
    if advice.endswith("."):
        return advice
    kept = newest_backup(str(url.database))
    return f"{advice}; the newest is {kept}." if kept else f"{advice}."
