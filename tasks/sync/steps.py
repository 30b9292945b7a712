"""The steps of a run; each one can fail, and be tried again, alone."""

from collections.abc import Sequence

from engine.classic import Phase
from engine.evidence import Part
from engine.library import Library
from engine.planning.batch_sharing import Pool
from engine.planning.plan import Beliefs, PhasePlan, make_plan
from engine.reports.run_report import LetterResult
from tasks.runtime.context import Workbench
from tasks.runtime.runner import StepRun
from tasks.sync import capability_probe as probing
from tasks.sync import letter_writer as writing
from tasks.sync import reader as reading


def read(bench: Workbench) -> Library:
    """Read the library as it is now."""
    if bench.gate.is_stopping:
        return reading.read_library(bench.gateway)
    return reading.read_library(bench.gateway, bench.gate.pass_through)


def try_server(bench: Workbench, parts: Sequence[Part]) -> probing.Probe | None:
    """Try out on two items how the server may be written to."""
    with bench.at_work():
        return probing.probe(bench, *parts)


def plan_phase(
    letter: str,  # noqa: ARG001 (tells what the plan is for)
    phase: Phase,
    part: Part,
    earlier: Sequence[StepRun],
    beliefs: Beliefs,
) -> PhasePlan:
    """Plan one phase of one letter, behind its earlier phases."""
    return make_plan(phase, part, [plan.result() for plan in earlier], beliefs)


def write_letter(
    letter: str, bench: Workbench, everything: Part, part: Part, pool: Pool
) -> LetterResult:
    """Write what was planned for one letter."""
    return writing.write_letter(bench, letter, everything, part, pool)
