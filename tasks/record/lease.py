"""One writer at a time: who may write to a library is written down, and renewed."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Float, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from engine.errors import LibraryHeld, ShadowUnreadable
from tasks.record.process_identity import ProcessIdentity
from tasks.record.store import ShadowStore
from tasks.record.tables import LeaseRow


class now(FunctionElement[float]):  # noqa: N801 (it reads like the SQL function it is)
    """The database's time, epoch seconds; a SQLite file has that of its machine."""

    type = Float()
    inherit_cache = True


@compiles(now)
def _elsewhere(_element: now, _compiler: SQLCompiler, **_: object) -> str:
    return "EXTRACT(EPOCH FROM CURRENT_TIMESTAMP)"


@compiles(now, "postgresql")
def _in_postgresql(_element: now, _compiler: SQLCompiler, **_: object) -> str:
    # Not that of the transaction's beginning: it may have waited since.
    return "EXTRACT(EPOCH FROM clock_timestamp())"


@compiles(now, "mysql", "mariadb")
def _in_mysql(_element: now, _compiler: SQLCompiler, **_: object) -> str:
    return "UNIX_TIMESTAMP(SYSDATE(6))"


@compiles(now, "sqlite")
def _in_sqlite(_element: now, _compiler: SQLCompiler, **_: object) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


RENEWAL = 15
"""Seconds between two signs of life."""

LIFETIME = 90
"""Seconds without a sign of life after which another run may take over."""

LOOK_AGAIN = 2.0
"""Seconds between two looks of a run that waits for another one."""


@dataclass(frozen=True)
class LeaseWait:
    """How a run waits for another one that is writing."""

    seconds: float = 0
    """How long; 0: not at all."""
    rest: Callable[[float], None] = time.sleep
    """Lets time pass; it may raise to stop waiting."""
    say: Callable[[str], None] = lambda _: None
    """Told once whom the run waits for."""


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
    held.before_write(lease_wait)
    finished = threading.Event()
    renewer = threading.Thread(target=held.keep, args=[finished], daemon=True)
    renewer.start()
    try:
        yield held
    finally:
        finished.set()
        renewer.join()
        held.give_back()


class Lease:
    """The right of one run to write to one library."""

    def __init__(self, store: ShadowStore, run_id: str) -> None:
        self._store = store
        self._run = run_id
        self._identity = ProcessIdentity.of_this_process()
        self._renewed = 0.0
        self._mine = (
            LeaseRow.library_id == store.library_id,
            LeaseRow.host == self._identity.written,
            LeaseRow.process == self._identity.process,
            LeaseRow.run_id == run_id,
        )

    def before_write(self, lease_wait: LeaseWait) -> None:
        """Take the lease as soon as nobody else holds it.

        Raises:
            LibraryHeld: Somebody else still did when our patience ended.
        """
        deadline = time.monotonic() + lease_wait.seconds
        told = ""
        while True:
            try:
                return self.take()
            except LibraryHeld as held:
                if time.monotonic() >= deadline:
                    raise
                if str(held) != told:
                    told = str(held)
                    lease_wait.say(f"{told} This run waits for that.")
            lease_wait.rest(LOOK_AGAIN)

    def take(self) -> None:
        """Take the lease, from a dead holder if need be.

        Raises:
            LibraryHeld: A living run holds it; the message says which and where.
        """
        try:
            with self._store.database.writing() as session:
                self._refuse_if_held(session)
                session.execute(
                    insert(LeaseRow).values(
                        library_id=self._store.library_id,
                        host=self._identity.written,
                        process=self._identity.process,
                        run_id=self._run,
                        since=now(),
                        heartbeat=now(),
                    )
                )
        except ShadowUnreadable as error:
            if not isinstance(error.__cause__, IntegrityError):
                raise
            raise LibraryHeld("Another run took this library just now.") from None
        self._renewed = time.time()

    def renew(self) -> None:
        """Give a sign of life.

        Raises:
            LibraryHeld: The lease was lost: another run took it for dead.
        """
        with self._store.database.writing() as session:
            still = session.execute(
                update(LeaseRow).where(*self._mine).values(heartbeat=now())
            )
            if not still.rowcount:  # type: ignore[attr-defined]
                raise LibraryHeld(
                    "This run was taken for dead and another one holds the library; "
                    "it stops here. What it wrote is recorded."
                )
        self._renewed = time.time()

    def check(self) -> None:
        """Make sure that the lease is still ours, also after a long sleep.

        Raises:
            LibraryHeld: It is not.
        """
        # A clock that sleeps with the machine would not notice; this one may be set.
        if not 0 <= time.time() - self._renewed <= 2 * RENEWAL:
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
        with self._store.database.writing() as session:
            session.execute(delete(LeaseRow).where(*self._mine))

    def _refuse_if_held(self, session: Session) -> None:
        found = session.scalar(
            select(LeaseRow)
            .where(LeaseRow.library_id == self._store.library_id)
            .with_for_update()
        )
        if found is None:
            return
        holder = ProcessIdentity.parse(found.host, found.process)
        # Both are the database's time: a machine's own clock may be wrong.
        silence = session.scalars(select(now())).one() - found.heartbeat
        if silence <= LIFETIME and holder.may_live(self._identity.place):
            since = datetime.fromtimestamp(found.since, UTC).astimezone()
            raise LibraryHeld(
                f"Run {found.run_id} has been writing to this library since "
                f"{since:%Y-%m-%d %H:%M} (process {holder.process} on "
                f"{holder.place.host}). Wait for it to end, or stop it."
            )
        session.delete(found)
        session.flush()
