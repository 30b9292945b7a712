"""Every verb as a plain function, without a Prefect server, and how it may end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from engine.classic import chosen_phases
from engine.edits import Capabilities
from engine.errors import PlexUnreachable
from engine.evidence import LibraryView, split
from engine.planning.batch_sharing import Pool
from engine.reports.run_report import taken_over
from tasks.config.settings import Settings
from tasks.runtime.context import Outside, RunContext, open_run
from tasks.sync.capability_probe import probe
from tasks.sync.integrity import ensure_record_current, ensure_record_present
from tasks.sync.letter_writer import write_letter
from tasks.sync.plain_plans import plans_of
from tasks.sync.reader import read
from tasks.sync.reconcile import reconcile, snapshot_of
from tests.simulator.control import dump
from tests.simulator.in_memory import InMemory
from tests.simulator.plex import Plex
from tests.state_machine.record import Record

Planned = list[tuple[str, str, float]]
"""Level, guid and points of every rating that is to be written."""


class Died(Exception):
    """A process was killed."""


def infer_plainly(
    context: RunContext, *, phases: str = "1-4", letters: str = "", attempts: int = 1
) -> Planned:
    """Infer as the flow does; return what was planned.

    Args:
        context: The context of the run.
        phases: Which of them.
        letters: Which of them; empty for all.
        attempts: How often a letter is tried whose write has no known outcome.
    """
    ensure_record_present(context.store, context.gateway)
    compare = reconcile if context.is_live else snapshot_of
    snapshot = compare(context, read(context))
    ensure_record_current(context, snapshot)
    parts = split(snapshot.library, snapshot.everything)
    wanted = chosen_phases(phases), letters
    plans = plans_of(context, snapshot, *wanted)
    if context.is_live and context.executor.capabilities.is_assumed:
        probe(context, snapshot.everything, [p for own in plans.values() for p in own])
        # Now it is known, or it will not be in this run.
        able = context.executor.capabilities
        able = replace(able, step=able.safe_step, is_step_seen=True)
        context.executor.capabilities = able
        plans = plans_of(context, snapshot, *wanted)
    if context.is_live:
        pool = Pool(plans, tagged=context.tagged_at_once)
        for letter, own in plans.items():
            if any(map(len, own)) or taken_over(parts[letter]):
                _write(
                    context, letter, snapshot.everything, parts[letter], pool, attempts
                )
        reconcile(context, read(context))
    return [
        (plan.phase.level.word, guid, points)
        for own in plans.values()
        for plan in own
        for guid, points in zip(plan.guid, plan.after.tolist(), strict=True)
    ]


def _write(
    context: RunContext,
    letter: str,
    everything: LibraryView,
    part: LibraryView,
    pool: Pool,
    attempts: int,
) -> None:
    for attempt in range(1, attempts + 1):
        try:
            write_letter(context, letter, everything, part, pool)
        except PlexUnreachable:
            if attempt == attempts:
                raise
        else:
            return


class Operator:
    """Starts runs against one Plex and one record, and may break them off.

    Without abilities, the server is not known and is tried out.
    """

    def __init__(
        self,
        plex: Plex,
        record: Record,
        settings: Settings,
        capabilities: Capabilities | None = None,
    ) -> None:
        self._plex = plex
        self._abilities = capabilities
        self._record = record
        self._settings = settings
        self._runs = 0

    def spoil(self, turn: int, fault: str, times: int | None = None) -> None:
        """Let a write, and maybe all after it, have no known outcome."""
        match = {"method": "PUT", "from": turn, "times": times}
        self._plex.faults.set([{"match": match, "do": fault}])

    def do(
        self,
        work: Callable[[RunContext], Any],
        at: int = 0,
        act: Callable[[], None] = lambda: None,
    ) -> Any:
        """Let something change Plex; nothing is returned if that was killed.

        Args:
            work: What a run does.
            at: After how many batches something happens; 0: nothing does.
            act: What happens.
        """
        try:
            with self._context(live=True) as context:
                context.watch = Countdown(at, act)
                return work(context)
        except (PlexUnreachable, Died):
            self._record.die()
            return None
        finally:
            self._plex.faults.set([])

    def look(self, work: Callable[[RunContext], Any]) -> Any:
        """Do something that must change nothing."""
        before = dump(self._plex.world), self._record.text()
        with self._context(live=False) as context:
            found = work(context)
        assert (dump(self._plex.world), self._record.text()) == before
        return found

    @contextmanager
    def _context(self, *, live: bool) -> Iterator[RunContext]:
        self._runs += 1
        outside, run_id = Outside(transport=InMemory(self._plex)), f"run {self._runs}"
        with open_run(self._settings, run_id, live=live, outside=outside) as context:
            if self._abilities:
                context.executor.capabilities = self._abilities
            yield context


class Countdown:
    """Does something once, after so many signs of progress."""

    def __init__(self, turns: int, act: Callable[[], None]) -> None:
        self._left = turns
        self._act = act

    def __call__(self, _: object) -> None:
        """Count one sign of progress."""
        self._left -= 1
        if not self._left:
            self._act()
