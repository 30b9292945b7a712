"""Planning every letter, and the first batch, which may tell to plan anew."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from engine.classic import Phase
from engine.evidence import LibraryView
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


def begin_with_care(
    run: Run,
    work: Work,
    phases: Sequence[Phase],
    parameters: RunParameters,
    planned: Planned,
) -> tuple[RunParameters, Planned]:
    """Write the first batch to a server that is not known yet.

    If it turns out to keep ratings less finely than they were planned, they are
    planned anew.
    """
    plans = [plan for own in work.outcome.plans.values() for plan in own]
    behind = [step for own in planned.values() for step in own[-1:]]
    _write_first_batch(run, work.everything, plans, behind)
    step = run.context.executor.capabilities.step
    if step <= parameters.grid.step:
        return parameters, planned
    coarse = replace(parameters, grid=replace(parameters.grid, step=step))
    return coarse, plan_letters(run, work, phases, coarse, behind)


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


def _write_first_batch(
    run: Run,
    everything: LibraryView,
    plans: Sequence[PhasePlan],
    planned: Sequence[StepRun],
) -> None:
    """Find out with two ratings how a server may be written to that is not known yet.

    Args:
        run: A live run.
        everything: The library that was planned for.
        plans: What is to be written.
        planned: The steps behind which this one is drawn.
    """
    found = run.submit(
        "write the first batch",
        *(steps.write_first_batch, run.context, everything, plans),
        after=planned,
    ).result()
    for key in found.marred if found else ():
        run.report.warn(
            f"Writing item {key} changed its moods or locks, and this server does "
            "not take that back: please look at it in Plex."
        )
