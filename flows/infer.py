"""The main job: read, plan letter by letter, phase by phase, and write."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture, wait
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote

from engine.classic import Phase, PhaseChoice, chosen_phases
from engine.errors import PlexbayesError
from engine.evidence import Part, split
from engine.library import Library
from engine.partition import chosen_letters
from engine.plan import Beliefs, PhasePlan
from engine.pool import Pool
from engine.reports import LetterResult, Outcome, Summary, summarize, taken_over
from flows.beginning import agree_on_beliefs, opened, try_server, vouch
from flows.ending import conclude, facts, hint
from flows.naming import run_name
from flows.showing import show_plan, total
from tasks import reporting, running
from tasks.choices import ModelChoice
from tasks.glancing import glance, keep, unchanged
from tasks.heeding import Heeding
from tasks.remembering import Stock, seen_in_plex, take_stock
from tasks.settings import load_settings
from tasks.workbench import Workbench

WORKERS = 4
"""Threads for tasks; one letter writes at a time, the others wait or retry."""


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
    plan: str = "",
) -> State[Summary]:
    """Infer the ratings that nobody gave, and write them into Plex.

    Args:
        phases: 1 album-up, 2 artist-up, 3 album-down, 4 track-down.
        letters: Only the artists that Plex files under these, such as B,P (the
            Beatles: B); or "from P"; empty: all.
        dry_run: Only say what would be written; empty: as DRY_RUN says.
        config: Path of config.json; empty: the usual place.
        accept_library: A library created anew, or another account, keeps the record.
        model: How to infer; empty: as MODEL says.
        plan: Also write the whole plan to this CSV file; empty: to none.
    """
    steps = chosen_phases(phases)
    settings, remarks = load_settings(Path(config) if config else None)
    settings = settings.model_copy(update={"model": model or settings.model})
    live = not (settings.dry_run if dry_run is None else dry_run)
    reporting.say(*remarks)
    with opened(settings, live=live, accept=accept_library) as (bench, heeding):
        is_whole = steps == list(Phase) and not (letters or plan or accept_library)
        sight = glance(bench) if live and is_whole else None
        nothing_new = unchanged(bench, sight)
        if nothing_new:
            return conclude(bench, nothing_new, "")
        before, summary = carry_out(bench, heeding, steps, letters, plan)
        again = hint(summary, letters, model, live=dry_run is False)
        keep(bench, sight, before, summary)
        return conclude(bench, summary, again)


def carry_out(
    bench: Workbench,
    heeding: Heeding,
    steps: Sequence[Phase],
    letters: str,
    plan: str,
) -> tuple[Part, Summary]:
    """Read, plan and write; return the library as it was read, and what came of it."""
    stock = look_around(bench, "read the library")
    vouch(bench, stock)
    before = stock.everything
    with bench.at_work():
        parts = split(stock.library, before)
    outcome = Outcome()
    for letter in chosen_letters(letters, parts):
        outcome.results[letter] = LetterResult(released=taken_over(parts[letter]))
    try_server(bench, [parts[letter] for letter in outcome.results])
    beliefs = agree_on_beliefs(bench, before)
    plan_letters(outcome, steps, parts, beliefs)
    show_plan(outcome, before, plan)
    wrote = bench.is_live and write_letters(bench, outcome, before, parts)
    heeding.leave_if_suspended()
    if wrote:
        stock = look_around(bench, "read it back")
    if bench.is_live:
        outcome.seen = seen_in_plex(bench.store, stock.library, bench.run_id)
    after = stock.everything
    about = facts(bench, before, after, beliefs)
    return before, summarize(about, before, after, outcome)


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
    sizes = {letter: total(plans) for letter, plans in outcome.plans.items()}
    progress = reporting.Progress(sizes)
    bench.watch = progress
    step = running.patient(running.write_letter, bench.settings, bench.gate)
    # What a run that is tried again wrote already is no company for what is left.
    is_shared = not bench.store.knows(bench.run_id)
    pool = Pool(outcome.plans, is_shared=is_shared, tagged=bench.tagged_at_once)
    writes = {
        letter: step.submit(letter, bench, everything, parts[letter], quote(pool))
        for letter in outcome.plans
        if sizes[letter] or outcome.results[letter].released
    }
    try:
        wait(list(writes.values()))
    except BaseException:
        bench.gate.stop()
        with bench.writer:  # whoever was writing has come to the gate
            raise
    for letter, future in writes.items():
        fault = fault_of(future)
        if fault:
            outcome.failures[letter] = fault
        else:
            outcome.results[letter] = future.result()
    progress.finish(writes.keys() - outcome.failures.keys())
    return bool(writes)


def fault_of(future: PrefectFuture[Any]) -> str:
    """Return in one sentence why a task did not complete; empty if it did."""
    if future.state.is_completed():
        return ""
    fault = future.state.result(raise_on_failure=False)
    if isinstance(fault, PlexbayesError):
        return str(fault)
    return f"{type(fault).__name__}: {fault}"
