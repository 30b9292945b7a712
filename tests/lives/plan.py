"""What happens in a life: drawn from one seed, and data, so that it can be cut down."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tests.simulator.fields import BUT_ID

HABITS = (
    "ignore_batch_rating",
    "replace_tags",
    "lock_fields",
    "first_id_only",
    "ignore_guard",
)
"""Of a server that misbehaves all the time."""
IGNORED: tuple[frozenset[str], ...] = (
    *(frozenset({name}) for name in ("mood", "lastRatedAt", "userRating", "id")),
    BUT_ID,
    BUT_ID | {"id"},
)
"""Filters by which a server may not filter."""

STATUSES = (400, 401, 403, 404, 414, 429, 500, 503, 520)
PAGES = ("short_page", "changing_total", "duplicate_page")
FAULTS = ("lost", "unanswered", "late", "twice", "slow", "half", "garbage")
"""What may become of one request: it never arrives; it arrives and nobody hears of it;
it arrives long after; twice; slowly; half an answer comes; nonsense comes."""
ENDS = ("crash", "crash in a commit", "cancel")
"""How a run may be broken off."""
ACTS = (
    *["rate"] * 5,
    *["clear"] * 2,
    "give the same",
    "tag",
    "untag",
    "lock",
    "rekey",
    "delete",
    "add",
    "merge",
)
"""What a person does; some things more often."""
VERBS = ("infer", "infer", "infer", "infer some", "infer dry", "undo", "undo some")

REQUESTS = 60
"""About how many requests a run makes."""
WRITES = 14
"""About how many of them change something."""
COMMITS = 50
"""About how many transactions a run commits."""
DAY = 86_400.0
JUMPS = (-40 * 365 * DAY, -DAY, -3600.0, -7.0, 300.0, 3600.0, 10 * DAY, 3650 * DAY)
"""Seconds by which a server's clock is set; the first one leads to before 1990, the
last one beyond what it is for us."""
OUR_JUMPS = (-600.0, -45.0, 45.0, 600.0)
"""Seconds by which our own clock is set. What was sent and never answered is known to
be ours for an hour by this clock, so it is never set as far as that."""
PAUSES = (0.0, 2.0, 20.0, 100.0, 3000.0)
"""Seconds for which a request waits; a lease lasts 90, a late write an hour."""
LONG_PAUSES = (2.0, 100.0, 3000.0, 4000.0)
"""Seconds between two runs, when nothing is on its way any more."""


@dataclass(frozen=True)
class Act:
    """Something that a person does, or that happens to a server or a clock."""

    what: str
    which: int = 0
    """Which item, counted around all that there are."""
    value: float = 0.0
    """Whatever else has to be chosen, from 0 to 1."""


@dataclass(frozen=True)
class Event:
    """Something that happens at one request of a run."""

    at: int
    """Which request; of a commit: which commit."""
    writes: bool
    """Whether only requests that change something are counted."""
    after: bool
    """Whether it happens when the request was answered, and not before."""
    act: Act


@dataclass(frozen=True)
class Stage:
    """One run, what happens during it, and what happens until the next."""

    verb: str
    value: float
    """Chooses phases, letters and the like."""
    events: tuple[Event, ...]
    then: tuple[Act, ...]


@dataclass(frozen=True)
class Life:
    """All of it."""

    seed: int
    keeps_date: bool
    floats: str
    ignored: frozenset[str]
    habit: str
    is_shared: bool
    """Whether the token is that of an account with which the library is shared."""
    batch: int
    dynamic: bool
    jumps: bool
    """Whether clocks jump."""
    odd: bool
    """Whether the server sends nonsense about items."""
    stages: tuple[Stage, ...]

    @property
    def server(self) -> str:
        """What kind of server it is, in a word."""
        if self.is_shared:
            return "shared"
        if "id" in self.ignored:
            return "ignores ids"
        return self.habit or ("ignores filters" if self.ignored else "good")


def drawn(seed: int) -> Life:
    """Draw a life."""
    draw = Random(seed)  # noqa: S311 (must be repeatable)
    is_shared = draw.random() < 1 / 8
    jumps, odd = draw.random() < 1 / 3, draw.random() < 1 / 3
    has_habit = draw.random() < 1 / 3 and not is_shared
    return Life(
        seed=seed,
        keeps_date=draw.random() < 1 / 2,
        floats=draw.choice(["exact", "float32", "one-decimal"]),
        ignored=draw.choice(IGNORED) if draw.random() < 1 / 3 else frozenset(),
        habit=draw.choice(HABITS) if has_habit else "",
        is_shared=is_shared,
        batch=draw.choice([25, 3, 1]),
        dynamic=draw.random() < 1 / 2,
        jumps=jumps,
        odd=odd,
        stages=tuple(
            _stage(draw, jumps=jumps, odd=odd) for _ in range(draw.randint(2, 3))
        ),
    )


def _stage(draw: Random, *, jumps: bool, odd: bool) -> Stage:
    acts = (*ACTS, *["clock", "clock", "our clock"] * jumps, *["odd"] * 2 * odd)
    events = [_fault(draw) for _ in range(draw.randint(1, 3))]
    events += [_event(draw, drawn_act(draw, acts)) for _ in range(draw.randint(0, 3))]
    if draw.random() < 1 / 4:
        events.append(_end(draw))
    if draw.random() < 1 / 8:
        events.append(_event(draw, Act("another run", 0, draw.random())))
    after = (*acts, "new version", "older record", "long pause")
    then = tuple(drawn_act(draw, after) for _ in range(draw.randint(0, 3)))
    return Stage(draw.choice(VERBS), draw.random(), tuple(events), then)


def drawn_act(draw: Random, acts: Sequence[str]) -> Act:
    """Draw one of some acts."""
    return Act(draw.choice(acts), draw.randrange(60), draw.random())


def _event(draw: Random, act: Act) -> Event:
    writes = draw.random() < 1 / 2
    at = draw.randrange(WRITES if writes else REQUESTS)
    return Event(at, writes, draw.random() < 1 / 2, act)


def _fault(draw: Random) -> Event:
    kind = draw.choice([*FAULTS, "status", "status", "page"])
    event = _event(draw, Act(kind, draw.randrange(60), draw.random()))
    if kind == "page":
        return Event(draw.randrange(8), writes=False, after=False, act=event.act)
    return event


def _end(draw: Random) -> Event:
    kind = draw.choice(ENDS)
    if kind == "crash in a commit":
        at = draw.randrange(COMMITS)
        return Event(at, writes=True, after=False, act=Act(kind, 0, draw.random()))
    return _event(draw, Act(kind))


def chosen(values: Sequence[str] | Sequence[int], value: float) -> str | int:
    """Return one of some values, by a number from 0 to 1."""
    return values[min(int(value * len(values)), len(values) - 1)]
