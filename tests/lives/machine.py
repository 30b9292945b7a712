"""A machine on which time passes when somebody says so, and nothing runs by itself."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.util import LRUCache

from tasks.machine import Machine
from tasks.record import database
from tasks.runtime.cancellation import CancellationToken
from tests.simulator.world import PAST, Clock

JULIAN_DAY_OF_THE_EPOCH = 2440587.5
_COMPILED: Any = LRUCache(1000)
_DIALECTS: dict[type, Any] = {}
"""Each life opens a dozen databases: what is compiled for one serves the others."""

A_MOMENT = 0.01
"""Seconds that a request takes at least."""


class VirtualTime:
    """What time it is, for everybody in one life."""

    def __init__(self) -> None:
        self.passed = 0.0
        """Seconds since the life began."""
        self.ahead = 0.0
        """Seconds by which our own clock is ahead of the right time."""

    def __call__(self) -> float:
        """Return the right time, epoch seconds."""
        return PAST + 1_000_000.0 + self.passed

    def pass_by(self, seconds: float) -> None:
        self.passed += seconds

    def machine(self) -> Machine:
        """Return a machine that goes by this time, one thing after the other."""
        return Machine(
            now=lambda: self() + self.ahead,
            elapsed=lambda: self.passed,
            executor=lambda _: InTurn(),
            beside=lambda _: nullcontext(),
        )


class ServerClock(Clock):
    """The clock of a server, which may be wrong."""

    def __init__(self, time: VirtualTime) -> None:
        super().__init__(time)
        self._time = time

    def sleep(self, seconds: float) -> None:
        self._time.pass_by(seconds)

    def tick(self) -> None:
        """Let a second pass: dates have no fractions."""
        self._time.pass_by(1)


class Token(CancellationToken):
    """Holds nobody up: who sleeps lets time pass."""

    def __init__(self, time: VirtualTime) -> None:
        super().__init__()
        self._time = time

    def sleep(self, seconds: float) -> None:
        if not self.is_cancelled:
            self._time.pass_by(seconds)


class InTurn(Executor):
    """Does one thing after the other."""

    def submit(
        self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 (as executors do)
            future.set_exception(error)
        return future


@contextmanager
def databases(
    time: VirtualTime, on_commit: Callable[[sqlite3.Connection], None]
) -> Iterator[None]:
    """Let all SQLite files go by a time, and tell of each commit before it is made."""

    def connected(connection: sqlite3.Connection, _: object) -> None:
        connection.create_function(
            "julianday",
            1,
            lambda _: (time() + time.ahead) / 86_400 + JULIAN_DAY_OF_THE_EPOCH,
        )

    def commits(connection: Connection) -> None:
        on_commit(connection.connection.driver_connection)  # type: ignore[arg-type]

    make = database._engine  # noqa: SLF001

    known: dict[URL, Engine] = {}

    def made(url: URL) -> Engine:
        """Make an engine that knows what others have compiled, once for each file."""
        if url in known and url.database:
            return known[url]
        engine = known[url] = make(url)
        engine.dialect = _DIALECTS.setdefault(type(engine.dialect), engine.dialect)
        engine._compiled_cache = _COMPILED  # noqa: SLF001
        return engine

    event.listen(Engine, "connect", connected)
    event.listen(Engine, "commit", commits)
    database._engine = made  # noqa: SLF001
    try:
        yield
    finally:
        database._engine = make  # noqa: SLF001
        event.remove(Engine, "connect", connected)
        event.remove(Engine, "commit", commits)
