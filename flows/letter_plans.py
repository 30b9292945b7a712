"""Planning every letter, and writing the first batch, after which plans may change."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from engine.classic import Phase
from engine.evidence import LibraryView
from engine.planning.first_batch import foreseen_step
from engine.planning.plan import PhasePlan, RunParameters
from engine.reports.run_report import Outcome
from tasks.runtime.runner import Run, StepRun
from tasks.sync import steps


@dataclass(eq=False)
class Work:
    """What a run is about, whole and by letter, and what becomes of it."""

    everything: LibraryView
    parts: dict[str, LibraryView]
    phases: Sequence[Phase]
    parameters: RunParameters
    outcome: Outcome
    planned: dict[str, list[StepRun]] = field(default_factory=dict)
    """The steps that plan each letter, in the order of the phases."""

    @property
    def plans(self) -> list[PhasePlan]:
        """The plans of all letters."""
        return [plan for own in self.outcome.plans.values() for plan in own]

    @property
    def last_steps(self) -> list[StepRun]:
        """The steps behind which what follows the planning is drawn."""
        return [step for own in self.planned.values() for step in own[-1:]]


def plan_run(run: Run, work: Work, reading: Sequence[StepRun]) -> None:
    """Plan every letter, in steps that the server is known to keep, or will show.

    A live run writes the first batch to a server that is not known yet. If that did
    not show that the server keeps ratings as finely as they were planned, they are
    planned again.
    """
    executor = run.context.executor
    _plan_letters(run, work, reading)
    step = foreseen_step(executor.capabilities, work.plans, work.everything)
    _plan_coarser(run, work, step, reading)
    if run.context.is_live and executor.capabilities.is_assumed:
        _write_first_batch(run, work)
        _plan_coarser(run, work, executor.capabilities.safe_step, work.last_steps)


def _plan_coarser(run: Run, work: Work, step: float, after: Sequence[StepRun]) -> None:
    grid = work.parameters.grid
    if step > grid.step:
        work.parameters = replace(work.parameters, grid=replace(grid, step=step))
        _plan_letters(run, work, after)


def _plan_letters(run: Run, work: Work, after: Sequence[StepRun]) -> None:
    """Plan every letter, phase after phase; letters do not wait for each other."""
    outcome, parameters = work.outcome, work.parameters
    outcome.plans.clear()  # it may be another attempt, in coarser steps
    outcome.failures.clear()
    work.planned = {letter: [] for letter in outcome.results}
    for phase in work.phases:
        for letter, earlier in work.planned.items():
            earlier.append(
                run.submit(
                    f"{letter} · {phase.label}",
                    *(steps.plan_phase, letter, phase, parameters.grid.step),
                    *(work.parts[letter], list(earlier), parameters),
                    after=earlier[-1:] or after,
                )
            )
    for letter, plans in work.planned.items():
        for plan in plans:
            plan.wait()
        failures = [plan.failure for plan in plans if plan.failure]
        if failures:
            outcome.failures[letter] = failures[0]
            run.report.log_error(f"{letter}: {failures[0]}")
        else:
            outcome.plans[letter] = [plan.result() for plan in plans]


def _write_first_batch(run: Run, work: Work) -> None:
    """Find out with a few ratings how a server may be written to."""
    found = run.submit(
        "write the first batch",
        *(steps.write_first_batch, run.context, work.everything, work.plans),
        after=work.last_steps,
    ).result()
    for key in found.marred if found else ():
        run.report.warn(
            f"Writing item {key} changed its moods or locks, and this server does "
            "not take that back: please look at it in Plex."
        )
