"""The steps of a run; each one can fail, and be tried again, alone."""

from collections.abc import Sequence
from typing import Any, Protocol

from engine.classic import Phase
from engine.evidence import Part
from engine.library import Library
from engine.plan import Beliefs, PhasePlan, make_plan
from engine.pool import Pool
from engine.reports import LetterResult
from tasks import probing, reading, writing
from tasks.workbench import Workbench


class StepRun(Protocol):
    """A step that was begun, and what came of it."""

    def wait(self) -> None:
        """Wait until it has ended."""

    def result(self) -> Any:  # noqa: ANN401
        """Wait for what it returns.

        Raises:
            PlexbayesError: It failed with it.
            RunStopped: A person stopped it.
        """

    @property
    def failure(self) -> str:
        """Why it did not end well, in a sentence; empty if it did."""

    @property
    def is_cancelled(self) -> bool:
        """Whether a person stopped it."""

    @property
    def is_cached(self) -> bool:
        """Whether an earlier attempt of the same run had done it."""


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
