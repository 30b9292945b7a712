"""The main job: read, plan letter by letter, phase by phase, and write."""

from collections.abc import Sequence
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture, as_completed, wait
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import allow_failure, quote

from engine.classic import Phase, PhaseChoice, chosen_phases
from engine.evidence import Part, split
from engine.library import Library
from engine.partition import chosen_letters, parse_letters
from engine.plan import Beliefs
from engine.pool import Pool
from engine.reports import LetterResult, Outcome, Summary, summarize, taken_over
from flows.beginning import agree_on_beliefs, opened, try_server, vouch
from flows.ending import conclude, ended, facts, hint
from flows.naming import run_name
from flows.showing import left_to_do, note_written, show_plan, total
from tasks import reporting, running
from tasks.choices import ModelChoice
from tasks.configfile import config_named
from tasks.glancing import glance, keep, unchanged
from tasks.heeding import Heeding
from tasks.outcomes import failure_of, result_of
from tasks.remembering import Stock, seen_in_plex, take_stock
from tasks.retention import OWN, claim_run
from tasks.settings import load_settings
from tasks.workbench import Workbench

Futures = Sequence[PrefectFuture[Any]]

WORKERS = 4
"""Threads for tasks; one letter writes at a time, the others wait or retry."""

MODE = {True: "--dry-run", False: "--live"}
"""What `dry_run` is called on the command line."""


@flow(
    name="infer",
    flow_run_name=run_name,
    task_runner=ThreadPoolTaskRunner(max_workers=WORKERS),  # type: ignore[arg-type]
    **OWN,
)
def infer(
    phases: PhaseChoice = "1-4",
    letters: str = "",
    dry_run: bool = True,
    config: str = "",
    accept_library: bool = False,
    model: ModelChoice = "",
    save_plan: bool = False,
) -> State[Summary]:
    """Infer the ratings that nobody gave, and write them into Plex.

    Args:
        phases: 1 album-up, 2 artist-up, 3 album-down, 4 track-down.
        letters: Only the artists that Plex files under these (the Beatles: B),
            such as B,P or A-C or #-D; or "from P"; empty: all.
        dry_run: Only say what would be written; switch it off to write.
        config: Name of another configuration, such as kids for kids.json beside
            the usual one; empty: the usual one.
        accept_library: A library created anew, or another account, keeps the record.
        model: How to infer; empty: as MODEL says.
        save_plan: Also write the whole plan to reports/plan.csv beside the
            configuration.
    """
    return ended(
        lambda: _run(phases, letters, dry_run, config, accept_library, model, save_plan)
    )


def _run(
    phases: PhaseChoice,
    letters: str,
    dry_run: bool,
    config: str,
    accept_library: bool,
    model: ModelChoice,
    save_plan: bool,
) -> State[Summary]:
    claim_run()
    steps, letters = chosen_phases(phases), str(parse_letters(letters))
    settings, remarks = load_settings(config_named(config))
    settings = settings.model_copy(update={"model": model or settings.model})
    reporting.say(*remarks)
    with opened(settings, live=not dry_run, accept=accept_library) as (bench, heeding):
        is_whole = steps == list(Phase) and not (letters or save_plan or accept_library)
        sight = glance(bench) if bench.is_live and is_whole else None
        nothing_new = unchanged(bench, sight)
        if nothing_new:
            return conclude(bench, nothing_new, "")
        library, summary = carry_out(bench, heeding, steps, letters, save_plan)
        mode = "" if dry_run == settings.dry_run else MODE[dry_run]
        again = hint(summary, letters, model, mode)
        keep(bench, sight, library, summary)
        return conclude(bench, summary, again)


