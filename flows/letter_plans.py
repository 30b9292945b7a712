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

Planned = dict[str, list[StepRun]]
"""The steps that plan each letter, in the order of the phases."""


@dataclass(frozen=True, eq=False)
class Work:
    """What a run is about, whole and by letter, and what becomes of it."""

    everything: LibraryView
    parts: dict[str, LibraryView]
    outcome: Outcome = field(default_factory=Outcome)

    @property
    def plans(self) -> list[PhasePlan]:
        """The plans of all letters."""
        return [plan for own in self.outcome.plans.values() for plan in own]


def plan_run(
    run: Run,
    work: Work,
    phases: Sequence[Phase],
    parameters: RunParameters,
    reading: Sequence[StepRun],
) -> tuple[RunParameters, Planned]:
    """Plan every letter, in steps that the server is known to keep, or will show."""
    planned = plan_letters(run, work, phases, parameters, reading)
    able = run.context.executor.capabilities
    step = foreseen_step(able, work.plans, work.everything)
    if step <= parameters.grid.step:
        return parameters, planned
    coarse = replace(parameters, grid=replace(parameters.grid, step=step))
    return coarse, plan_letters(run, work, phases, coarse, reading)


def begin_with_care(
    run: Run,
    work: Work,
    phases: Sequence[Phase],
    parameters: RunParameters,
    planned: Planned,
) -> tuple[RunParameters, Planned]:
    """Write the first batch to a server that is not known yet.

    If it did not show that it keeps ratings as finely as they were planned, they are
    planned again.
    """
    _write_first_batch(run, work, last_of(planned))
    step = run.context.executor.capabilities.safe_step
    if step <= parameters.grid.step:
        return parameters, planned
    coarse = replace(parameters, grid=replace(parameters.grid, step=step))
    return coarse, plan_letters(run, work, phases, coarse, last_of(planned))


def plan_letters(
    run: Run,
    work: Work,
    phases: Sequence[Phase],
    parameters: RunParameters,
    after: Sequence[StepRun],
) -> Planned:
    """Plan every letter, phase after phase; letters do not wait for each other.

    Returns:
        The steps of each letter, in the order of the phases.
    """
    outcome, parts = work.outcome, work.parts
    outcome.plans.clear()  # it may be another attempt, in coarser steps
    outcome.failures.clear()
    planned: Planned = {letter: [] for letter in outcome.results}
    for phase in phases:
        for letter, earlier in planned.items():
            earlier.append(
                run.submit(
                    f"{letter} · {phase.label}",
                    *(steps.plan_phase, letter, phase, parameters.grid.step),
                    *(parts[letter], list(earlier), parameters),
                    after=earlier[-1:] or after,
                )
            )
    for letter, plans in planned.items():
        for plan in plans:
            plan.wait()
        failures = [plan.failure for plan in plans if plan.failure]
        if failures:
            outcome.failures[letter] = failures[0]
            run.report.log_error(f"{letter}: {failures[0]}")
        else:
            outcome.plans[letter] = [plan.result() for plan in plans]
    return planned


def last_of(planned: Planned) -> list[StepRun]:
    """Return the steps behind which what follows the planning is drawn."""
    return [step for own in planned.values() for step in own[-1:]]


def _write_first_batch(run: Run, work: Work, after: Sequence[StepRun]) -> None:
    """Find out with a few ratings how a server may be written to."""
    found = run.submit(
        "write the first batch",
        *(steps.write_first_batch, run.context, work.everything, work.plans),
        after=after,
    ).result()
    for key in found.marred if found else ():
        run.report.warn(
            f"Writing item {key} changed its moods or locks, and this server does "
            "not take that back: please look at it in Plex."
        )
