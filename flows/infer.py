"""The main job: read, plan letter by letter, phase by phase, and write."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture, wait
from prefect.states import Cancelled, Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote

from engine.classic import Phase, PhaseChoice, chosen_phases
from engine.errors import PlexbayesError
from engine.evidence import MEAN_WITHOUT_RATINGS, Part, library_mean, split
from engine.library import Library
from engine.partition import chosen_letters, in_order
from engine.plan import Beliefs, PhasePlan
from engine.reports import LetterResult, Outcome, Summary, summarize, taken_over
from flows.pages import markdown
from flows.render import headline
from tasks import reporting, running
from tasks.believing import beliefs_of
from tasks.choices import ModelChoice
from tasks.remembering import Stock, seen_in_plex, take_stock
from tasks.settings import load_settings
from tasks.shadow.runs import begin_run, finish_run, first_fit
from tasks.workbench import Workbench

WORKERS = 4
"""Threads for tasks; one letter writes at a time, the others wait or retry."""


def run_name() -> str:
    """Name a run by what it does, for people who look at a list of runs."""
    chosen = runtime.flow_run.parameters
    mode = {True: "dry", False: "live", None: "as configured"}[chosen["dry_run"]]
    letters = chosen["letters"] or "all letters"
    return f"phases {chosen['phases']} · {letters} · {mode}"


@flow(
    name="infer",
    flow_run_name=run_name,
    task_runner=ThreadPoolTaskRunner(max_workers=WORKERS),  # type: ignore[arg-type]
)
def infer(
    phases: PhaseChoice = "1-4",
    letters: str = "",
    dry_run: bool | None = None,
    config: str = "",
    accept_library: bool = False,
    model: ModelChoice = "",
) -> State[Summary]:
    """Infer the ratings that nobody gave, and write them into Plex.

    Args:
        phases: 1 album-up, 2 artist-up, 3 album-down, 4 track-down.
        letters: Empty for all artists; or a list, such as B,P; or "from P".
        dry_run: Only say what would be written; empty: as DRY_RUN says.
        config: Path of config.json; empty: the usual place.
        accept_library: A library created anew takes over its namesake's record.
        model: How to infer; empty: as MODEL says.
    """
    steps = chosen_phases(phases)
    settings, remarks = load_settings(Path(config) if config else None)
    settings = settings.model_copy(update={"model": model or settings.model})
    live = not (settings.dry_run if dry_run is None else dry_run)
    run_id = str(runtime.flow_run.id)
    reporting.say(*remarks)
    with running.opened(settings, run_id, live=live, accept=accept_library) as bench:
        stock = look_around(bench, "read the library")
        before = stock.everything
        beliefs = agree_on_beliefs(bench, before)
        with bench.at_work():
            parts = split(stock.library, before)
        outcome = Outcome()
        for letter in chosen_letters(letters, parts):
            outcome.results[letter] = LetterResult(released=taken_over(parts[letter]))
        plan_letters(outcome, steps, parts, beliefs)
        if live and write_letters(bench, outcome, before, parts):
            stock = look_around(bench, "read it back")
        if live:
            outcome.seen = seen_in_plex(bench.store, stock.library, bench.run_id)
        after = stock.everything
        summary = summarize(
            facts(bench, before, after, beliefs), before, after, outcome
        )
        return conclude(bench, summary)


def look_around(bench: Workbench, moment: str) -> Stock:
    """Read the library as a task of its own, and tell whose each rating is."""

    def read() -> Library:
        library: Library = (
            running.patient(running.read, bench.settings, bench.gate)
            .submit(bench, moment)
            .result()
        )
        return library

    with bench.at_work():
        return take_stock(bench, read)


def agree_on_beliefs(bench: Workbench, before: Part) -> Beliefs:
    """Fix what all letters take as given; a retried run keeps its first beliefs."""
    with bench.at_work():
        beliefs = beliefs_of(bench.settings, before)
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
        f"Model: {'classic' if beliefs.fit is None else 'hierarchical'}.",
        f"Global prior {beliefs.mean / 2:.3f} stars.",
        f"Dynamic precision: accepting drift up to {beliefs.tolerance / 2:.3f} stars.",
    )
    return beliefs


def plan_letters(
    outcome: Outcome, steps: Sequence[Phase], parts: dict[str, Part], beliefs: Beliefs
) -> None:
    """Plan every letter, phase after phase; letters do not wait for each other."""
    plans: dict[str, list[PrefectFuture[PhasePlan]]] = {
        letter: [] for letter in outcome.results
    }
    for phase in steps:
        for letter, earlier in plans.items():
            known: list[Any] = [parts[letter], list(earlier), quote(beliefs)]
            earlier.append(running.plan_phase.submit(letter, phase, *known))
    wait([future for futures in plans.values() for future in futures])
    for letter, futures in plans.items():
        faults = [fault for fault in map(fault_of, futures) if fault]
        if faults:
            outcome.failures[letter] = faults[0]
        else:
            outcome.plans[letter] = [future.result() for future in futures]


def write_letters(
    bench: Workbench, outcome: Outcome, everything: Part, parts: dict[str, Part]
) -> bool:
    """Write every letter that has something to write; a failed one stops no other.

    Returns:
        Whether there was anything to write at all.
    """
    bench.watch = reporting.progress(sum(map(total, outcome.plans.values())))
    step = running.patient(running.write_letter, bench.settings, bench.gate)
    writes = {
        letter: step.submit(letter, bench, everything, parts[letter], quote(plans))
        for letter, plans in outcome.plans.items()
        if total(plans) or outcome.results[letter].released
    }
    try:
        wait(list(writes.values()))
    except BaseException:
        bench.gate.stop()
        wait(list(writes.values()))
        raise
    for letter, future in writes.items():
        fault = fault_of(future)
        if fault:
            outcome.failures[letter] = fault
        else:
            outcome.results[letter] = future.result()
    return bool(writes)


def total(plans: Sequence[PhasePlan]) -> int:
    """Return how many ratings plans would write."""
    return sum(map(len, plans))


def fault_of(future: PrefectFuture[Any]) -> str:
    """Return in one sentence why a task did not complete; empty if it did."""
    if future.state.is_completed():
        return ""
    fault = future.state.result(raise_on_failure=False)
    if isinstance(fault, PlexbayesError):
        return str(fault)
    return f"{type(fault).__name__}: {fault}"


def facts(bench: Workbench, before: Part, after: Part, beliefs: Beliefs) -> Summary:
    """Return the summary of a run as far as it does not depend on the letters."""
    manual = before.tracks.standing.manual
    now = library_mean(after.tracks)
    return Summary(
        run_id=bench.run_id,
        library=bench.gateway.identity.title,
        dry_run=not bench.is_live,
        artists=len(before.artists),
        albums=len(before.albums),
        tracks=len(before.tracks),
        manual_tracks=int(np.count_nonzero(~np.isnan(manual))),
        drift_tolerance=beliefs.tolerance,
        prior_before=beliefs.mean,
        prior_after=beliefs.mean if now is None else now,
        mean_before=None,
        mean_after=None,
        reads=bench.gateway.reads,
        writes=bench.gateway.writes,
        seconds=time.monotonic() - bench.begun,
        worked=bench.worked,
        rested=bench.throttle.rested,
    )


def hint(summary: Summary) -> str:
    """Say how to go on with a run that was stopped."""
    phases = [label.split(maxsplit=1)[0] for label in summary.phases]
    option = "0" if len(phases) == len(Phase) else f"infer --phases {','.join(phases)}"
    letter = in_order(summary.failed_letters)[0] if summary.failed_letters else "#"
    return (
        f"Stopped at letter {letter}; what was written is recorded. "
        f'Go on with: plexbayes {option} --from "{letter}"'
    )


def conclude(bench: Workbench, summary: Summary) -> State[Summary]:
    """Report, and say how the run ended: a failed letter makes it Failed."""
    reporting.say(headline(summary))
    reporting.publish(markdown(summary), key="report")
    if bench.is_live:
        finish_run(bench.store, bench.run_id, json.dumps(asdict(summary)), time.time())
    if bench.gate.is_stopping:
        return Cancelled(message=hint(summary))
    failed = summary.failed_letters
    if failed:
        reasons = "; ".join(f"{letter}: {why}" for letter, why in failed.items())
        of_all = len(summary.letters.keys() | failed.keys())
        number = f"{len(failed)} of {of_all} letters failed"
        return Failed(message=f"{number}: {reasons}", data=summary)
    return Completed(message=headline(summary), data=summary)
