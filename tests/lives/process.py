"""One process of ours: its requests, what becomes of them, and how it may end."""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from email.message import Message
from pathlib import Path
from typing import Any

import requests
from requests.adapters import BaseAdapter

from tests.lives.machine import A_MOMENT, Token, VirtualTime
from tests.lives.plan import FAULTS, PAGES, PAUSES, STATUSES, Act, Event, chosen
from tests.simulator.faults import GARBAGE
from tests.simulator.in_memory import InMemory
from tests.simulator.messages import Answer, Request, html_error
from tests.simulator.plex import Plex
from tests.state_machine.record import NO_PROCESS

BEFORE, AFTER = False, True

LOOKS_LAST = 15.0
"""Seconds after which we look again before we write."""


class Died(BaseException):
    """The process was killed: whatever it still does reaches nobody."""


MISDATED = 600.0
"""Seconds by which a server's clock may be set while a request is on its way, so that
an hour is enough to tell that it was ours."""


class Wire:
    """What is on its way to a server, and may arrive when nobody waits any more."""

    def __init__(self, plex: Plex, time: VirtualTime) -> None:
        self.plex = plex
        self.time = time
        self.sent_at: dict[int, float] = {}
        """When each request was sent, by its number in the server's log."""
        self.looked_before: dict[int, int] = {}
        """How many requests had come when each one was sent that arrived late."""
        self.late: set[int] = set()
        """Requests that arrived when much may have happened since."""
        self.unheard: set[int] = set()
        """Requests of whose answers nobody could read anything."""
        self.is_misdated = False
        """Whether a late request got a date far from when it was sent: if nobody looks
        for an hour then, nothing tells it from a person's rating."""
        self._late: list[tuple[int, Callable[[], Answer]]] = []
        """Requests that wait in a queue, and how many others go before each."""

    def deliver(self, request: Request, sent: float, *, late: bool = False) -> Answer:
        """Let a request arrive that was sent at a time."""
        number = self.plex.log.noted + 1
        self.sent_at[number] = sent
        if late or self.time.passed > sent + LOOKS_LAST:
            self.late.add(number)
        return self.plex.answer(request)

    def delay(self, request: Request, sent: float, others: int) -> None:
        """Let a request arrive when so many others have come."""
        before, clock = self.plex.log.noted, self.plex.world.clock.ahead

        def arrive() -> Answer:
            self.looked_before[self.plex.log.noted + 1] = before
            self.is_misdated |= self.plex.world.clock.ahead >= clock + MISDATED
            return self.deliver(request, sent, late=True)

        self._late.append((others, arrive))

    def arrive(self, *, all_of_it: bool = False) -> None:
        """Let arrive what is due."""
        due = [act for left, act in self._late if all_of_it or left <= 0]
        waits = [] if all_of_it else [(n - 1, act) for n, act in self._late if n > 0]
        self._late = waits
        for act in due:
            act()


