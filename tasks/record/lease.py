"""The lock on a library: one run writes at a time, and renews its lease."""

import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import psutil
from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    delete,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from engine.errors import LibraryHeld, ShadowUnreadable
from tasks.record.store import ShadowStore
from tasks.record.tables import LeaseRow

CLOCKS = {
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
    # Not that of the transaction's beginning: it may have waited since.
    "postgresql": "EXTRACT(EPOCH FROM clock_timestamp())",
    "mysql": "UNIX_TIMESTAMP(SYSDATE(6))",
    "mariadb": "UNIX_TIMESTAMP(SYSDATE(6))",
}
ANY_CLOCK = "EXTRACT(EPOCH FROM CURRENT_TIMESTAMP)"

RENEWAL = 15
"""Seconds between two signs of life."""

LIFETIME = 90
"""Seconds without a sign of life after which another run may take over."""

LOST = float("-inf")
"""When a lease was renewed last that is not ours any more."""

TAKEN_OVER = (
    "This run was taken for dead and another one holds the library; it stops here. "
    "What it wrote is recorded."
)

LOOK_AGAIN = 2.0
"""Seconds between two looks of a run that waits for another one."""


SEPARATOR = "/"
"""Stands between what identifies a process; no host name contains it."""

MAX_HOST_LENGTH = 150
"""Characters of a host name that are kept: all of it must fit into its column."""


@dataclass(frozen=True)
class LeaseWait:
    """How a run waits for another one that is writing."""

    seconds: float = 0
    """How long; 0: not at all."""
    rest: Callable[[float], None] = time.sleep
    """Lets time pass; it may raise to stop waiting."""
    say: Callable[[str], None] = lambda _: None
    """Told once whom the run waits for."""


@dataclass(frozen=True)
class ProcessIdentity:
    """A process, told apart from all others, also from later ones with its id.

    Containers may share a host name, and even ids of their processes, without
    seeing each other: then they differ in their PID namespace, or, on different
    machines, in what was noted when the machine was booted.
    """

    process: int
    host: str
    boot: str = ""
    """Identifies the machine since it was booted; empty if unknown."""
    namespace: str = ""
    """Identifies the PID namespace; empty if unknown, "-" where there are none."""
    started: str = ""
    """Clock ticks from the boot to its start; empty if unknown."""

    @classmethod
    def of_this_process(cls, platform: str = sys.platform) -> Self:
        """Return the identity of this process."""
        host = socket.gethostname().replace(SEPARATOR, "-")[:MAX_HOST_LENGTH]
        if platform == "linux":
            boot = _text_of(Path("/proc/sys/kernel/random/boot_id"))
            namespace = _pid_namespace()
        else:  # it moves a little with the clock; uncertainty only costs a wait
            boot, namespace = f"{psutil.boot_time() / 60:.0f}", "-"
        return cls(os.getpid(), host, boot, namespace, _start_of("self"))

    @classmethod
    def parse(cls, written: str, process: int) -> Self:
        """Read what `written` returned; a bare host name leaves the rest unknown."""
        return cls(process, *written.split(SEPARATOR)[:4])

    @property
    def written(self) -> str:
        """All but the process id, as it stands in one column."""
        return SEPARATOR.join((*self.place, self.started))

    @property
    def place(self) -> tuple[str, str, str]:
        """Where process ids mean the same processes, if all of it is known."""
        return self.host, self.boot, self.namespace

    def may_live(self, here: "ProcessIdentity") -> bool:
        """Return whether the process may still run; only a sure death says no."""
        if self.place != here.place or not all(here.place):
            return True
        try:
            is_there = psutil.Process(self.process).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            is_there = True
        now_started = _start_of(str(self.process))
        is_other = self.started and now_started and self.started != now_started
        return is_there and not is_other


def _pid_namespace() -> str:
    """Return the PID namespace, or nothing if /proc does not show all of it.

    It may belong to another namespace, or be mounted so that it hides the processes
    of other users; process 1 always runs.
    """
    proc = Path("/proc")
    try:
        shows_all = (proc / "self").readlink().name == str(os.getpid())
        shows_all = shows_all and (proc / "1").exists()
        return str((proc / "self/ns/pid").readlink()) if shows_all else ""
    except OSError:
        return ""


def _start_of(process: str) -> str:
    """Return when a process started; unlike a date, no change of the clock moves it."""
    after_name = _text_of(Path(f"/proc/{process}/stat")).rpartition(")")[2].split()
    return after_name[19] if after_name else ""


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


