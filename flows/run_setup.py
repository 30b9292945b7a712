"""How a run begins: its context, its record, and what it takes as given."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from engine.errors import RunStopped
from engine.evidence import MEAN_WITHOUT_RATINGS, LibraryView, library_mean
from engine.planning.plan import RunParameters
from flows.next_steps import RESUME, repeated
from tasks.config.settings import Settings
from tasks.record.runs import begin_run, first_fit
from tasks.runtime.cancellation import CancellationToken
from tasks.runtime.context import CANCELLATION, RunContext, open_run
from tasks.runtime.retry import call_with_retry
from tasks.runtime.runner import Run, Runner
from tasks.sync.integrity import ensure_record_current, precautions
from tasks.sync.reconcile import LibrarySnapshot
from tasks.sync.steps import parameters_of

SCANNED = "Plex is scanning the library: what moves meanwhile may fail."


@contextmanager
def opened(
    runner: Runner,
    settings: Settings,
    *,
    live: bool,
    accept: bool = False,
    patient: bool = True,
) -> Iterator[Run]:
    """Lay out the context of the run.

    Args:
        runner: Who carries it out.
        settings: What the user chose.
        live: Whether Plex and the record may be changed.
        accept: Whether the library takes over the record of its namesake.
        patient: Whether to wait for a Plex that is away; else that is said at once.

    Raises:
        RecordLost: Guesses would pass for a person's ratings.
    """
    cancellation = CANCELLATION.get() or CancellationToken()
    CANCELLATION.set(cancellation)

    def attempted(act: Callable[[], Any]) -> Any:  # noqa: ANN401
        if not patient:
            return act()
        return call_with_retry(act, settings, cancellation, runner.report.warn)

    tools = partial(open_run, settings, runner.info.id, say=runner.report.warn)
    with ExitStack() as stack:
        resuming = repeated(runner.info, RESUME)
        stack.enter_context(runner.watched(cancellation, resuming))
        context: RunContext = attempted(
            lambda: stack.enter_context(tools(live=live, accept=accept))
        )
        if context.gateway.is_scanned:
            runner.report.warn(SCANNED)
        runner.report.say(*attempted(lambda: precautions(context)))
        try:
            yield Run(runner, context)
        except RunStopped:
            runner.raise_if_suspended()
            raise


def check_record(run: Run, snapshot: LibrarySnapshot) -> None:
    """Make sure that the record is no old copy, and wait for a Plex that is away.

    Raises:
        RecordOutdated: Guesses would pass for a person's ratings.
    """
    call_with_retry(
        lambda: ensure_record_current(run.context, snapshot),
        settings=run.context.settings,
        cancellation=run.context.cancellation,
        tell=run.report.warn,
    )


def agree_on_parameters(run: Run, before: LibraryView) -> RunParameters:
    """Fix what all letters take as given; a retried run keeps its first parameters."""
    context = run.context
    with context.timed():
        step = context.executor.capabilities.step
        parameters = parameters_of(context.settings, before, step)
    if library_mean(before.tracks) is None:
        run.report.warn(
            "No track of this library is rated by hand, so there is nothing to "
            f"learn from: every guess starts from {MEAN_WITHOUT_RATINGS / 2:.1f} stars."
        )
    if context.is_live:
        first = (
            parameters.mean,
            parameters.constants,
            time.time(),
            parameters.fit,
        )
        mean, constants = begin_run(context.store, context.run_id, *first)
        fit = first_fit(context.store, context.run_id)
        parameters = replace(parameters, mean=mean, constants=constants, fit=fit)
    run.report.say(
        f"Model: {'classic' if parameters.fit is None else 'hierarchical'}. "
        f"Global prior {parameters.mean / 2:.3f} stars. "
        "Dynamic precision: accepting drift up to "
        f"{parameters.tolerance / 2:.3f} stars."
    )
    return parameters
