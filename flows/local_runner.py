"""Running a command in a terminal: its context, progress, Ctrl-C, and a server."""

import sys
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import LibraryReplaced, RunStopped, StoppedAt, UsageError
from engine.plain_text import printable
from engine.reports.run_report import LettersFailed, Summary
from flows.next_steps import RETRY, repeated
from flows.pipeline import Request, infer
from flows.terminal_session import Watching, interruptible
from tasks.config.settings import Settings
from tasks.orchestration.prefect_server import be_quiet, prefect_server, swift_imports
from tasks.orchestration.prefect_settings import asks_for_prefect
from tasks.orchestration.secrets import with_token
from tasks.runtime.cancellation import CancellationToken
from tasks.runtime.context import Outside, RunContext, open_run
from tasks.runtime.package_versions import check_versions
from tasks.runtime.plain_runner import PlainRunner
from tasks.runtime.progress import Reporter
from tasks.runtime.retry import call_with_retry
from tasks.runtime.runner import RunInfo

Result = TypeVar("Result")


@dataclass(frozen=True)
class Attempt:
    """What a piece of work gets that is done from its beginning."""

    settings: Settings
    watching: Watching
    cancellation: CancellationToken
    accept: bool
    """Whether a library created anew takes over the record."""

    def opened(
        self, run_id: str, *, live: bool, say: Callable[[str], None] = lambda _: None
    ) -> AbstractContextManager[RunContext]:
        """Lay out the tools of a run."""
        outside = Outside(cancellation=self.cancellation)
        return open_run(
            *(self.settings, run_id),
            live=live,
            accept=self.accept,
            say=say,
            outside=outside,
        )

    def try_to_open(self) -> None:
        """Open everything for a moment: a wrong address or token is said at once."""
        with self.opened("", live=False):
            pass


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

    def attempted(attempt: Attempt) -> Result:
        watching = attempt.watching

        def do() -> Result:
            with attempt.opened(run_id, live=live, say=watching.note) as context:
                context.watch = watching
                return work(context)

        if sys.stdin.isatty():
            attempt.try_to_open()
        settings, cancellation = attempt.settings, attempt.cancellation
        return call_with_retry(do, settings, cancellation, watching.note)

    return _asking_whom_to_follow(attempted, configured, accept=accept)


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
    infer_by = _infer_as_flow if prefect or asks_for_prefect() else _infer_plainly

    def attempted(attempt: Attempt) -> Summary:
        asked = asdict(replace(request, accept_library=attempt.accept))
        info = RunInfo(str(uuid.uuid4()), "infer", asked, config=config, plan_file=plan)
        try:
            return infer_by(attempt, info)
        except LettersFailed as failed:
            attempt.watching.note(failed.again)
            return failed.summary

    return _asking_whom_to_follow(attempted, configured, accept=request.accept_library)


def _asking_whom_to_follow(
    work: Callable[[Attempt], Result], configured: Settings, *, accept: bool
) -> Result:
    """Do a piece of work; if the library is a new one, ask, and begin again.

    The question comes between the two, when Ctrl-C is not yet about the work.
    """
    while True:
        try:
            with Watching() as watching, interruptible(watching) as cancellation:
                settings = with_token(configured)
                return work(Attempt(settings, watching, cancellation, accept))
        except LibraryReplaced as replaced:
            question = f"{replaced}\nLet the record follow?"
            if accept or not sys.stdin.isatty() or not ask(question, yes=False):
                raise
            accept = True


def _infer_plainly(attempt: Attempt, info: RunInfo) -> Summary:
    runner = PlainRunner(info, Reporter(attempt.watching))
    try:
        return infer(
            runner,
            attempt.settings,
            attempt.cancellation,
            Request(**info.parameters),
            patient=not sys.stdin.isatty(),
        )
    except StoppedAt:
        raise
    except RunStopped:
        again = repeated(info, RETRY)
        raise StoppedAt(f"Stopped; what was written is recorded. {again}") from None


def _infer_as_flow(attempt: Attempt, info: RunInfo) -> Summary:
    """Run the flow; what would fail at once fails before a server is started."""
    attempt.try_to_open()
    be_quiet()
    with prefect_server() as address:
        attempt.cancellation.checkpoint()
        return _run_flow(attempt, info, address)


def _run_flow(attempt: Attempt, info: RunInfo, address: str) -> Summary:
    from prefect.settings import (  # noqa: PLC0415 (only now is Prefect set up)
        PREFECT_API_URL,
        temporary_settings,
    )

    with swift_imports():
        from flows import flow_states  # noqa: PLC0415
        from flows.infer import infer as flow  # noqa: PLC0415
        from tasks.orchestration.retention import clean_up  # noqa: PLC0415

    cleaning: Any = [partial(clean_up, config=info.config)]
    own = flow.with_options(
        flow_run_name=partial(flow_states.run_name, info.config),
        on_completion=cleaning,
        on_failure=cleaning,
    )
    invocation = flow_states.Invocation(
        info.config, info.plan_file, attempt.watching, attempt.cancellation
    )
    with temporary_settings({PREFECT_API_URL: address}):
        flow_states.INVOCATION.set(invocation)
        state = own(**info.parameters, return_state=True)
    if attempt.cancellation.is_cancelled:
        raise RunStopped(state.message or "The run was stopped.")
    result: Any = state.result(raise_on_failure=False)
    if isinstance(result, BaseException):
        raise result
    summary: Summary = result
    return summary


def ask(question: str, *, yes: bool) -> bool:
    """Ask a yes-or-no question; `yes` answers it beforehand, breaking off is a no.

    Raises:
        UsageError: There is nobody to ask.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError(f"{question} There is no terminal to ask: say --yes.")
    while True:
        try:
            answer = input(printable(f"{question} [y/n] ")).strip().lower()[:1]
        except (EOFError, KeyboardInterrupt):
            return False
        if answer in {"y", "n"}:
            return answer == "y"
