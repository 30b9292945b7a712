"""Running a flow from a terminal: a server for it, progress, and Ctrl-C."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.classic import chosen_phases
from engine.errors import RunStopped
from engine.reports import Summary
from flows.render import Watching, remark
from tasks.gate import Gate
from tasks.hosting import be_quiet, prefect_server
from tasks.plex.gateway import PlexGateway
from tasks.settings import load_settings
from tasks.workbench import GATE, WATCHER


@dataclass(frozen=True)
class Request:
    """What a person asked of `infer`: the parameters of the flow, word for word."""

    phases: str
    letters: str
    dry_run: bool | None
    config: str


def launch_infer(request: Request) -> Summary:
    """Run the flow `infer` in this process and return its summary.

    What would fail at once fails here, before a server is started for it.

    Raises:
        PlexbayesError: The run could not be done; failed letters do not count.
        RunStopped: A person stopped it.
    """
    chosen_phases(request.phases)
    settings, remarks = load_settings(Path(request.config) if request.config else None)
    for sentence in remarks:
        remark(sentence)
    with PlexGateway(settings):
        pass  # a wrong address, token or library name is said now
    be_quiet()
    with Watching() as watching, prefect_server() as address:
        return _run(request, watching, address)


def _run(request: Request, watching: Watching, address: str) -> Summary:
    from prefect.settings import (  # noqa: PLC0415 (only now is Prefect set up)
        PREFECT_API_URL,
        temporary_settings,
    )

    from flows.infer import infer  # noqa: PLC0415

    with temporary_settings({PREFECT_API_URL: address}), _gate(watching) as gate:
        WATCHER.set(watching)
        state = infer(**asdict(request), return_state=True)
    if gate.is_stopping:
        raise RunStopped(state.message or "The run was stopped.")
    result: Any = state.result(raise_on_failure=False)
    if isinstance(result, BaseException):
        raise result
    summary: Summary = result
    return summary


@contextmanager
def _gate(watching: Watching) -> Iterator[Gate]:
    """Let Ctrl-C hold the run at a safe point, and ask whether to go on."""
    gate = Gate()

    def hold(*_: object) -> None:
        if not gate.is_open or not sys.stdin.isatty():
            gate.stop()
            return
        gate.close()
        with watching.aside():
            going_on = _wants_to_resume()
        gate.open() if going_on else gate.stop()

    token = GATE.set(gate)
    former = signal.signal(signal.SIGINT, hold)
    try:
        yield gate
    finally:
        signal.signal(signal.SIGINT, former)
        GATE.reset(token)


def _wants_to_resume() -> bool:
    answer = ""
    while answer not in ("r", "q"):
        try:
            answer = input("\nPaused. [R]esume or [Q]uit? ").strip().lower()[:1]
        except (EOFError, KeyboardInterrupt):
            return False
    return answer == "r"
