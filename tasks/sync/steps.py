"""The steps of a run; each one can fail, and be tried again, alone."""

from collections.abc import Sequence

from engine.classic import Phase
from engine.evidence import LibraryView
from engine.library import Library
from engine.planning.batch_sharing import Pool
from engine.planning.plan import PhasePlan, RunParameters, make_plan
from engine.reports.run_report import LetterResult
from tasks.runtime.context import RunContext
from tasks.runtime.runner import StepRun
from tasks.sync import capability_probe as probing
from tasks.sync import letter_writer as writing
from tasks.sync import reader as reading


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
