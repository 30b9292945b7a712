"""What goes wrong in a scenario, and what a person does meanwhile: drawn by lot."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from threading import Condition
from typing import Any

from tests.crash_matrix.invariants import Witness
from tests.simulator.fields import BUT_ID
from tests.simulator.items import Item, Kind
from tests.simulator.messages import Answer, Request
from tests.simulator.options import Options
from tests.simulator.world import OWNER, World
from tests.state_machine.accounts import Served, add_track

TIMEOUT = 0.25
"""Seconds for which a scenario waits for an answer."""
OUTLASTED = 0.35
"""Seconds that an answer takes for which nobody waits any more."""
PATIENCE = 30.0
"""Seconds until which everything has arrived."""
REQUESTS = 60
"""About how many requests a run makes."""

STATUSES = (400, 401, 403, 404, 414, 429, 500, 503, 520)
BREAKS = ("timeout_before", "timeout_after", "reset_before", "reset_after")
GARBLES = ("half_response", "garbage_xml")
PAGES = ("short_page", "changing_total", "duplicate_page")
HABITS = (
    "ignore_batch_rating",
    "replace_tags",
    "lock_fields",
    "first_id_only",
    "ignore_guard",
)
"""Of a server that misbehaves all the time."""
IGNORED = (
    *(frozenset({name}) for name in ("mood", "lastRatedAt", "userRating", "id")),
    BUT_ID,
    BUT_ID | {"id"},
)
"""Filters by which a server may not filter."""
DAY = 86_400
JUMPS = (-40 * 365 * DAY, -DAY, -3600, -7, 300, 3600, 10 * DAY, 10 * 365 * DAY)
"""Seconds by which a server's clock may be set forward or back; the first one leads to
before 1990, the last one beyond what it is for us."""
ODDITIES: tuple[dict[str, str | None], ...] = (
    {},  # it is not listed
    {"parentRatingKey": None, "grandparentRatingKey": None},
    {"parentRatingKey": "999999"},
    {"userRating": "-1"},
    {"userRating": "10.2"},
    {"userRating": "nan"},
    {"index": "A1"},
    {"index": str(2**64 - 1)},
    {"lastRatedAt": "yesterday"},
)
"""What a server may send of an item instead of what it should."""
AMBIGUOUS = 0.05
"""Points by which a person's rating differs from all that we ever wrote there:
nobody could tell the same value apart, and nothing is asked of such a case."""

Rule = dict[str, Any]


class Stormy(Served):
    """A Plex at which a person does things before or after certain requests."""

    def __init__(self, world: World, options: Options) -> None:
        super().__init__(world, options)
        self._asked = 0
        self._busy = 0
        self._calm = Condition()
        self._acts: dict[tuple[str, int], Callable[[], None]] = {}

    def expect(self, acts: dict[tuple[str, int], Callable[[], None]]) -> None:
        """Count requests anew; something is done at some of them."""
        self._asked, self._acts = 0, acts

    def answer(self, request: Request) -> Answer:
        """Answer, with a person's doings before and after."""
        number, self._asked = self._asked, self._asked + 1
        with self._under_way():
            self._meddle("before", number)
            answer = super().answer(request)
            self._meddle("after", number)
            return answer

    def await_calm(self) -> None:
        """Wait until all that was sent has arrived."""
        with self._calm:
            assert self._calm.wait_for(lambda: not self._busy, PATIENCE)

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        with self._calm:
            self._busy += 1
        try:
            yield
        finally:
            with self._calm:
                self._busy -= 1
                self._calm.notify_all()

    def _meddle(self, moment: str, number: int) -> None:
        act = self._acts.get((moment, number))
        if act:
            with self.world.lock:
                act()


def habits(draw: Random) -> list[Rule]:
    """Draw how a server misbehaves all the time: in every third scenario, somehow."""
    return [{"do": draw.choice(HABITS)}] if draw.random() < 1 / 3 else []


def ignored_filters(draw: Random) -> frozenset[str]:
    """Draw which filters a server ignores: in every third scenario, some."""
    return draw.choice(IGNORED) if draw.random() < 1 / 3 else frozenset()


def clock_jumps(draw: Random) -> tuple[int, ...]:
    """Draw by how much a server's clock may jump: in every third scenario, it does."""
    return JUMPS if draw.random() < 1 / 3 else ()


def oddities(draw: Random) -> tuple[dict[str, str | None], ...]:
    """Draw what a server may send of items: in every third scenario, nonsense."""
    return ODDITIES if draw.random() < 1 / 3 else ()


