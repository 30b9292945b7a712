"""The steps of a run, each of which can fail alone, and what they take as given."""

from collections.abc import Sequence
from dataclasses import replace

from engine.classic import Phase
from engine.evaluation.tuning import mean_of
from engine.evidence import LibraryView, split
from engine.hierarchical.fitting import fit
from engine.library import Library
from engine.partition import in_order
from engine.planning.batch_sharing import Pool
from engine.planning.first_batch import foreseen_step
from engine.planning.plan import (
    PhasePlan,
    RunParameters,
    drift_tolerance,
    make_plan,
    plan_part,
)
from engine.reports.run_report import LetterResult
from tasks.config.settings import Settings
from tasks.runtime.context import RunContext
from tasks.runtime.runner import StepRun
from tasks.sync import capability_probe as probing
from tasks.sync import letter_writer as writing
from tasks.sync import reader as reading
from tasks.sync.reconcile import LibrarySnapshot


def read(context: RunContext) -> Library:
    """Read the library as it is now."""
    return reading.read(context)


def write_first_batch(
    context: RunContext, everything: LibraryView, plans: Sequence[PhasePlan]
) -> probing.Probe | None:
    """Write a few ratings, and see how the server takes them."""
    with context.writer, context.timed():
        return probing.probe(context, everything, plans)


def plan_phase(
    letter: str,  # noqa: ARG001 (a result is kept by letter, phase and step)
    phase: Phase,
    step: float,  # noqa: ARG001 (likewise)
    part: LibraryView,
    earlier: Sequence[StepRun],
    parameters: RunParameters,
) -> PhasePlan:
    """Plan one phase of one letter, behind its earlier phases."""
    return make_plan(phase, part, [plan.result() for plan in earlier], parameters)


def write_letter(
    letter: str,
    context: RunContext,
    everything: LibraryView,
    part: LibraryView,
    pool: Pool,
) -> LetterResult:
    """Write what was planned for one letter."""
    return writing.write_letter(context, letter, everything, part, pool)


def parameters_of(
    settings: Settings, everything: LibraryView, finest: float
) -> RunParameters:
    """Return what a run that began now would take as given.

    `finest` is the least step in which the server keeps ratings, in points.
    """
    grid, size = settings.grid, len(everything.tracks)
    return RunParameters(
        mean=mean_of(everything),
        tolerance=drift_tolerance(size, dynamic=settings.dynamic_precision),
        constants=settings.constants,
        fit=fit(everything) if settings.model == "hierarchical" else None,
        grid=replace(grid, step=max(grid.step, finest)),
        least=settings.min_confidence,
    )


def plans_of(
    context: RunContext, snapshot: LibrarySnapshot
) -> dict[str, list[PhasePlan]]:
    """Return the plans of each letter, as a run would begin with."""
    everything = snapshot.everything
    parts = split(snapshot.library, everything)

    def planned(step: float) -> dict[str, list[PhasePlan]]:
        parameters = parameters_of(context.settings, everything, step)
        return {
            letter: plan_part(tuple(Phase), parts[letter], parameters)
            for letter in in_order(parts)
        }

    able = context.executor.capabilities
    plans = planned(able.step)
    every = [plan for own in plans.values() for plan in own]
    step = foreseen_step(able, every, everything)
    return plans if step <= able.step else planned(step)