class Process(BaseAdapter):
    """Carries the requests of one run, whose events happen at them."""

    def __init__(
        self,
        wire: Wire,
        events: Sequence[Event],
        act: Callable[[Act], None],
        database: Path,
    ) -> None:
        super().__init__()
        self._wire = wire
        self._events = events
        self._act = act
        self._database = database
        self._counts = {True: 0, False: 0}
        """Requests so far: those that write, and all."""
        self._commits = 0
        self._sent = 0.0
        """When its latest request was sent."""
        self._copies: list[Path] = []
        self.cancellation = Token(wire.time)
        self.name = ""
        """Of its run."""
        self.is_dead = False
        self.overtaken = False
        """Whether another run has written meanwhile."""
        self.intrusions = 0
        """Requests that write although another run does."""
        self.struck: Counter[str] = Counter()
        """What happened, by its name."""

    def send(
        self, request: requests.PreparedRequest, *_: Any, **facts: Any
    ) -> requests.Response:
        """Ask the server, unless something comes in between."""
        if self.is_dead:
            raise Died
        writes = request.method != "GET"
        events = self._due(writes=writes)
        self.intrusions += self.overtaken and writes
        self._wire.time.pass_by(A_MOMENT)
        self._wire.arrive()
        self._sent = self._wire.time.passed
        self._happen(events, BEFORE)
        answer = self._answer(request, [e.act for e in events], facts["timeout"])
        self._happen(events, AFTER)
        carrier = InMemory(self._wire.plex)
        if answer.cut == "reset":
            raise requests.ConnectionError("the server hung up")
        return carrier.response(request, answer)

    @property
    def is_calm(self) -> bool:
        """Whether nothing happens during it."""
        return not self._events

    @property
    def writes(self) -> int:
        """Requests so far that were to change something."""
        return self._counts[True]

    def close(self) -> None:
        """Close nothing."""

    def _due(self, *, writes: bool) -> list[Event]:
        numbers = {False: self._counts[False], True: self._counts[True]}
        self._counts[False] += 1
        self._counts[True] += writes
        return [
            event
            for event in self._events
            if event.at == numbers[event.writes]
            and (writes or not event.writes)
            and event.act.what != "crash in a commit"
        ]

    def _happen(self, events: Sequence[Event], moment: bool) -> None:  # noqa: FBT001
        for event in events:
            if event.after == moment:
                self._do(event.act)

    def _do(self, act: Act) -> None:
        match act.what:
            case "crash":
                self.struck[act.what] += 1
                self.die()
            case "cancel":
                self.struck[act.what] += 1
                self.cancellation.cancel()
            case _ if act.what not in WAYS:
                self.struck[act.what] += 1
                self._act(act)

    def _answer(
        self, request: requests.PreparedRequest, acts: Sequence[Act], timeout: float
    ) -> Answer:
        """Return what comes of a request; the first thing that strikes it does."""
        fault = next((act for act in acts if act.what in WAYS), Act("well"))
        if fault.what in WAYS:
            self.struck[fault.what] += 1
        way = getattr(self, f"_{fault.what}")
        answer: Answer = way(_request_of(request), fault, timeout)
        return answer

    def _well(self, asked: Request, _fault: Act, _timeout: float) -> Answer:
        return self._deliver(asked)

    def _lost(self, *_: object) -> Answer:
        return Answer(cut="reset")

    def _unanswered(self, asked: Request, _fault: Act, _timeout: float) -> Answer:
        self._deliver(asked, heard=False)
        return Answer(cut="reset")

    def _late(self, asked: Request, fault: Act, timeout: float) -> Answer:
        if asked.method != "GET":
            self._wire.delay(asked, self._sent, fault.which)
        self._wire.time.pass_by(timeout)
        raise requests.ReadTimeout("nobody answers")

    def _twice(self, asked: Request, _fault: Act, _timeout: float) -> Answer:
        self._deliver(replace(asked, pairs=list(asked.pairs)))
        return self._deliver(asked)

    def _slow(self, asked: Request, fault: Act, _timeout: float) -> Answer:
        self._wire.time.pass_by(float(chosen(PAUSES, fault.value)))
        return self._deliver(asked)

    def _status(self, _asked: Request, fault: Act, _timeout: float) -> Answer:
        return html_error(int(chosen(STATUSES, fault.value)))

    def _half(self, asked: Request, _fault: Act, _timeout: float) -> Answer:
        return replace(self._deliver(asked, heard=False), cut="half")

    def _garbage(self, asked: Request, _fault: Act, _timeout: float) -> Answer:
        return replace(self._deliver(asked, heard=False), body=GARBAGE)

    def _page(self, asked: Request, fault: Act, _timeout: float) -> Answer:
        if asked.value("sort") is None:
            return self._deliver(asked)  # it is no page of a listing
        rule = {"do": chosen(PAGES, fault.value), "match": {"times": 1}}
        faults = self._wire.plex.faults
        habits = faults.as_json()
        faults.set([*habits, rule])
        answer = self._deliver(asked)
        faults.set(habits)
        return answer

    def _deliver(self, request: Request, *, heard: bool = True) -> Answer:
        answer = self._wire.deliver(request, self._sent)
        if not heard:
            self._wire.unheard.add(self._wire.plex.log.noted)
        return answer

    def committing(self, connection: sqlite3.Connection) -> None:
        """Notice that a transaction is about to be committed; perhaps it tears."""
        if self.is_dead or not connection.in_transaction:
            return
        for event in self._events:
            if event.act.what == "crash in a commit" and event.at == self._commits:
                self.struck[event.act.what] += 1
                before = _size(self._log)
                connection.commit()
                kept = before + int(event.act.value * (_size(self._log) - before))
                self.die(log_bytes=kept)
        self._commits += 1

    @property
    def _log(self) -> Path:
        return self._database.with_name(f"{self._database.name}-wal")

    def die(self, log_bytes: int | None = None) -> None:
        """End here: what is on the disk now stays, and nothing that follows."""
        self.is_dead = True
        for file in (self._database, self._log):
            if file.exists():
                copy = file.with_name(f"dead {file.name}")
                self._copies.append(Path(shutil.copy(file, copy)))
                if file == self._log and log_bytes is not None:
                    with copy.open("r+b") as log:
                        log.truncate(log_bytes)
        raise Died

    def bury(self) -> None:
        """Put the disk back as it was when the process died, with its lease."""
        for file in self._database.parent.glob(f"{self._database.name}*"):
            if ".bak-" not in file.name:
                file.unlink()
        for copy in self._copies:
            copy.rename(copy.with_name(copy.name.removeprefix("dead ")))
        if self._database.exists():
            with (
                closing(sqlite3.connect(self._database)) as record,
                suppress(sqlite3.OperationalError),  # there is no table yet
                record,
            ):
                record.execute("update lease set process = ?", (NO_PROCESS,))


WAYS = {*FAULTS, "status", "page"}
"""What may strike a request, by the names of the methods above."""


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _request_of(request: requests.PreparedRequest) -> Request:
    headers = Message()
    for name, value in request.headers.items():
        headers[name] = str(value)
    return Request.parse(request.method or "GET", request.path_url, headers)
