"""What the record of our ratings says, read from its file behind the program's back."""

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from engine.rating_scale import TOLERANCE
from tasks.record.lease import ProcessIdentity
from tasks.record.rows import IntentState

NO_PROCESS = 2**30
"""A number that no process has: systems count up to 2²² at most."""


@dataclass(frozen=True)
class Entry:
    """A recorded rating, confirmed or promised."""

    level: int
    guid: str
    key: int
    value: float
    before: float | None = None
    seen_at: int | None = None
    """When Plex says it was given; none: an intent."""

    def resembles(self, points: float, at: int) -> bool:
        """Whether nobody could tell this rating from one that a person gives.

        A confirmed rating is told from a person's by its value or by its date;
        an intent, whose date nobody knows, by its value alone: it may have
        arrived, or what stood there before may still stand.
        """
        alike = [abs(points - self.value) <= TOLERANCE]
        if self.seen_at is not None:
            return alike[0] and at == self.seen_at
        if self.before is not None:
            alike.append(abs(points - self.before) <= TOLERANCE)
        return any(alike)


class Record:
    """The state file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def text(self) -> str | None:
        """Return all that the file holds, to be compared; none if it is missing."""
        if not self.path.exists():
            return None
        with closing(sqlite3.connect(self.path)) as connection:
            return "\n".join(connection.iterdump())

    def entries(self) -> list[Entry]:
        """Return all recorded ratings; an intent stands beside the older rating."""
        confirmed = "select level, guid, key, value, null, seen_at from shadow"
        promised = "select level, guid, key, after, before, null from intent"
        promised += f" where state != {IntentState.IN_DOUBT}"
        return [
            Entry(*row)
            for question in (confirmed, promised)
            for row in self._ask(question)
        ]

    def in_doubt(self) -> list[Entry]:
        """Return what was sent and may arrive yet, whatever else is recorded."""
        question = "select level, guid, key, after from intent"
        question += f" where state = {IntentState.IN_DOUBT} and after is not null"
        return [Entry(*row) for row in self._ask(question)]

    def marks(self) -> list[tuple[int, str, int]]:
        return self._ask("select level, guid, key from mark")

    def lose(self) -> None:
        for path in self.path.parent.glob(f"{self.path.name}*"):
            path.unlink()

    def die(self) -> None:
        """Leave what a killed process leaves: its lease, with nobody behind it."""
        now = time.time()
        self._do(
            "insert or replace into lease select id, ?, ?, 'killed', ?, ? from library",
            (ProcessIdentity.of_this_process().written, NO_PROCESS, now, now),
        )

    def age(self, seconds: float) -> None:
        """Let all intents be older, and all that was sent."""
        self._do("update intent set since = since - ?", (seconds,))

    def forget_dates(self) -> None:
        self._do("update shadow set seen_at = ?", (0,))

    def _ask(self, question: str) -> list[tuple]:
        if not self.path.exists():
            return []
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(question).fetchall()

    def _do(self, order: str, values: tuple) -> None:
        if self.path.exists():
            with closing(sqlite3.connect(self.path)) as connection, connection:
                connection.execute(order, values)
