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
from flows.next_steps import stopped
from flows.pipeline import Request, infer
from flows.terminal_session import Watching, attended
from tasks.config.settings import Settings
from tasks.orchestration.prefect_server import be_quiet, gc_paused, prefect_server
from tasks.orchestration.prefect_settings import asks_for_prefect
from tasks.orchestration.secrets import with_token
from tasks.runtime.cancellation import CancellationToken
from tasks.runtime.context import Outside, RunContext, open_run
from tasks.runtime.environment import check_versions
from tasks.runtime.progress import Reporter
from tasks.runtime.retry import call_with_retry
from tasks.runtime.runner import NO_FILES, PlainRunner, PlanFiles, RunInfo

Result = TypeVar("Result")


@dataclass(frozen=True)
class Attempt:
    """What a piece of work gets that is done from its beginning."""

    settings: Settings
    watching: Watching
    cancellation: CancellationToken
    accept: bool
    """Whether a re-created library takes over the record."""

    @property
    def tools(self) -> Callable[..., AbstractContextManager[RunContext]]:
        """Opens what a run works with."""
        outside = Outside(cancellation=self.cancellation)
        return partial(open_run, self.settings, accept=self.accept, outside=outside)

    def try_to_open(self) -> None:
        """Open everything for a moment: a wrong address or token is said at once."""
        with self.tools("", live=False):
            pass


def launch(
    work: Callable[..., Result],
    configured: Settings,
    *args: object,
    live: bool = False,
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
        say = attempt.watching.note

        def do() -> Result:
            with attempt.tools(run_id, live=live, say=say) as context:
                context.watch = attempt.watching
                return work(context, *args)

        if sys.stdin.isatty():
            attempt.try_to_open()
        return call_with_retry(do, attempt.settings, attempt.cancellation, say)

    return _asking_whom_to_follow(attempted, configured, accept=accept)


def launch_infer(
    request: Request,
    configured: Settings,
    config: Path | None = None,
    plans: PlanFiles = NO_FILES,
    *,
    prefect: bool = False,
) -> Summary:
    """Infer in this process, and return what came of it.

    With `prefect`, or if PREFECT_API_URL names a server, it is done as a Prefect flow,
    on a server of its own if none is named. The flow reads the configuration itself:
    `config` is where it stands. The whole plan goes to the files `plans`, if any.

    Raises:
        PlexbayesError: The run could not be done; failed letters do not count.
        RunStopped: A person stopped it.
    """
    check_versions()
    infer_by = _infer_as_flow if prefect or asks_for_prefect() else _infer_plainly

    def attempted(attempt: Attempt) -> Summary:
        asked = asdict(replace(request, accept_library=attempt.accept))
        run_id = str(uuid.uuid4())
        info = RunInfo(run_id, "infer", asked, config=config, plan_files=plans)
        try:
            return infer_by(attempt, info)
        except LettersFailed as failed:
            attempt.watching.note(failed.again)
            return failed.summary

    accept = request.accept_library
    return _asking_whom_to_follow(attempted, configured, accept=accept)


def _asking_whom_to_follow(
    work: Callable[[Attempt], Result], configured: Settings, *, accept: bool
) -> Result:
    """Do a piece of work; if the library is a new one, ask, and begin again.

    The question comes between the two, when Ctrl-C is not yet about the work.
    """
    while True:
        try:
            with attended() as (watching, cancellation):
                settings = with_token(configured)
                return work(Attempt(settings, watching, cancellation, accept))
        except LibraryReplaced as replaced:
            question = f"{replaced}\nLet the record follow?"
            if accept or not sys.stdin.isatty() or not ask(question, yes=False):
                raise
            accept = True


def _infer_plainly(attempt: Attempt, info: RunInfo) -> Summary:
    runner = PlainRunner(info, Reporter(attempt.watching))
    request, is_alone = Request(**info.parameters), not sys.stdin.isatty()
    settings, cancellation = attempt.settings, attempt.cancellation
    try:
        return infer(runner, settings, cancellation, request, patient=is_alone)
    except StoppedAt:
        raise
    except RunStopped:
        raise StoppedAt(stopped(info)) from None


def _infer_as_flow(attempt: Attempt, info: RunInfo) -> Summary:
    attempt.try_to_open()  # what would fail at once fails before a server is started
    be_quiet()
    with prefect_server() as address:
        attempt.cancellation.checkpoint()
        return _run_flow(attempt, info, address)


def _run_flow(attempt: Attempt, info: RunInfo, address: str) -> Summary:
    from prefect.settings import (  # noqa: PLC0415 (only now is Prefect set up)
        PREFECT_API_URL,
        temporary_settings,
    )

    with gc_paused():
        from flows.flow_states import INVOCATION, Invocation, run_name  # noqa: PLC0415
        from flows.infer import infer as flow  # noqa: PLC0415
        from tasks.orchestration.retention import clean_up  # noqa: PLC0415

    cleaning: Any = [partial(clean_up, config=info.config)]
    own = flow.with_options(
        flow_run_name=partial(run_name, info.config),
        on_completion=cleaning,
        on_failure=cleaning,
    )
    files = info.config, info.plan_files
    invocation = Invocation(*files, attempt.watching, attempt.cancellation)
    with temporary_settings({PREFECT_API_URL: address}):
        INVOCATION.set(invocation)
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
        advice = "Not running in a terminal; pass --yes to confirm."
        raise UsageError(f"{question} {advice}")
    while True:
        try:
            answer = input(printable(f"{question} [y/n] ")).strip().lower()[:1]
        except (EOFError, KeyboardInterrupt):
            return False
        if answer in {"y", "n"}:
            return answer == "y"