@contextmanager
def lease(
    store: ShadowStore, run_id: str, lease_wait: LeaseWait = LeaseWait()
) -> Iterator["Lease"]:
    """Hold the right to write to a library while the block runs.

    Raises:
        LibraryHeld: A living run holds it, and still did when our patience ended;
            the message says which and where.
    """
    held = Lease(store, run_id)
    held.take_patiently(lease_wait)
    store.ensure_held = held.ensure_held
    try:
        with store.machine.beside(held.keep):
            yield held
    finally:
        store.ensure_held = lambda _: None
        held.give_back()


class Lease:
    """The right of one run to write to one library."""

    def __init__(self, store: ShadowStore, run_id: str) -> None:
        self._store = store
        self._machine = store.machine
        self._identity = ProcessIdentity.of_this_process()
        self._renewed = 0.0
        self._mine = {
            "library_id": store.library_id,
            "host": self._identity.written,
            "process": self._identity.process,
            "run_id": run_id,
        }
        self._still_mine = select(LeaseRow.run_id).filter_by(**self._mine)

    def take_patiently(self, lease_wait: LeaseWait) -> None:
        """Take the lease as soon as nobody else holds it."""
        deadline = self._machine.elapsed() + lease_wait.seconds
        told = ""
        while True:
            try:
                return self.take()
            except LibraryHeld as held:
                if self._machine.elapsed() >= deadline:
                    raise
                if str(held) != told:
                    told = str(held)
                    lease_wait.say(f"{told} This run waits for that.")
            lease_wait.rest(LOOK_AGAIN)

    def take(self) -> None:
        """Take the lease, from a dead holder if need be, or say who holds it."""
        try:
            with self._store.database.writing() as connection:
                self._refuse_if_held(connection)
                now = _time_in(connection)
                taken = self._mine | {"since": now, "heartbeat": now}
                connection.execute(insert(LeaseRow).values(taken))
        except ShadowUnreadable as error:
            if not isinstance(error.__cause__, IntegrityError):
                raise
            raise LibraryHeld("Another run took this library just now.") from None
        self._renewed = self._machine.now()

    def renew(self) -> None:
        """Give a sign of life, or say that the lease was lost."""
        with self._store.database.writing() as connection:
            renewed = update(LeaseRow).filter_by(**self._mine)
            still = connection.execute(renewed.values(heartbeat=_time_in(connection)))
            if not still.rowcount:
                self._renewed = LOST
                raise LibraryHeld(TAKEN_OVER)
        self._renewed = self._machine.now()

    def ensure_held(self, connection: Connection) -> None:
        """Make sure that the lease is ours in the very transaction that needs it."""
        if connection.scalar(self._still_mine) is None:
            raise LibraryHeld(TAKEN_OVER)

    def check(self) -> None:
        """Make sure that the lease is still ours, also after a long sleep."""
        # A clock that sleeps with the machine would not notice; this one may be set.
        if not 0 <= self._machine.now() - self._renewed <= 2 * RENEWAL:
            self.renew()

    def keep(self, finished: threading.Event) -> None:
        """Give signs of life until the run is finished or the lease is lost."""
        while not finished.wait(RENEWAL):
            try:
                self.renew()
            except LibraryHeld:
                return
            except ShadowUnreadable:
                continue  # it may come back; `check` fails loudly if it does not

    def give_back(self) -> None:
        """Let others write."""
        self._renewed = LOST
        with self._store.database.writing() as connection:
            connection.execute(delete(LeaseRow).filter_by(**self._mine))

    def _refuse_if_held(self, connection: Connection) -> None:
        of_library = LeaseRow.library_id == self._store.library_id
        wanted = select(LeaseRow).where(of_library).with_for_update()
        found = connection.execute(wanted).one_or_none()
        if found is None:
            return
        holder = ProcessIdentity.parse(found.host, found.process)
        # Both are the database's time: a machine's own clock may be wrong.
        now = connection.scalars(select(_time_in(connection))).one()
        if now - found.heartbeat <= LIFETIME and holder.may_live(self._identity):
            since = datetime.fromtimestamp(found.since, UTC).astimezone()
            raise LibraryHeld(
                f"Run {found.run_id} has been writing to this library since "
                f"{since:%Y-%m-%d %H:%M} (process {holder.process} on "
                f"{holder.host}). Wait for it to end, or stop it."
            )
        connection.execute(delete(LeaseRow).where(of_library))


def _time_in(connection: Connection) -> ColumnElement[float]:
    """Return the database's time, epoch seconds; a SQLite file has its machine's."""
    clock = CLOCKS.get(connection.dialect.name, ANY_CLOCK)
    return literal_column(clock, Float())
