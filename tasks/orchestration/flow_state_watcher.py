"""Heeding the Prefect UI: what a person presses there reaches the gate."""

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
from tasks.runtime.cancellation import Gate

LOOK = 2.0
"""Seconds between two looks at what the server says of the run."""


class Heeding:
    """Holds, opens or stops a gate as the state of a run on the server asks for."""

    def __init__(self, gate: Gate, resuming: str) -> None:
        self._gate = gate
        self._report = PrefectReporter()
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
                    self._heed(client, client.read_flow_run(self._run))

    def end(self) -> None:
        """Look no more."""
        self._ended.set()

    def leave_if_suspended(self) -> None:
        """Let the process of a paused run go; Resume starts another one.

        Raises:
            Pause: The run was paused, and has stopped at the gate.
        """
        if self._suspended is not None:
            raise Pause(state=self._suspended)

    def _heed(self, client: SyncPrefectClient, run: FlowRun) -> None:
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
            self._gate.open()
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
            self._gate.close()
            self._report.say("Paused: the run waits at the next safe point.")

    def _stop(self, sentence: str) -> None:
        if not self._gate.is_stopping:
            self._gate.stop()
            self._report.say(sentence)


@contextmanager
def heeded(gate: Gate, resuming: str) -> Iterator[Heeding]:
    """Let Pause, Resume and Cancel in the Prefect UI reach a gate during the block.

    Args:
        gate: Where the run can be held or stopped.
        resuming: What a person is told who finds the run paused.
    """
    heeding = Heeding(gate, resuming)
    listener = threading.Thread(
        target=copy_context().run, args=[heeding.listen], daemon=True
    )
    listener.start()
    try:
        yield heeding
    finally:
        heeding.end()
        listener.join()
