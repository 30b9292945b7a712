"""Who carries out the steps of a run: this process alone, or Prefect."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from engine.errors import PlexbayesError
from tasks.runtime.cancellation import CancellationToken
from tasks.runtime.context import RunContext
from tasks.runtime.progress import Reporter


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
    plan_file: Path | None = None
    """The CSV file for the whole plan that a command line named; None: none."""


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
        self, cancellation: CancellationToken, resuming: str
    ) -> AbstractContextManager[None]:
        """Let people pause and cancel the run while the block runs.

        Args:
            cancellation: Where the run can be held or stopped.
            resuming: What a person is told who finds the run paused.
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


def sentence_of(error: BaseException) -> str:
    """Return an error as people read it, behind the phase in which it happened."""
    if not isinstance(error, PlexbayesError):
        return f"{type(error).__name__}: {error}"
    phase = phase_of(error)
    return f"{phase}: {error}" if phase else str(error)


def phase_of(error: BaseException) -> str:
    """Return in which phase of writing an error happened; empty if in none."""
    return str(getattr(error, "phase", ""))
