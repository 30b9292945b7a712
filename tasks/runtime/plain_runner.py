"""The steps of a run in this process, one after the other, without Prefect."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from engine.errors import PlexbayesError, RunStopped
from tasks.runtime.cancellation import CancellationToken
from tasks.runtime.context import RunContext
from tasks.runtime.progress import Reporter
from tasks.runtime.retry import retry_sentence, seconds_to_retry
from tasks.runtime.runner import RunInfo, StepRun, sentence_of


@dataclass(eq=False)
class _PlainRun:
    """A step that this process carries out when somebody waits for it."""

    runner: "PlainRunner"
    name: str
    act: Callable[[], Any]
    context: RunContext
    attempts: int = 0
    due: float = 0.0
    """Not before this time of the runner's clock."""
    is_done: bool = False
    returned: Any = None
    error: PlexbayesError | None = None

    is_cached = False
    """No earlier attempt of the run did it: every run is a new one."""

    def wait(self) -> None:
        """Wait until it has ended."""
        self.runner.carry_out_until(self)

    def result(self) -> Any:  # noqa: ANN401
        """Wait for what it returns, or raise what it failed with."""
        self.wait()
        if self.error is not None:
            raise self.error
        return self.returned

    @property
    def failure(self) -> str:
        """Why it did not end well, in a sentence; empty if it did."""
        self.wait()
        return "" if self.error is None else sentence_of(self.error)

    @property
    def is_cancelled(self) -> bool:
        """Whether a person stopped it."""
        self.wait()
        return isinstance(self.error, RunStopped)


class PlainRunner:
    """Carries out steps in this process, one after the other, without Prefect.

    They begin in the order in which they were submitted. One whose error may pass
    comes again after its wait, and the others go on meanwhile.
    """

    def __init__(
        self,
        info: RunInfo,
        report: Reporter,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._info = info
        self._report = report
        self._clock = clock
        self._queue: list[_PlainRun] = []

    @property
    def info(self) -> RunInfo:
        """What the run is called, and what was asked of it."""
        return self._info

    @property
    def report(self) -> Reporter:
        """Who is told how it goes."""
        return self._report

    def submit(
        self,
        name: str,
        step: Callable[..., Any],
        *args: Any,  # noqa: ANN401
        context: RunContext,
        after: Sequence[StepRun] = (),  # noqa: ARG002 (they are earlier in the queue)
    ) -> StepRun:
        """Put a step behind all others."""
        run = _PlainRun(self, name, partial(step, *args), context)
        self._queue.append(run)
        return run

    def as_completed(self, runs: Sequence[StepRun]) -> Iterator[StepRun]:
        """Yield steps as they end, whether well or not."""
        left = [run for run in runs if isinstance(run, _PlainRun)]
        while left:
            while not any(run.is_done for run in left):
                self._carry_out_next()
            yield from (run for run in left if run.is_done)
            left = [run for run in left if not run.is_done]

    def carry_out_until(self, run: StepRun) -> None:
        """Carry out steps until this one has ended."""
        while isinstance(run, _PlainRun) and not run.is_done:
            self._carry_out_next()

    @contextmanager
    def watched(self, cancellation: CancellationToken, resuming: str) -> Iterator[None]:  # noqa: ARG002
        """Leave holding and stopping to the signals of the terminal."""
        yield

    def raise_if_suspended(self) -> None:
        """Do nothing: a terminal holds a run, and keeps its process."""

    def _carry_out_next(self) -> None:
        """Make one attempt at the step that is due first, and wait for it if need be.

        Whoever waits for a step inside another one carries on with the same queue.
        """
        run = min(self._queue, key=lambda run: run.due)
        cancellation = run.context.cancellation
        cancellation.sleep(max(0.0, run.due - self._clock()))
        self._queue.remove(run)
        run.attempts += 1
        try:
            if run.due:
                cancellation.checkpoint()
            run.returned = run.act()
        except PlexbayesError as error:
            settings = run.context.settings
            seconds = seconds_to_retry(error, run.attempts, settings, cancellation)
            if seconds is None:
                run.error = error
            else:
                self.report.warn(retry_sentence(error, seconds, run.name))
                run.due = self._clock() + seconds
                self._queue.append(run)
                return
        run.is_done = True
