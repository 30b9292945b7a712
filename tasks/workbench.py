"""What a run works with: settings, Plex, the record, the throttle and the gate."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from engine.batches import MOST_IDS
from tasks.gate import Gate, stopped_by_sigterm
from tasks.plex.gateway import PlexGateway
from tasks.plex.throttle import Throttle
from tasks.settings import Settings
from tasks.shadow.lease import lease
from tasks.shadow.store import ShadowStore

GATE: ContextVar[Gate | None] = ContextVar("gate", default=None)
"""The gate that a signal handler holds, if this process has one."""


@dataclass(frozen=True)
class Step:
    """A sign of progress for whoever watches a run."""

    letter: str = ""
    phase: str = ""
    items: int = 0
    """How many more items of that letter's phase are written."""
    total: int = 0
    """How many there will be in all, told once."""
    note: str = ""
    """A sentence to be shown as it is."""


WATCHER: ContextVar[Callable[[Step], None] | None] = ContextVar("watcher", default=None)
"""Who is told of progress while it happens; a terminal, for one."""


@dataclass(eq=False)
class Workbench:
    """The tools of one run. It is no value: tasks never compare or copy it."""

    settings: Settings
    gateway: PlexGateway
    store: ShadowStore
    throttle: Throttle
    gate: Gate
    run_id: str
    is_live: bool
    """Whether Plex and the record may be changed; otherwise nothing is."""
    writer: threading.Lock = field(default_factory=threading.Lock)
    """Held by the letter that is being written: Plex has one writer."""
    still_held: Callable[[], None] = lambda: None
    """Fails if another run has taken over the library."""
    begun: float = field(default_factory=time.monotonic)
    worked: float = 0.0
    """Seconds spent reading, thinking, writing and resting; the rest is Prefect's."""
    watch: Callable[[Step], None] = lambda _: None
    """Told of every batch that was written."""

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Count the time of the block as work."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.worked += time.monotonic() - begun

    def await_turn(self) -> None:
        """Wait until a write is allowed: rested, not held, still the only writer."""
        self.throttle.rest_if_due()
        self.gate.pass_through()
        self.still_held()

    @property
    def batch_size(self) -> int:
        """The most items in one request."""
        return min(self.settings.cooldown_batch or MOST_IDS, MOST_IDS)


@contextmanager
def workbench(
    settings: Settings, run_id: str, *, live: bool, accept: bool = False
) -> Iterator[Workbench]:
    """Lay out the tools of a run, and put them away again.

    A live run holds the library: no other run writes to it meanwhile. A dry
    run opens everything for reading and leaves no trace.

    Args:
        settings: What the user chose.
        run_id: By what name the run is recorded.
        live: Whether Plex and the record may be changed.
        accept: Whether a library created anew takes over its namesake's record.
    """
    gate = GATE.get() or Gate()
    with ExitStack() as stack:
        stack.enter_context(stopped_by_sigterm(gate))
        gateway = stack.enter_context(PlexGateway(settings))
        address = settings.state_url.get_secret_value()
        store = stack.enter_context(
            ShadowStore.open(address, gateway.identity, create=live, accept=accept)
        )
        throttle = Throttle(
            settings.cooldown_batch,
            settings.cooldown_sleep,
            settings.cooldown_mode,
            clock=time.monotonic,
            rest=gate.rest,
            tell=lambda sentence: bench.watch(Step(note=sentence)),
        )
        bench = Workbench(settings, gateway, store, throttle, gate, run_id, live)
        if live:
            bench.still_held = stack.enter_context(lease(store, run_id)).check
        yield bench
