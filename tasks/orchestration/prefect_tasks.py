"""The steps of a run as Prefect tasks: named, retried, and remembered.

Pause, Resume and Cancel in the Prefect UI reach them here.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from httpx import HTTPError
from prefect import runtime, task
from prefect.cache_policies import INPUTS, NO_CACHE, RUN_ID
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State, TaskRun
from prefect.exceptions import Pause, PrefectException
from prefect.futures import PrefectFuture, as_completed
from prefect.states import Cancelled, Failed, Paused, Suspended
from prefect.tasks import Task
from prefect.transactions import get_transaction
from prefect.utilities.annotations import allow_failure, quote

from engine.classic import Phase
from engine.errors import PlexbayesError, RunStopped
from tasks.config.settings import Settings
from tasks.machine import in_a_thread
from tasks.orchestration.artifacts import PrefectReporter
from tasks.orchestration.results import ResultSerializer
from tasks.runtime.cancellation import CancellationToken, cancelled_by_sigterm
from tasks.runtime.context import RunContext, Step
from tasks.runtime.retry import retry_sentence, seconds_to_retry
from tasks.runtime.runner import NO_FILES, PlanFiles, RunInfo, StepRun, sentence_of
from tasks.sync import steps

LOOK = 2.0
"""Seconds between two looks at what the server says of the run."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def ends_in_a_state(
    work: Callable[Arguments, Result],
) -> Callable[Arguments, Result | State[Any]]:
    """Let a task return an expected error as its state; Prefect logs raised ones.

    A task that a person stopped ends Cancelled, which no list shows in red. Neither
    state is kept as a result: a retry does the work again.
    """

    @wraps(work)
    def done(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result | State[Any]:
        try:
            return work(*args, **kwargs)
        except RunStopped as stopped:
            state: State[Any] = Cancelled(message=str(stopped))
        except PlexbayesError as error:
            state = Failed(message=sentence_of(error), data=error)
        transaction = get_transaction()
        if transaction is not None:
            transaction.write_on_commit = False
        return state

    return done


ANEW: dict[str, Any] = {"cache_policy": NO_CACHE, "persist_result": False}
"""Of steps that every attempt of a run does."""
KEPT: dict[str, Any] = {
    "persist_result": True,
    "result_serializer": ResultSerializer(),
}
"""Of steps whose results a retry of the same run takes over."""
PLANNED = RUN_ID + INPUTS - "part" - "earlier" - "parameters"
WRITTEN = RUN_ID + INPUTS - "context" - "everything" - "part" - "pool"

TASKS: Mapping[Callable[..., Any], Task[..., Any]] = {
    step: task(name=name, **options)(ends_in_a_state(step))
    for step, name, options in (
        (steps.read, "read", ANEW),
        (steps.write_first_batch, "write the first batch", ANEW),
        (steps.plan_phase, "plan", KEPT | {"cache_policy": PLANNED}),
        (steps.write_letter, "write", KEPT | {"cache_policy": WRITTEN}),
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
        state = self.future.state
        if state.is_completed():
            return ""
        if state.is_failed():
            error = state.result(raise_on_failure=False)
            if isinstance(error, Exception) and not isinstance(error, PlexbayesError):
                return sentence_of(error)
        return state.message or f"The task ended {state.name}."

    @property
    def is_cancelled(self) -> bool:
        """Whether a person stopped it."""
        return self.future.state.is_cancelled()

    @property
    def is_cached(self) -> bool:
        """Whether an earlier attempt of the same run had done it."""
        return self.future.state.name == "Cached"


def result_of(future: PrefectFuture[Any]) -> Any:  # noqa: ANN401
    """Return what a task gave, or raise the error that it failed with."""
    future.wait()
    if future.state.is_cancelled():
        raise RunStopped(future.state.message or "")
    return future.result()


class PrefectRunner:
    """Carries out the steps of the current flow run as its tasks."""

    def __init__(
        self,
        watch: Callable[[Step], None] = lambda _: None,
        config: Path | None = None,
        plan_files: PlanFiles = NO_FILES,
    ) -> None:
        """Begin; a command line adds what the parameters of a flow cannot carry."""
        self.info = replace(run_info(), config=config, plan_files=plan_files)
        self.report: PrefectReporter = PrefectReporter(watch)
        self._watcher: _FlowStateWatcher | None = None

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
            if isinstance(run, PrefectRun) and not run.is_cancelled
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
    def watched(
        self, cancellation: CancellationToken, resuming: Callable[[], str]
    ) -> Iterator[None]:
        """Let Pause, Resume and Cancel in the UI, and SIGTERM, reach the run."""
        self._watcher = _FlowStateWatcher(cancellation, resuming, self.report)
        with cancelled_by_sigterm(cancellation), self._watcher.listening():
            yield

    def raise_if_suspended(self) -> None:
        """Leave if the run was suspended: Resume starts another process.

        Raises:
            Pause: The run was paused, and has stopped at a checkpoint.
        """
        if self._watcher and self._watcher.suspended:
            raise Pause(state=self._watcher.suspended)


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


class _FlowStateWatcher:
    """Pauses, resumes or cancels a run as its state on the server asks for."""

    def __init__(
        self,
        cancellation: CancellationToken,
        resuming: Callable[[], str],
        report: PrefectReporter,
    ) -> None:
        self._cancellation = cancellation
        self._resuming = resuming
        self._report = report
        self._run = UUID(str(runtime.flow_run.id))
        self._is_held = False
        self.suspended: State | None = None
        """In which state the run was suspended."""

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Look again and again during the block, and a last time after it."""

        def listen(ended: threading.Event) -> None:
            with get_client(sync_client=True) as client:
                while not ended.is_set():
                    ended.wait(LOOK)
                    # A server that is away asks for nothing.
                    with suppress(HTTPError, PrefectException):
                        self._act_on(client, client.read_flow_run(self._run))

        with in_a_thread(listen):
            yield

    def _act_on(self, client: SyncPrefectClient, run: FlowRun) -> None:
        state = run.state
        if state is None:
            return
        if state.is_cancelling() or state.is_cancelled():
            self._stop("Cancelled: the run stops at the next safe point.")
        elif state.is_crashed():  # its `serve` was killed, and started again
            self._stop(
                "Prefect marked the run as crashed: it stops at the next safe point."
            )
        elif state.is_paused():
            self._pause(client, run, state)
        elif self._is_held and state.is_running():
            self._is_held = False
            self._cancellation.resume()
            self._report.say("Resumed.")

    def _pause(self, client: SyncPrefectClient, run: FlowRun, state: State) -> None:
        """Stop a run that Resume can start again, else hold it; without a time-out."""
        can_start_again = state.state_details.pause_reschedule and run.deployment_id
        if state.state_details.pause_timeout or not state.message:
            said = f"What was written is recorded. {self._resuming()}"
            kind = Suspended if can_start_again else Paused
            lasting: State = kind(message=said)
            client.set_flow_run_state(run.id, lasting, force=True)
        if can_start_again:
            self.suspended = state
            self._stop("Paused: the run stops at the next safe point. Resume goes on.")
        elif not self._is_held:
            self._is_held = True
            self._cancellation.pause()
            self._report.say("Paused: the run waits at the next safe point.")

    def _stop(self, sentence: str) -> None:
        if not self._cancellation.is_cancelled:
            self._cancellation.cancel()
            self._report.say(sentence)
