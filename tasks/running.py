"""The steps of a run as Prefect tasks: named, retried, and remembered."""

from collections.abc import Sequence
from typing import Any

from prefect import task
from prefect.cache_policies import INPUTS, NO_CACHE, RUN_ID
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture
from prefect.tasks import Task

from engine.classic import Phase
from engine.evidence import Part
from engine.library import Library
from engine.plan import Beliefs, PhasePlan, make_plan
from engine.pool import Pool
from engine.reports import LetterResult
from tasks import probing, reading, reporting, writing
from tasks.gate import Gate
from tasks.outcomes import ends_in_a_state, result_of, step_of
from tasks.patience import waited
from tasks.results import ResultSerializer
from tasks.settings import Settings
from tasks.workbench import Workbench


def patient(step: Task[..., Any], settings: Settings, gate: Gate) -> Task[..., Any]:
    """Return the step so that it is tried again while its fault may pass.

    The wait is ours: Prefect's own would sleep through a Ctrl-C.
    """

    def waits(_task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
        error = state.result(raise_on_failure=False)

        def tell(sentence: str) -> None:
            reporting.warn(f"{step_of(run.name, error)}: {sentence}")

        return waited(error, run.run_count, settings, gate, tell)

    return step.with_options(retries=settings.retries, retry_condition_fn=waits)


@task(
    name="read",
    task_run_name="{moment}",
    cache_policy=NO_CACHE,
    persist_result=False,
)
@ends_in_a_state
def read(bench: Workbench, moment: str) -> Library:
    """Read the library as it is now; a retried run reads it again."""
    if bench.gate.is_stopping:
        return reading.read_library(bench.gateway)
    return reading.read_library(bench.gateway, bench.gate.pass_through)


@task(
    name="try the server",
    task_run_name="try the server",
    cache_policy=NO_CACHE,
    persist_result=False,
)
@ends_in_a_state
def probe(bench: Workbench, parts: Sequence[Part]) -> probing.Probe | None:
    """Try out on two items how the server may be written to."""
    with bench.at_work():
        return probing.probe(bench, *parts)


@task(
    name="plan",
    task_run_name="{letter} · {phase.label}",
    persist_result=True,
    result_serializer=ResultSerializer(),
    cache_policy=RUN_ID + INPUTS - "part" - "earlier" - "beliefs",
)
@ends_in_a_state
def plan_phase(
    letter: str,
    phase: Phase,
    part: Part,
    earlier: Sequence[PrefectFuture[PhasePlan]],
    beliefs: Beliefs,
) -> PhasePlan:
    """Plan one phase of one letter; kept for retries of the same run.

    The earlier phases come as futures, so that the graph shows a chain of phases,
    and no arrow from each to each.
    """
    return make_plan(phase, part, [result_of(plan) for plan in earlier], beliefs)


@task(
    name="write",
    task_run_name="{letter} · write",
    persist_result=True,
    result_serializer=ResultSerializer(),
    cache_policy=RUN_ID + INPUTS - "bench" - "everything" - "part" - "pool",
)
@ends_in_a_state
def write_letter(
    letter: str,
    bench: Workbench,
    everything: Part,
    part: Part,
    pool: Pool,
) -> LetterResult:
    """Write one letter; done once in a run, however often the run is retried."""
    return writing.write_letter(bench, letter, everything, part, pool)
