"""The steps of a run as Prefect tasks: named, retried, and remembered."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prefect import runtime, task
from prefect.cache_policies import INPUTS, NO_CACHE, RUN_ID
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture, as_completed
from prefect.tasks import Task
from prefect.utilities.annotations import allow_failure, quote

from engine.classic import Phase
from tasks.config.settings import Settings
from tasks.orchestration.artifacts import PrefectReporter
from tasks.orchestration.flow_state_watcher import FlowStateWatcher, watch_flow_state
from tasks.orchestration.result_serializer import ResultSerializer
from tasks.orchestration.task_states import ends_in_a_state, failure_of, result_of
from tasks.runtime.cancellation import CancellationToken, cancelled_by_sigterm
from tasks.runtime.context import RunContext, Step
from tasks.runtime.retry import retry_sentence, seconds_to_retry
from tasks.runtime.runner import RunInfo, StepRun
from tasks.sync import steps

KEPT: dict[str, Any] = {
    "persist_result": True,
    "result_serializer": ResultSerializer(),
}
"""Results that a retry of the same run takes over."""

TASKS: Mapping[Callable[..., Any], Task[..., Any]] = {
    step: task(name=name, **options)(ends_in_a_state(step))
    for step, name, options in (
        (steps.read, "read", {"cache_policy": NO_CACHE, "persist_result": False}),
        (
            steps.write_first_batch,
            "write the first batch",
            {"cache_policy": NO_CACHE, "persist_result": False},
        ),
        (
            steps.plan_phase,
            "plan",
            {"cache_policy": RUN_ID + INPUTS - "part" - "earlier" - "parameters"}
            | KEPT,
        ),
        (
            steps.write_letter,
            "write",
            {
                "cache_policy": RUN_ID
                + INPUTS
                - "context"
                - "everything"
                - "part"
                - "pool"
            }
            | KEPT,
        ),
    )
}
"""The tasks that carry out the steps of `infer`."""


@dataclass(frozen=True, eq=False)
class PrefectRun:
    """A task that was submitted."""

    future: PrefectFuture[Any]

    def wait(self) -> None:
        """Wait until it has ended; raises what suspends the run."""
        self.future.wait()

    def result(self) -> Any:  # noqa: ANN401
        """Wait for what it returns, or raise what it failed with."""
        return result_of(self.future)

    @property
    def failure(self) -> str:
        """Why it did not end well, in a sentence; empty if it did."""
        return failure_of(self.future)

    @property
    def is_cancelled(self) -> bool:
        """Whether a person stopped it."""
        return self.future.state.is_cancelled()

    @property
    def is_cached(self) -> bool:
        """Whether an earlier attempt of the same run had done it."""
        return self.future.state.name == "Cached"


class PrefectRunner:
    """Carries out the steps of the current flow run as its tasks."""

    def __init__(
        self,
        watch: Callable[[Step], None] = lambda _: None,
        config: Path | None = None,
        plan_file: Path | None = None,
    ) -> None:
        """Begin; a command line adds what the parameters of a flow cannot carry."""
        self.info: RunInfo = replace(run_info(), config=config, plan_file=plan_file)
        self.report: PrefectReporter = PrefectReporter(watch)
        self._watcher: FlowStateWatcher | None = None

    def submit(
        self,
        name: str,
        step: Callable[..., Any],
        *args: Any,  # noqa: ANN401
        context: RunContext,
        after: Sequence[StepRun] = (),
    ) -> StepRun:
        """Submit a step as a task, drawn behind others."""
        behind: list[Any] = [
            allow_failure(run.future)
            for run in after
            if isinstance(run, PrefectRun) and not run.future.state.is_cancelled()
        ]
        words = [arg if isinstance(arg, str | Phase) else quote(arg) for arg in args]
        own = with_retry_policy(
            TASKS[step], context.settings, context.cancellation, self.report.warn
        ).with_options(task_run_name=name)
        return PrefectRun(own.submit(*words, wait_for=behind))

    def as_completed(self, runs: Sequence[StepRun]) -> Iterator[StepRun]:
        """Yield tasks as they end, whether well or not."""
        by_future = {run.future: run for run in runs if isinstance(run, PrefectRun)}
        for future in as_completed(list(by_future)):
            yield by_future[future]

    @contextmanager
    def watched(self, cancellation: CancellationToken, resuming: str) -> Iterator[None]:
        """Let Pause, Resume and Cancel in the UI, and SIGTERM, reach the run."""
        with ExitStack() as stack:
            stack.enter_context(cancelled_by_sigterm(cancellation))
            self._watcher = stack.enter_context(
                watch_flow_state(cancellation, self.report, resuming)
            )
            yield

    def raise_if_suspended(self) -> None:
        """Leave if the run was suspended: another process will go on with it."""
        if self._watcher is not None:
            self._watcher.raise_if_suspended()


def run_info() -> RunInfo:
    """Return what the current flow run is called, and what was asked of it."""
    return RunInfo(
        id=str(runtime.flow_run.id),
        command=str(runtime.flow_run.flow_name),
        parameters=runtime.flow_run.parameters,
        is_deployed=bool(runtime.deployment.id),
    )


def with_retry_policy(
    step: Task[..., Any],
    settings: Settings,
    cancellation: CancellationToken,
    warn: Callable[[str], None],
) -> Task[..., Any]:
    """Return a task so that it is tried again while its error may pass.

    The wait is ours: Prefect's own would sleep through a Ctrl-C.
    """

    def waits(_task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
        error = state.result(raise_on_failure=False)
        seconds = seconds_to_retry(error, run.run_count, settings, cancellation)
        if seconds is None:
            return False
        warn(retry_sentence(error, seconds, run.name))
        cancellation.sleep(seconds)
        return not cancellation.is_cancelled

    return step.with_options(retries=settings.retries, retry_condition_fn=waits)
