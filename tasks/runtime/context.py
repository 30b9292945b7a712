"""What a run works with: settings, Plex, the record, the throttle."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from engine.edits import ASSUMED, RATING_ONLY, Capabilities, EditMode
from engine.library import OWNER_ACCOUNT, Level
from engine.planning.batches import MOST_IDS
from tasks.config.settings import Settings
from tasks.machine import MACHINE, Machine
from tasks.plex.client import PlexGateway
from tasks.plex.edits import EditExecutor, Throttle
from tasks.plex.session import Transport, cancellable
from tasks.record.backups import back_up
from tasks.record.lease import LeaseWait, lease
from tasks.record.runs import known_capabilities
from tasks.record.store import ShadowStore
from tasks.runtime.cancellation import CancellationToken, cancelled_by_sigterm


@dataclass(frozen=True)
class Step:
    """A sign of progress for whoever watches a run."""

    letter: str = ""
    phase: str = ""
    items: int = 0
    """How many more items of that letter's phase are written."""
    total: int = 0
    """How many there will be from here on; what was counted before counts no more."""
    note: str = ""
    """A sentence to be shown as it is."""

    @property
    def where(self) -> str:
        """Letter and phase, as far as there are such."""
        return " · ".join(filter(None, (self.letter, self.phase)))


@dataclass(frozen=True)
class Outside:
    """What a run takes from the world outside; a simulation replaces it."""

    transport: Transport | None = None
    """What carries requests to Plex; None: the network."""
    machine: Machine = MACHINE
    """Its clocks and threads."""
    cancellation: CancellationToken | None = None
    """What holds or stops the run from outside; None: nothing but SIGTERM."""


@dataclass(eq=False)
class RunContext:
    """The tools of one run. It is no value: tasks never compare or copy it."""

    settings: Settings
    gateway: PlexGateway
    store: ShadowStore
    executor: EditExecutor
    throttle: Throttle
    cancellation: CancellationToken
    run_id: str
    is_live: bool
    """Whether Plex and the record may be changed; otherwise nothing is."""
    writer: threading.Lock = field(default_factory=threading.Lock)
    """Held by the letter that is being written: Plex has one writer."""
    ensure_lease: Callable[[], None] = lambda: None
    """Fails if another run has taken over the library."""
    begun: float = field(init=False)
    """When, by the machine's clock of elapsed seconds."""
    worked: float = 0.0
    """Seconds spent reading, thinking, writing and resting; the rest is Prefect's."""
    watch: Callable[[Step], None] = lambda _: None
    """Told of every batch that was written."""

    def __post_init__(self) -> None:
        """Begin now."""
        self.begun = self.machine.elapsed()

    @property
    def machine(self) -> Machine:
        """By whose clocks the run goes."""
        return self.store.machine

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count the time of the block as work."""
        begun = self.machine.elapsed()
        try:
            yield
        finally:
            self.worked += self.machine.elapsed() - begun

    def before_write(self) -> None:
        """Wait until a write is allowed: rested, not held, still the only writer."""
        self.throttle.rest_if_due()
        self.cancellation.checkpoint()
        self.ensure_lease()
        # Otherwise an edit would be one of the whole library.
        self.gateway.obeys_ids()

    @property
    def batch_size(self) -> int:
        """The most items in one request."""
        return min(self.settings.cooldown_batch or MOST_IDS, self.executor.at_once)

    @property
    def rated_at_once(self) -> int:
        """The most items in one request that rates."""
        is_single = self.executor.capabilities.rating is EditMode.SINGLE
        return 1 if is_single else self.batch_size

    @property
    def tagged_at_once(self) -> int:
        """Items that one request tags; 1 if none does."""
        is_together = self.executor.capabilities.tagging is EditMode.BATCH
        return self.executor.at_once if self.tag and is_together else 1

    def tag_for(self, level: Level) -> str:
        """Return the tag that inferred ratings of a level get here; empty: none."""
        return self.wanted_tag(level) and self.tag

    def wanted_tag(self, level: Level) -> str:
        """Return the tag that they should get, whether the server takes it or not."""
        is_wanted = level.word in self.settings.inferred_tag_levels
        return self.settings.inferred_tag if is_wanted else ""

    @property
    def tag(self) -> str:
        """The tag that inferred ratings get here, of some level; empty: none."""
        is_taken = self.executor.capabilities.tagging is not EditMode.UNSUPPORTED
        return self.settings.inferred_tag if is_taken else ""


@contextmanager
def open_run(
    settings: Settings,
    run_id: str,
    *,
    live: bool,
    accept: bool = False,
    say: Callable[[str], None] = lambda _: None,
    outside: Outside | None = None,
) -> Iterator[RunContext]:
    """Open what a run works with, and close it again.

    A live run holds the library: no other run writes to it meanwhile, and it waits
    for one that does as long as configured. It begins with a copy of the record,
    unless that is as in the last copy. A dry run opens everything for reading and
    leaves no trace.

    Args:
        settings: What the user chose.
        run_id: By what name the run is recorded.
        live: Whether Plex and the record may be changed.
        accept: Whether the library takes over the record of its namesake, or of
            another account.
        say: Told what a person should know of the account, and whom the run waits for.
        outside: What it takes from outside; None: this machine's own.
    """
    outside = outside or Outside()
    cancellation = outside.cancellation or CancellationToken()
    with ExitStack() as stack:
        stack.enter_context(cancelled_by_sigterm(cancellation))
        gateway = stack.enter_context(_gateway(settings, cancellation, outside))
        address = settings.state_url.get_secret_value()
        whose = address, gateway.identity, outside.machine
        store = stack.enter_context(
            ShadowStore.open(*whose, create=live, accept=accept)
        )
        if gateway.notice:
            say(gateway.notice)
        throttle = _throttle(
            settings,
            outside.machine,
            cancellation,
            lambda sentence: context.watch(Step(note=sentence)),
        )
        executor = EditExecutor(gateway, throttle, capabilities_of(store, gateway))
        context = RunContext(
            settings, gateway, store, executor, throttle, cancellation, run_id, live
        )
        if live:
            stack.enter_context(_held(context, say))
            back_up(address, outside.machine.date)
        yield context


def _gateway(
    settings: Settings, cancellation: CancellationToken, outside: Outside
) -> PlexGateway:
    with cancellable():
        is_cancelled = lambda: cancellation.is_cancelled  # noqa: E731
        return PlexGateway(settings, is_cancelled, outside.transport, outside.machine)


def _throttle(
    settings: Settings,
    machine: Machine,
    cancellation: CancellationToken,
    tell: Callable[[str], None],
) -> Throttle:
    return Throttle(
        settings.cooldown_batch,
        settings.cooldown_sleep,
        settings.cooldown_mode,
        clock=machine.elapsed,
        rest=cancellation.sleep,
        tell=tell,
    )


@contextmanager
def _held(context: RunContext, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the library; every write makes sure that it is still held."""
    wait = context.cancellation.sleep_or_raise
    lease_wait = LeaseWait(context.settings.wait_for_others, wait, say)
    with lease(context.store, context.run_id, lease_wait) as held:
        context.ensure_lease = context.executor.ensure_lease = held.check
        yield


def capabilities_of(store: ShadowStore, gateway: PlexGateway) -> Capabilities:
    """Return what the server can be trusted with, as far as that is known."""
    if gateway.identity.account != OWNER_ACCOUNT:
        return RATING_ONLY
    server = gateway.identity.server
    return known_capabilities(store, server, gateway.version) or ASSUMED
