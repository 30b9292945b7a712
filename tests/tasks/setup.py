"""A run by hand, without Prefect: take stock, plan what a test wishes, write."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from engine.classic import Phase
from engine.edits import ASSUMED, Capabilities
from engine.evidence import LibraryView
from engine.planning.batch_sharing import Pool
from engine.planning.plan import PhasePlan
from engine.rating_scale import Estimates
from engine.reports.run_report import LetterResult
from tasks.plex.client import PlexGateway
from tasks.plex.edits import EditExecutor, Throttle
from tasks.record.store import ShadowStore
from tasks.runtime.cancellation import CancellationToken
from tasks.runtime.context import RunContext
from tasks.sync.letter_writer import write_letter
from tasks.sync.reconcile import reconcile
from tasks.sync.steps import read
from tests.simulator.control import Control
from tests.simulator.in_memory import InMemory
from tests.simulator.process import Simulator
from tests.simulator.world import World
from tests.state_machine.accounts import Served, serving
from tests.tasks.building import settings_of

TRACKS = Phase.TRACK_DOWN
Wishes = dict[int, float]
"""Points by ratingKey."""


class LocalPlex(Control):
    """A simulator in this process: a run needs no wire to reach it."""

    def __init__(self, plex: Served) -> None:
        self.url, self.token = plex.url, plex.options.token
        self.shared_token = plex.options.shared_token
        self.transport = InMemory(plex)
        super().__init__(plex)

    @classmethod
    @contextmanager
    def of(cls, world: World) -> Iterator["LocalPlex"]:
        """Serve a world, for those who come by the wire all the same."""
        with serving(Served(world)) as plex:
            yield cls(plex)


@contextmanager
def context_for(
    plex: LocalPlex | Simulator,
    path: Path,
    capabilities: Capabilities = ASSUMED,
    **wishes: Any,
) -> Iterator[RunContext]:
    """Lay out the tools of a live run whose record is a file."""
    settings = settings_of(plex, **({"cooldown_sleep": 0} | wishes))
    cancellation = CancellationToken()
    throttle = Throttle(
        settings.cooldown_batch,
        settings.cooldown_sleep,
        settings.cooldown_mode,
        clock=time.monotonic,
        rest=cancellation.sleep,
    )
    with (
        PlexGateway(settings, transport=getattr(plex, "transport", None)) as gateway,
        ShadowStore.open(f"sqlite:///{path}", gateway.identity, create=True) as store,
    ):
        executor = EditExecutor(gateway, throttle, capabilities)
        tools = settings, gateway, store, executor, throttle, cancellation
        yield RunContext(*tools, run_id="run 1", is_live=True)


def snapshot(context: RunContext) -> LibraryView:
    """Read everything and bring the record up to date."""
    return reconcile(context, read(context)).everything


def plan_for(part: LibraryView, wishes: Wishes, phase: Phase = TRACKS) -> PhasePlan:
    """Plan to give items what a test wishes."""
    items = part[phase.level].items
    keys = np.array(sorted(wishes), np.int64)
    after = np.array([wishes[key] for key in keys.tolist()])
    return PhasePlan(
        phase=phase,
        key=keys,
        guid=items.guid[items.rows_of(keys)],
        before=np.full(len(keys), np.nan),
        after=after,
        estimates=Estimates.plain(after, np.ones(len(keys), np.int64)),
        kept=0,
        cleared=0,
    )


def write(context: RunContext, part: LibraryView, *plans: PhasePlan) -> LetterResult:
    """Write plans as those of one letter."""
    return write_letter(context, "X", part, part, Pool({"X": plans}))


def infer(context: RunContext, wishes: Wishes) -> LetterResult:
    """Give tracks what a test wishes, from beginning to end."""
    part = snapshot(context)
    result = write(context, part, plan_for(part, wishes))
    snapshot(context)
    return result