def carry_out(
    bench: Workbench,
    heeding: Heeding,
    steps: Sequence[Phase],
    letters: str,
    save_plan: bool,
) -> tuple[Library, Summary]:
    """Read, plan and write; return the library as it was read, and what came of it."""
    stock, reading = look_around(bench, "read the library")
    vouch(bench, stock)
    library, before = stock.library, stock.everything
    with bench.at_work():
        parts = split(library, before)
    outcome = Outcome()
    for letter in chosen_letters(letters, parts):
        outcome.results[letter] = LetterResult(released=taken_over(parts[letter]))
    try_server(bench, [parts[letter] for letter in outcome.results], reading)
    beliefs = agree_on_beliefs(bench, before)
    planned = plan_letters(outcome, steps, parts, beliefs, reading)
    left = left_to_do(outcome, parts)
    show_plan(left, before, parts, save=save_plan, live=bench.is_live)
    wrote: Futures = []
    if bench.is_live:
        sizes = {letter: total(left.get(letter, ())) for letter in outcome.plans}
        wrote = write_letters(bench, outcome, before, parts, sizes, planned)
    heeding.leave_if_suspended()
    if wrote:
        stock, _ = look_around(bench, "read it back", after=wrote)
    if bench.is_live:
        outcome.seen = seen_in_plex(bench.store, stock.library, bench.run_id)
    after = stock.everything
    about = facts(bench, before, after, beliefs)
    about.note_oddities(stock.library.not_understood)
    return library, summarize(about, before, after, outcome)


def look_around(
    bench: Workbench, moment: str, after: Futures = ()
) -> tuple[Stock, Futures]:
    """Read the library as a task of its own, and tell whose each rating is.

    Args:
        bench: The tools of the run.
        moment: What the task is called.
        after: The tasks that this one is drawn behind, whether they failed or not.

    Returns:
        What was read, and the task.
    """
    behind: list[Any] = [
        allow_failure(future) for future in after if not future.state.is_cancelled()
    ]
    readings: list[PrefectFuture[Any]] = []

    def read() -> Library:
        step = running.patient(running.read, bench.settings, bench.gate)
        readings.append(step.submit(bench, moment, wait_for=[*behind, *readings]))
        library: Library = result_of(readings[-1])
        return library

    with bench.at_work():
        return take_stock(bench, read), readings[-1:]


def plan_letters(
    outcome: Outcome,
    steps: Sequence[Phase],
    parts: dict[str, Part],
    beliefs: Beliefs,
    reading: Futures,
) -> dict[str, list[PrefectFuture[Any]]]:
    """Plan every letter, phase after phase; letters do not wait for each other.

    Returns:
        The tasks of each letter, in the order of the phases.
    """
    plans: dict[str, list[PrefectFuture[Any]]] = {
        letter: [] for letter in outcome.results
    }
    for phase in steps:
        for letter, earlier in plans.items():
            known = [quote(parts[letter]), quote(list(earlier)), quote(beliefs)]
            behind = earlier[-1:] or reading
            step: Any = running.plan_phase
            earlier.append(step.submit(letter, phase, *known, wait_for=behind))
    wait([future for futures in plans.values() for future in futures])
    for letter, futures in plans.items():
        failures = [failure for failure in map(failure_of, futures) if failure]
        if failures:
            outcome.failures[letter] = failures[0]
            reporting.log_error(f"{letter}: {failures[0]}")
        else:
            outcome.plans[letter] = [future.result() for future in futures]
    return plans


def write_letters(
    bench: Workbench,
    outcome: Outcome,
    everything: Part,
    parts: dict[str, Part],
    sizes: dict[str, int],
    planned: dict[str, list[PrefectFuture[Any]]],
) -> Futures:
    """Write every letter that has something to write; a failed one stops no other.

    Args:
        bench: The tools of the run.
        outcome: The plans, and what comes of them.
        everything: The library that was planned for.
        parts: The same by letter.
        sizes: How many ratings are left to write under each letter.
        planned: The tasks behind which the writing of each letter is drawn.

    Returns:
        The tasks; none if there was nothing to write at all.
    """
    step = running.patient(running.write_letter, bench.settings, bench.gate)
    # What a run that is tried again wrote already is no company for what is left.
    is_shared = not bench.store.knows(bench.run_id)
    pool = Pool(outcome.plans, is_shared=is_shared, tagged=bench.tagged_at_once)
    with reporting.Progress(sizes) as progress:
        bench.watch = progress
        letters = {
            step.submit(
                letter,
                bench,
                quote(everything),
                quote(parts[letter]),
                quote(pool),
                wait_for=planned[letter][-1:],
            ): letter
            for letter, plans in outcome.plans.items()
            if total(plans) or outcome.results[letter].released
        }
        try:
            for future in as_completed(list(letters)):
                future.wait()  # raises what suspends the run
                if note_written(outcome, letters[future], future):
                    progress.finish(letters[future])
        except BaseException:
            bench.gate.stop()
            with bench.writer:  # whoever was writing has come to the gate
                raise
        progress.show()
    return list(letters)