def faults(draw: Random) -> list[Rule]:
    """Draw what goes wrong in one run."""
    return [_fault(draw) for _ in range(draw.randint(0, 4))]


def _fault(draw: Random) -> Rule:
    match: Rule = {"from": draw.randrange(REQUESTS), "times": draw.choice([1, 1, 2, 5])}
    kind = draw.choice(["status", "status", "break", "break", "garble", "page", "late"])
    if draw.random() < 1 / 2:
        match |= {"method": "PUT"}
    if kind == "status":
        return {"do": "status", "code": draw.choice(STATUSES), "match": match}
    if kind == "break":
        fault = draw.choice(BREAKS)
        match["times"] = 1 if fault.startswith("timeout") else match["times"]
        return {"do": fault, "seconds": OUTLASTED, "match": match}
    if kind == "garble":
        return {"do": draw.choice(GARBLES), "match": match}
    if kind == "late":
        return {"do": "slow", "ms": 1000 * OUTLASTED, "match": match | {"times": 1}}
    pages = {"path": "/all", "method": "GET", "from": draw.randrange(8)}
    return {"do": draw.choice(PAGES), "match": match | pages}


class Meddler:
    """A person who uses Plex while something runs."""

    def __init__(
        self,
        world: World,
        witness: Witness,
        draw: Random,
        jumps: tuple[int, ...] = (),
        odd: tuple[dict[str, str | None], ...] = (),
    ) -> None:
        self._world = world
        self._jumps = jumps
        self._odd = odd
        self._witness = witness
        self._draw = draw
        self.edits = 0
        self._acts = (
            *[self._rate] * 5,
            *[self._clear] * 2,
            self._tag,
            self._rekey,
            self._delete,
            self._add,
            self._merge,
            *[self._set_clock] * (2 if jumps else 0),
            *[self._make_odd] * (2 if odd else 0),
        )

    def plans(self) -> dict[tuple[str, int], Callable[[], None]]:
        """Draw at which requests something is done; what, is drawn then."""
        return {
            (self._draw.choice(["before", "after"]), self._draw.randrange(REQUESTS)): (
                self.do_something
            )
            for _ in range(self._draw.randint(0, 5))
        }

    def do_something(self) -> None:
        """Do one thing."""
        self._world.clock.tick()
        before = len(self._world.journal.changes)
        self._draw.choice(self._acts)(self._draw.choice(list(self._world.items())))
        self._witness.date(before)
        self.edits += 1

    def _rate(self, item: Item) -> None:
        points = float(self._draw.randint(0, 10))
        ours = self._witness.ever_ours(item.guid)
        if all(abs(points - value) > AMBIGUOUS for value in ours):
            self._world.rate(item, points, OWNER)

    def _set_clock(self, _: Item) -> None:
        clock = self._world.clock
        # Set right again as often as wrong.
        wrong = clock.ahead if abs(clock.ahead) > DAY / 2 else 0.0
        clock.jump(-wrong or self._draw.choice(self._jumps))

    def _make_odd(self, item: Item) -> None:
        attributes = self._draw.choice(self._odd)
        if attributes:
            item.odd_attributes = dict(attributes)
        else:
            item.is_hidden = True
        self._world.version += 1

    def make_readable(self) -> None:
        """Let all ratings be sent as they are; other oddities stay."""
        for item in self._world.items():
            item.make_rating_readable()
        self._world.version += 1

    def _clear(self, item: Item) -> None:
        self._world.rate(item, None, OWNER)

    def _tag(self, item: Item) -> None:
        self._world.add_tags(item, "mood", ["Sunday"])
        self._world.set_lock(item, "mood", locked=self._draw.random() < 1 / 2)
        self._witness.notice(item)

    def _rekey(self, item: Item) -> None:
        self._world.rekey(item, rescanned=item.is_local)
        self._witness.notice(item)

    def _delete(self, item: Item) -> None:
        if item.kind == Kind.TRACK and len(list(self._world.items())) > 12:
            self._world.delete(item)

    def _add(self, item: Item) -> None:
        album = self._draw.choice(item.related(Kind.ALBUM))
        number = self._draw.randrange(10**6)
        self._witness.notice(add_track(album, self._world, f"New {number}"))

    def _merge(self, item: Item) -> None:
        gone = self._draw.choice(item.related(Kind.ALBUM))
        others = [a for a in self._world.views[Kind.ALBUM].values() if a is not gone]
        if len(others) > 1:
            self._world.merge(gone, self._draw.choice(others))
