"""Pause, Resume and Cancel in the Prefect UI reach the run."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from uuid import UUID

from httpx import HTTPError
from prefect import runtime
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import Pause, PrefectException
from prefect.states import Paused, Suspended

from tasks.orchestration.artifacts import PrefectReporter
from tasks.runtime.cancellation import CancellationToken

LOOK = 2.0
"""Seconds between two looks at what the server says of the run."""


class FlowStateWatcher:
    """Pauses, resumes or cancels a run as its state on the server asks for."""

    def __init__(
        self, cancellation: CancellationToken, report: PrefectReporter, resuming: str
    ) -> None:
        self._cancellation = cancellation
        self._report = report
        self._resuming = resuming
        self._run = UUID(str(runtime.flow_run.id))
        self._is_held = False
        self._suspended: State | None = None
        self._ended = threading.Event()

    def listen(self) -> None:
        """Look again and again, and a last time when the run has ended."""
        with get_client(sync_client=True) as client:
            while not self._ended.is_set():
                self._ended.wait(LOOK)
                # A server that is away asks for nothing.
                with suppress(HTTPError, PrefectException):
                    self._act_on(client, client.read_flow_run(self._run))

    def end(self) -> None:
        """Look no more."""
        self._ended.set()

    def raise_if_suspended(self) -> None:
        """Let the process of a paused run go; Resume starts another one.

        Raises:
            Pause: The run was paused, and has stopped at a checkpoint.
        """
        if self._suspended is not None:
            raise Pause(state=self._suspended)

    def _act_on(self, client: SyncPrefectClient, run: FlowRun) -> None:
        state = run.state
        if state is None:
            return
        if state.is_cancelling() or state.is_cancelled():
            self._stop("Cancelled: the run stops at the next safe point.")
        elif state.is_crashed():  # its `serve` was killed, and started again
            self._stop("Given up for lost: the run stops at the next safe point.")
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
            said = f"What was written is recorded. {self._resuming}"
            kind = Suspended if can_start_again else Paused
            lasting: State = kind(message=said)
            client.set_flow_run_state(run.id, lasting, force=True)
        if can_start_again:
            self._suspended = state
            self._stop("Paused: the run stops at the next safe point. Resume goes on.")
        elif not self._is_held:
            self._is_held = True
            self._cancellation.pause()
            self._report.say("Paused: the run waits at the next safe point.")

    def _stop(self, sentence: str) -> None:
        if not self._cancellation.is_cancelled:
            self._cancellation.cancel()
            self._report.say(sentence)


@contextmanager
def watch_flow_state(
    cancellation: CancellationToken, report: PrefectReporter, resuming: str
) -> Iterator[FlowStateWatcher]:
    """Let Pause, Resume and Cancel in the Prefect UI reach the run during the block.

    Args:
        cancellation: Where the run can be held or stopped.
        report: Who is told that it is.
        resuming: What a person is told who finds the run paused.
    """
    watcher = FlowStateWatcher(cancellation, report, resuming)
    listener = threading.Thread(
        target=copy_context().run, args=[watcher.listen], daemon=True
    )
    listener.start()
    try:
        yield watcher
    finally:
        watcher.end()
        listener.join()
