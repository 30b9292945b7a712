"""Planning a run: what all letters take as given, every letter, and the brake."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from engine.classic import Phase
from engine.errors import LargeChange
from engine.evidence import MEAN_WITHOUT_RATINGS, LibraryView, library_mean
from engine.planning.first_batch import foreseen_step
from engine.planning.plan import PhasePlan, RunParameters
from engine.planning.spread import with_spread
from engine.reports.run_report import Outcome
from flows.next_steps import command, go_on
from tasks.record.runs import begin_run, drop_run, first_fit
from tasks.runtime.runner import Run, StepRun
from tasks.sync import steps
from tasks.sync.brake import large_change
from tasks.sync.steps import parameters_of

ACCEPT = "accept_large_change"


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


def agree_on_parameters(run: Run, before: LibraryView) -> RunParameters:
    """Fix what all letters take as given; a retried run keeps its first parameters."""
    context = run.context
    with context.timed():
        step = context.executor.capabilities.step
        parameters = parameters_of(context.settings, before, step)
    if library_mean(before.tracks) is None:
        run.report.warn(
            "No track of this library is rated by hand, so there is nothing to "
            f"learn from: every guess starts from {MEAN_WITHOUT_RATINGS / 2:.1f} stars."
        )
    if context.is_live:
        store, run_id, now = context.store, context.run_id, context.machine.now()
        first = parameters.mean, parameters.constants, now, parameters.fit
        mean, constants = begin_run(store, run_id, *first)
        fit = first_fit(store, run_id)
        parameters = replace(parameters, mean=mean, constants=constants, fit=fit)
        parameters = with_spread(before, parameters, context.settings.spread)
    run.report.say(
        f"Model: {'classic' if parameters.fit is None else 'hierarchical'}. "
        f"Global prior {parameters.mean / 2:.3f} stars. "
        "Dynamic precision: accepting drift up to "
        f"{parameters.tolerance / 2:.3f} stars."
    )
    return parameters


def plan_run(run: Run, work: Work, reading: Sequence[StepRun], *, accept: bool) -> None:
    """Plan every letter, in steps that the server is known to keep, or will show.

    A live run writes the first batch to a server that is not known yet. If that did
    not show that the server keeps ratings as finely as they were planned, they are
    planned again.
    """
    executor = run.context.executor
    _plan_letters(run, work, reading)
    step = foreseen_step(executor.capabilities, work.plans, work.everything)
    _plan_coarser(run, work, step, reading)
    _brake(run, work, accept=accept)
    if run.context.is_live and executor.capabilities.is_assumed:
        behind = [step for own in work.planned.values() for step in own[-1:]]
        _write_first_batch(run, work, behind)
        _plan_coarser(run, work, executor.capabilities.safe_step, behind)


def _brake(run: Run, work: Work, *, accept: bool) -> None:
    """Stop a live run that would change very much; say so in any other.

    What an earlier attempt of the same run began was found moderate, or accepted.

    Raises:
        LargeChange: The run must not go on unless a person accepts that.
    """
    context, info = run.context, run.info
    if context.is_live and context.store.knows(context.run_id):
        return
    results = work.outcome.results.values()
    released = sum(result.released for result in results)
    taken_back = sum(result.taken_back for result in results)
    planned = work.plans, released, taken_back, work.parameters
    found = large_change(context, work.everything, *planned)
    if not found:
        return
    if not context.is_live:
        run.report.warn(f"{found} A live run would stop here.")
        return
    if accept:
        run.report.warn(f"{found} It goes on, as that was accepted.")
        return
    drop_run(context.store, context.run_id)
    words = command(info.command, {**info.parameters, ACCEPT: True}, info.config)
    meant = go_on(info, words, f"start a Custom run with {ACCEPT}")
    raise LargeChange(f"{found} Nothing was written. Is it meant? {meant}")


def _plan_coarser(run: Run, work: Work, step: float, after: Sequence[StepRun]) -> None:
    grid = work.parameters.grid
    if grid.coarser(step) != grid:
        work.parameters = replace(work.parameters, grid=grid.coarser(step))
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


def _write_first_batch(run: Run, work: Work, after: Sequence[StepRun]) -> None:
    """Find out with a few ratings how a server may be written to."""
    found = run.submit(
        "write the first batch",
        *(steps.write_first_batch, run.context, work.everything, work.plans),
        after=after,
    ).result()
    for key in found.damaged if found else ():
        run.report.warn(
            f"Writing item {key} changed its moods or locks, and this server does "
            "not take that back: please look at it in Plex."
        )
