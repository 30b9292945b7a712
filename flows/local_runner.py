"""Running a command in a terminal: its context, progress, Ctrl-C, and a server."""

import sys
import uuid
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from engine.errors import LibraryReplaced, RunStopped, StoppedAt, UsageError
from engine.plain_text import printable
from engine.reports.run_report import LettersFailed, Summary
from flows.interrupts import interruptible
from flows.next_steps import RETRY, repeated
from flows.pipeline import Request, infer
from flows.progress_bar import Watching
from tasks.config.config_file import CONFIG
from tasks.config.output_files import PLAN_FILE
from tasks.config.settings import Settings
from tasks.orchestration.prefect_server import be_quiet, prefect_server, swift_imports
from tasks.orchestration.prefect_settings import asks_for_prefect
from tasks.orchestration.secrets import with_token
from tasks.runtime.cancellation import CancellationToken
from tasks.runtime.context import WATCHER, RunContext, open_run
from tasks.runtime.environment import check_versions
from tasks.runtime.progress import Reporter
from tasks.runtime.retry import call_with_retry
from tasks.runtime.runner import PlainRunner, RunInfo

Result = TypeVar("Result")
Made_co = TypeVar("Made_co", covariant=True)


class Attempt(Protocol[Made_co]):
    """Does a piece of work from its beginning."""

    def __call__(self, *, accept: bool) -> Made_co:
        """Do it; a library created anew takes over the record if accepted."""


def launch(
    work: Callable[[RunContext], Result],
    configured: Settings,
    *,
    live: bool,
    accept: bool = False,
) -> Result:
    """Run a piece of work in this process, without a Prefect server.

    An error that may pass is waited for and tried again, as often as configured;
    all such work is safe to repeat. At a terminal, what keeps it from beginning is
    told at once instead: somebody is there to correct it.

    Raises:
        PlexbayesError: The work could not be done.
    """
    run_id = str(uuid.uuid4())

    def attempt(*, accept: bool) -> Result:
        def do() -> Result:
            with open_run(
                settings, run_id, live=live, accept=accept, say=watching.note
            ) as context:
                context.watch = watching
                return work(context)

        with Watching() as watching, interruptible(watching) as cancellation:
            settings = with_token(configured)
            if sys.stdin.isatty():
                _try_to_open(settings, accept=accept)
            return call_with_retry(
                do, settings=settings, cancellation=cancellation, tell=watching.note
            )

    return _asking_whom_to_follow(attempt, accept=accept)


def launch_infer(
    request: Request,
    configured: Settings,
    config: Path | None = None,
    plan: Path | None = None,
    *,
    prefect: bool = False,
) -> Summary:
    """Infer in this process, and return what came of it.

    Args:
        request: What was asked.
        configured: What the user chose.
        config: Where that stands, for a flow to read it; None: the usual place.
        plan: The CSV file that gets the whole plan; None: none.
        prefect: Whether to do it as a Prefect flow, on a server of its own unless
            PREFECT_API_URL names one; if that is set, it is one in any case.

    Raises:
        PlexbayesError: The run could not be done; failed letters do not count.
        RunStopped: A person stopped it.
    """
    check_versions()
    CONFIG.set(config)
    PLAN_FILE.set(plan)
    infer_by = _infer_as_flow if prefect or asks_for_prefect() else _infer_plainly

    def attempt(*, accept: bool) -> Summary:
        asked = replace(request, accept_library=accept)
        with Watching() as watching, interruptible(watching) as cancellation:
            settings = with_token(configured)
            try:
                return infer_by(asked, settings, watching, cancellation)
            except LettersFailed as failed:
                watching.note(failed.again)
                return failed.summary

    return _asking_whom_to_follow(attempt, accept=request.accept_library)


def _infer_plainly(
    request: Request,
    settings: Settings,
    watching: Watching,
    _cancellation: CancellationToken,
) -> Summary:
    info = RunInfo(str(uuid.uuid4()), "infer", asdict(request))
    is_somebody_there = sys.stdin.isatty()
    runner = PlainRunner(info, Reporter(watching))
    try:
        return infer(runner, settings, request, patient=not is_somebody_there)
    except StoppedAt:
        raise
    except RunStopped:
        again = repeated(info, RETRY)
        raise StoppedAt(f"Stopped; what was written is recorded. {again}") from None


def _infer_as_flow(
    request: Request,
    settings: Settings,
    watching: Watching,
    cancellation: CancellationToken,
) -> Summary:
    """Run the flow; what would fail at once fails before a server is started."""
    _try_to_open(settings, accept=request.accept_library)
    be_quiet()
    with prefect_server() as address:
        cancellation.checkpoint()
        return _run_flow(request, watching, cancellation, address)


def _try_to_open(settings: Settings, *, accept: bool) -> None:
    """Open everything for a moment: a wrong address or token is said at once."""
    with open_run(settings, "", live=False, accept=accept):
        pass


def _asking_whom_to_follow(attempt: Attempt[Result], *, accept: bool) -> Result:
    """Make an attempt; if the library is a new one, ask, and make another.

    The question comes between the two, when Ctrl-C is not yet about the work.
    """
    try:
        return attempt(accept=accept)
    except LibraryReplaced as replaced:
        follows = _may_follow(replaced)
    return attempt(accept=follows)


def _may_follow(replaced: LibraryReplaced) -> bool:
    """Ask whether a library created anew is to take over the record."""
    if sys.stdin.isatty() and ask(f"{replaced}\nLet the record follow?", yes=False):
        return True
    raise replaced


def _run_flow(
    request: Request, watching: Watching, cancellation: CancellationToken, address: str
) -> Summary:
    from prefect.settings import (  # noqa: PLC0415 (only now is Prefect set up)
        PREFECT_API_URL,
        temporary_settings,
    )

    with swift_imports():
        from flows.infer import infer as flow  # noqa: PLC0415

    with temporary_settings({PREFECT_API_URL: address}):
        WATCHER.set(watching)
        state = flow(**asdict(request), return_state=True)
    if cancellation.is_cancelled:
        raise RunStopped(state.message or "The run was stopped.")
    result: Any = state.result(raise_on_failure=False)
    if isinstance(result, BaseException):
        raise result
    summary: Summary = result
    return summary


def ask(question: str, *, yes: bool) -> bool:
    """Ask a yes-or-no question; `yes` answers it beforehand.

    Raises:
        UsageError: There is nobody to ask.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError(f"{question} There is no terminal to ask: say --yes.")
    return _answer(f"{question} [y/n] ", "yn") == "y"


def _answer(question: str, choices: str) -> str:
    """Ask until one of the choices is given; breaking off means the last one."""
    while True:
        try:
            answer = input(printable(question)).strip().lower()[:1]
        except (EOFError, KeyboardInterrupt):
            return choices[-1]
        if answer and answer in choices:
            return answer
