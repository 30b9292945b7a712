"""Who carries out the steps of a run: this process alone, or Prefect."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from engine.errors import PlexbayesError, RunStopped
from tasks.runtime.cancellation import CancellationToken
from tasks.runtime.context import RunContext
from tasks.runtime.progress import Reporter
from tasks.runtime.retry import phase_of, retry_sentence, seconds_to_retry


@dataclass(frozen=True)
class PlanFiles:
    """Files for the whole plan of a run; None: none."""

    table: Path | None = None
    """A CSV file, to be looked at."""
    saved: Path | None = None
    """A JSON file, to be applied later."""


NO_FILES = PlanFiles()


@dataclass(frozen=True)
class RunInfo:
    """What a run is called, and what was asked of it."""

    id: str
    command: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """As words and numbers, by the names of the flow's parameters."""
    is_deployed: bool = False
    """Whether a person can start it again in the Prefect UI."""
    config: Path | None = None
    """The configuration that a command line named; None: as the parameters say."""
    plan_files: PlanFiles = NO_FILES
    """Where the whole plan goes to."""


class StepRun(Protocol):
    """A step that was begun, and what came of it."""

    def wait(self) -> None:
        """Wait until it has ended."""

    def result(self) -> Any:  # noqa: ANN401
        """Wait for what it returns, or raise what it failed with."""

    @property
    def failure(self) -> str:
        """Why it did not end well, in a sentence; empty if it did."""

    @property
    def is_cancelled(self) -> bool:
        """Whether a person stopped it."""

    @property
    def is_cached(self) -> bool:
        """Whether an earlier attempt of the same run had done it."""


class Runner(Protocol):
    """Carries out the steps of one run."""

    @property
    def info(self) -> RunInfo:
        """What the run is called, and what was asked of it."""

    @property
    def report(self) -> Reporter:
        """Who is told how it goes."""

    def submit(
        self,
        name: str,
        step: Callable[..., Any],
        *args: Any,  # noqa: ANN401
        context: RunContext,
        after: Sequence[StepRun] = (),
    ) -> StepRun:
        """Begin a step; it is tried again while its error may pass.

        Args:
            name: What this one is called.
            step: One of the steps of tasks.sync.
            args: What it gets.
            context: The context of the run.
            after: The steps that it comes after, whether they failed or not.
        """

    def as_completed(self, runs: Sequence[StepRun]) -> Iterator[StepRun]:
        """Yield steps as they end, whether well or not."""

    def watched(
        self, cancellation: CancellationToken, resuming: Callable[[], str]
    ) -> AbstractContextManager[None]:
        """Let people pause and cancel the run while the block runs.

        `resuming` tells a person who finds the run paused how to go on.
        """

    def raise_if_suspended(self) -> None:
        """Leave if the run was suspended: another process will go on with it."""


@dataclass(frozen=True, eq=False)
class Run:
    """A run under way: its context, and who carries out its steps."""

    runner: Runner
    context: RunContext

    @property
    def info(self) -> RunInfo:
        """What it is called, and what was asked of it."""
        return self.runner.info

    @property
    def report(self) -> Reporter:
        """Who is told how it goes."""
        return self.runner.report

    def submit(
        self,
        name: str,
        step: Callable[..., Any],
        *args: Any,  # noqa: ANN401
        after: Sequence[StepRun] = (),
    ) -> StepRun:
        """Begin a step; see `Runner.submit`."""
        return self.runner.submit(name, step, *args, context=self.context, after=after)


class PlainRunner:
    """Carries out steps in this process, one after the other, without Prefect.

    They begin in the order in which they were submitted. One whose error may pass
    comes again after its wait, and the others go on meanwhile.
    """

    def __init__(self, info: RunInfo, report: Reporter) -> None:
        self.info = info
        self.report = report
        self._queue: list[_PlainRun] = []

    def submit(
        self,
        name: str,
        step: Callable[..., Any],
        *args: Any,  # noqa: ANN401
        context: RunContext,
        after: Sequence[StepRun] = (),  # noqa: ARG002 (they are earlier in the queue)
    ) -> StepRun:
        """Put a step behind all others."""
        run = _PlainRun(name, partial(step, *args), context, self.carry_out_next)
        self._queue.append(run)
        return run

    def as_completed(self, runs: Sequence[StepRun]) -> Iterator[StepRun]:
        """Yield steps as they end, whether well or not."""
        left = [run for run in runs if isinstance(run, _PlainRun)]
        while left:
            while not any(run.is_done for run in left):
                self.carry_out_next()
            yield from (run for run in left if run.is_done)
            left = [run for run in left if not run.is_done]

    def watched(self, *_: object) -> AbstractContextManager[None]:
        """Leave holding and stopping to the signals of the terminal."""
        return nullcontext()

    def raise_if_suspended(self) -> None:
        """Do nothing: a terminal holds a run, and keeps its process."""

    def carry_out_next(self) -> None:
        """Make one attempt at the step that is due first, and wait for it if need be.

        Whoever waits for a step inside another one carries on with the same queue.
        """
        run = min(self._queue, key=lambda run: run.due)
        context = run.context
        context.cancellation.sleep(max(0.0, run.due - context.machine.elapsed()))
        self._queue.remove(run)
        run.attempts += 1
        try:
            if run.due:
                context.cancellation.checkpoint()
            run.returned = run.act()
        except PlexbayesError as error:
            seconds = seconds_to_retry(
                error, run.attempts, context.settings, context.cancellation
            )
            if seconds is not None:
                self.report.warn(retry_sentence(error, seconds, run.name))
                run.due = context.machine.elapsed() + seconds
                self._queue.append(run)
                return
            run.error = error
        run.is_done = True


@dataclass(eq=False)
class _PlainRun:
    """A step that this process carries out when somebody waits for it."""

    name: str
    act: Callable[[], Any]
    context: RunContext
    carry_out_next: Callable[[], None]
    attempts: int = 0
    due: float = 0.0
    """Not before this time of the monotonic clock."""
    is_done: bool = False
    returned: Any = None
    error: PlexbayesError | None = None

    is_cached = False
    """No earlier attempt of the run did it: every run is a new one."""

    def wait(self) -> None:
        while not self.is_done:
            self.carry_out_next()

    def result(self) -> Any:  # noqa: ANN401
        self.wait()
        if self.error is not None:
            raise self.error
        return self.returned

    @property
    def failure(self) -> str:
        self.wait()
        return "" if self.error is None else sentence_of(self.error)

    @property
    def is_cancelled(self) -> bool:
        self.wait()
        return isinstance(self.error, RunStopped)


def sentence_of(error: BaseException) -> str:
    """Return an error as people read it, behind the phase in which it happened."""
    if not isinstance(error, PlexbayesError):
        return f"{type(error).__name__}: {error}"
    phase = phase_of(error)
    return f"{phase}: {error}" if phase else str(error)
