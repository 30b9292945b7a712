"""Every verb as a plain function, without a Prefect server, and how it may end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from engine.classic import chosen_phases
from engine.edits import Capabilities
from engine.errors import PlexUnreachable
from engine.planning.undo_plan import Selection, Undone
from engine.reports.run_report import LettersFailed
from flows.pipeline import Request, carry_out
from flows.run_summary import conclude
from tasks.commands.undo import undo
from tasks.config.settings import Settings
from tasks.runtime.context import Outside, RunContext, Step, open_run
from tasks.runtime.progress import Reporter
from tasks.runtime.runner import PlainRunner, Run, RunInfo, StepRun
from tasks.sync import steps
from tasks.sync.integrity import ensure_record_present
from tests.simulator.control import dump
from tests.simulator.in_memory import InMemory
from tests.simulator.plex import Plex
from tests.state_machine.record import Record

Planned = list[tuple[str, str, float]]
"""Level, guid and points of every rating that is to be written."""


class Died(Exception):
    """A process was killed."""


class _Planner(PlainRunner):
    """Also remembers the latest plans of each letter and phase."""

    def __init__(self, context: RunContext) -> None:
        super().__init__(RunInfo(context.run_id, "infer"), Reporter(context.watch))
        self.plans: dict[str, StepRun] = {}

    def submit(self, name: str, step: Callable[..., Any], *args: Any, **facts: Any):
        run = super().submit(name, step, *args, **facts)
        if step is steps.plan_phase:
            self.plans[name] = run
        return run


def infer_plainly(
    context: RunContext, *, phases: str = "1-4", letters: str = "", retries: int = 0
) -> Planned:
    """Infer as `plexbayes infer` does; return what was planned.

    Args:
        context: The context of the run.
        phases: Which of them.
        letters: Which of them; empty for all.
        retries: How often a step is tried again, at once.
    """
    wishes = {"retries": retries, "retry_delay": 0.0}
    context.settings = context.settings.model_copy(update=wishes)
    runner, watch = _Planner(context), context.watch
    ensure_record_present(context.store, context.gateway)
    run = Run(runner, context)
    try:
        summary = carry_out(run, chosen_phases(phases), letters, Request()).summary
    finally:
        context.watch = watch
    conclude(run, summary, lambda: "Stopped.")
    return [
        (plan.phase.level.word, guid, points)
        for plan in (planned.result() for planned in runner.plans.values())
        for guid, points in zip(plan.guid, plan.after.tolist(), strict=True)
    ]


def undo_plainly(context: RunContext, **chosen: Any) -> Undone:
    """Undo all, or what is chosen."""
    return undo(context, Selection(**chosen))


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
        self.broken_off_by: Exception | None = None
        """Why the last run that came to no end did not."""

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
        batches = 0

        def count(step: Step) -> None:
            nonlocal batches
            batches += bool(step.phase)
            if step.phase and batches == at:
                act()

        try:
            with self._context(live=True) as context:
                context.watch = count
                return work(context)
        except (PlexUnreachable, LettersFailed, Died) as error:
            self.broken_off_by = error
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
