"""How a run begins: its tools, a server that is tried, and what it takes as given."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from engine.capabilities import remarks_on
from engine.errors import RunStopped
from engine.evidence import MEAN_WITHOUT_RATINGS, Part, library_mean
from engine.planning.plan import Beliefs
from flows.next_steps import RESUME, repeated
from tasks.config.settings import Settings
from tasks.record.runs import begin_run, first_fit
from tasks.runtime.cancellation import Gate
from tasks.runtime.context import GATE, Workbench, workbench
from tasks.runtime.retry import insist
from tasks.runtime.runner import Run, Runner, StepRun
from tasks.sync import steps
from tasks.sync.integrity import refuse_if_outdated
from tasks.sync.preflight import precautions
from tasks.sync.reconcile import Stock
from tasks.sync.run_parameters import beliefs_of
from tasks.sync.trial_cleanup import mend


@contextmanager
def opened(
    runner: Runner,
    settings: Settings,
    *,
    live: bool,
    accept: bool = False,
    patient: bool = True,
) -> Iterator[Run]:
    """Lay out the tools of the run.

    Args:
        runner: Who carries it out.
        settings: What the user chose.
        live: Whether Plex and the record may be changed.
        accept: Whether the library takes over the record of its namesake.
        patient: Whether to wait for a Plex that is away; else that is said at once.

    Raises:
        RecordLost: Guesses would pass for a person's ratings.
    """
    gate = GATE.get() or Gate()
    GATE.set(gate)

    def attempted(act: Callable[[], Any]) -> Any:  # noqa: ANN401
        if not patient:
            return act()
        return insist(act, settings, gate, runner.report.warn)

    tools = partial(workbench, settings, runner.info.id, say=runner.report.warn)
    with ExitStack() as stack:
        resuming = repeated(runner.info, RESUME)
        stack.enter_context(runner.watched(gate, resuming))
        bench: Workbench = attempted(
            lambda: stack.enter_context(tools(live=live, accept=accept))
        )
        runner.report.say(*attempted(lambda: precautions(bench)))
        if live:
            attempted(lambda: mend(bench))
        try:
            yield Run(runner, bench)
        except RunStopped:
            runner.raise_if_suspended()
            raise


def vouch(run: Run, stock: Stock) -> None:
    """Make sure that the record is no old copy, and wait for a Plex that is away.

    Raises:
        RecordOutdated: Guesses would pass for a person's ratings.
    """
    insist(
        lambda: refuse_if_outdated(run.bench, stock),
        settings=run.bench.settings,
        gate=run.bench.gate,
        tell=run.report.warn,
    )


def try_server(run: Run, parts: Sequence[Part], reading: Sequence[StepRun]) -> None:
    """Find out how a server may be written to that is not known yet; say so.

    Args:
        run: The run.
        parts: What the run is about; only there anything is tried.
        reading: The step behind which the trial is drawn.
    """
    bench = run.bench
    if bench.gateway.is_scanned:
        run.report.warn("Plex is scanning the library: what moves meanwhile may fail.")
    if bench.is_live and bench.pen.abilities.is_assumed:
        found = run.submit(
            "try the server",
            *(steps.try_server, bench, parts),
            after=reading,
        ).result()
        for key in found.marred if found else ():
            run.report.warn(
                f"Trying out this server changed moods or locks of item {key}, and it "
                "does not take that back: please look at it in Plex."
            )
    run.report.say(*remarks_on(bench.pen.abilities))


def agree_on_beliefs(run: Run, before: Part) -> Beliefs:
    """Fix what all letters take as given; a retried run keeps its first beliefs."""
    bench = run.bench
    with bench.at_work():
        step = bench.pen.abilities.step
        beliefs = beliefs_of(bench.settings, before, step)
    if library_mean(before.tracks) is None:
        run.report.warn(
            "No track of this library is rated by hand, so there is nothing to "
            f"learn from: every guess starts from {MEAN_WITHOUT_RATINGS / 2:.1f} stars."
        )
    if bench.is_live:
        first = (beliefs.mean, beliefs.constants, time.time(), beliefs.fit)
        mean, constants = begin_run(bench.store, bench.run_id, *first)
        fit = first_fit(bench.store, bench.run_id)
        beliefs = replace(beliefs, mean=mean, constants=constants, fit=fit)
    run.report.say(
        f"Model: {'classic' if beliefs.fit is None else 'hierarchical'}. "
        f"Global prior {beliefs.mean / 2:.3f} stars. "
        f"Dynamic precision: accepting drift up to {beliefs.tolerance / 2:.3f} stars."
    )
    return beliefs
