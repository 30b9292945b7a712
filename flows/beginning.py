"""How a run begins: its tools, a server that is tried, and what it takes as given."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from prefect import runtime
from prefect.futures import PrefectFuture
from prefect.utilities.annotations import quote

from engine.abilities import remarks_on
from engine.errors import RunStopped
from engine.evidence import MEAN_WITHOUT_RATINGS, Part, library_mean
from engine.plan import Beliefs
from flows.next_steps import RESUME, repeated
from tasks import reporting, running
from tasks.believing import beliefs_of
from tasks.doubting import refuse_if_outdated
from tasks.gate import Gate, stopped_by_sigterm
from tasks.heeding import Heeding, heeded
from tasks.mending import mend
from tasks.outcomes import result_of
from tasks.patience import insist
from tasks.precaution import precautions
from tasks.remembering import Stock
from tasks.settings import Settings
from tasks.shadow.runs import begin_run, first_fit
from tasks.workbench import GATE, Workbench, workbench


@contextmanager
def opened(
    settings: Settings, *, live: bool, accept: bool
) -> Iterator[tuple[Workbench, Heeding]]:
    """Lay out the tools of the run, and wait for a Plex that is away when it is due.

    Raises:
        RecordLost: Guesses would pass for a person's ratings.
    """
    gate = GATE.get() or Gate()
    GATE.set(gate)
    patiently = partial(insist, settings=settings, gate=gate, tell=reporting.warn)
    tools = partial(workbench, settings, str(runtime.flow_run.id), say=reporting.warn)
    with ExitStack() as stack:
        stack.enter_context(stopped_by_sigterm(gate))
        heeding = stack.enter_context(heeded(gate, repeated(RESUME)))
        bench: Workbench = patiently(
            lambda: stack.enter_context(tools(live=live, accept=accept))
        )
        reporting.say(*patiently(lambda: precautions(bench)))
        if live:
            patiently(lambda: mend(bench))
        try:
            yield bench, heeding
        except RunStopped:
            heeding.leave_if_suspended()
            raise


def vouch(bench: Workbench, stock: Stock) -> None:
    """Make sure that the record is no old copy, and wait for a Plex that is away.

    Raises:
        RecordOutdated: Guesses would pass for a person's ratings.
    """
    insist(
        lambda: refuse_if_outdated(bench, stock),
        settings=bench.settings,
        gate=bench.gate,
        tell=reporting.warn,
    )


def try_server(
    bench: Workbench, parts: Sequence[Part], reading: Sequence[PrefectFuture[Any]]
) -> None:
    """Find out how a server may be written to that is not known yet; say so.

    Args:
        bench: The tools of the run.
        parts: What the run is about; only there anything is tried.
        reading: The task behind which the trial is drawn.
    """
    if bench.gateway.is_scanned:
        reporting.warn("Plex is scanning the library: what moves meanwhile may fail.")
    if bench.is_live and bench.pen.abilities.is_assumed:
        step = running.patient(running.probe, bench.settings, bench.gate)
        found = result_of(step.submit(bench, quote(parts), wait_for=reading))
        for key in found.marred if found else ():
            reporting.warn(
                f"Trying out this server changed moods or locks of item {key}, and it "
                "does not take that back: please look at it in Plex."
            )
    reporting.say(*remarks_on(bench.pen.abilities))


def agree_on_beliefs(bench: Workbench, before: Part) -> Beliefs:
    """Fix what all letters take as given; a retried run keeps its first beliefs."""
    with bench.at_work():
        step = bench.pen.abilities.step
        beliefs = beliefs_of(bench.settings, before, step)
    if library_mean(before.tracks) is None:
        reporting.warn(
            "No track of this library is rated by hand, so there is nothing to "
            f"learn from: every guess starts from {MEAN_WITHOUT_RATINGS / 2:.1f} stars."
        )
    if bench.is_live:
        first = (beliefs.mean, beliefs.constants, time.time(), beliefs.fit)
        mean, constants = begin_run(bench.store, bench.run_id, *first)
        fit = first_fit(bench.store, bench.run_id)
        beliefs = replace(beliefs, mean=mean, constants=constants, fit=fit)
    reporting.say(
        f"Model: {'classic' if beliefs.fit is None else 'hierarchical'}. "
        f"Global prior {beliefs.mean / 2:.3f} stars. "
        f"Dynamic precision: accepting drift up to {beliefs.tolerance / 2:.3f} stars."
    )
    return beliefs
