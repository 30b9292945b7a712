"""The main job: read, plan letter by letter, phase by phase, write, read back."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from engine.classic import Phase, PhaseChoice, chosen_phases
from engine.edits import limitations
from engine.errors import PlexbayesError, RunStopped
from engine.evidence import split
from engine.hands_off import count_to_take_back, not_found
from engine.library import Library
from engine.partition import chosen_letters, parse_letters
from engine.planning.batch_sharing import Pool
from engine.planning.plan import PhasePlan
from engine.reports.run_report import LetterResult, Outcome, Summary, taken_over
from flows.next_steps import RESUME, repeated
from flows.planning import Work, agree_on_parameters, plan_run
from flows.report_file import Finished, report_run
from flows.run_summary import (
    conclude,
    hint,
    left_to_do,
    note_written,
    show_plan,
    summary_of,
    total,
)
from tasks.commands.playlists import keep_fresh
from tasks.config.field_types import ModelChoice
from tasks.config.settings import Settings
from tasks.runtime.cancellation import CancellationToken
from tasks.runtime.context import Outside, RunContext, open_run
from tasks.runtime.retry import call_with_retry
from tasks.runtime.runner import Run, Runner, StepRun
from tasks.sync import steps
from tasks.sync.integrity import ensure_record_current, precautions
from tasks.sync.rating_backup import back_up_automatically
from tasks.sync.reconcile import LibrarySnapshot, reconcile, seen_in_plex, snapshot_of

MODE = {True: "--dry-run", False: "--live"}
"""What `dry_run` is called on the command line."""
SCANNED = "Plex is scanning the library: what moves meanwhile may fail."


@dataclass(frozen=True)
class Request:
    """What a person asked of `infer`: parameters of the flow, word for word."""

    phases: PhaseChoice = "1-4"
    letters: str = ""
    dry_run: bool = True
    accept_library: bool = False
    accept_large_change: bool = False
    model: ModelChoice = ""
    save_plan: bool = False


def infer(
    runner: Runner,
    settings: Settings,
    cancellation: CancellationToken,
    request: Request,
    *,
    patient: bool = True,
) -> Summary:
    """Infer the ratings that nobody gave, and write them into Plex.

    A patient run waits for a Plex that is away at the beginning.

    Raises:
        PlexbayesError: The run could not be done.
        LettersFailed: Some letters were not finished.
        StoppedAt: A person stopped it.
    """
    phases = chosen_phases(request.phases)
    letters = str(parse_letters(request.letters))
    is_usual = request.dry_run == settings.dry_run
    settings = settings.model_copy(update={"model": request.model or settings.model})
    info = runner.info
    resume = partial(repeated, info, RESUME)
    with ExitStack() as stack:
        stack.enter_context(runner.watched(cancellation, resume))
        begun = partial(_begun, runner, settings, cancellation, request)
        run = Run(runner, begun(stack, patient=patient))
        try:
            finished = carry_out(run, phases, letters, request)
            summary, shown = finished.summary, None
            if not cancellation.is_cancelled:
                _after_writing(run, finished)
                shown = report_run(run, finished)
            mode = "" if is_usual else MODE[request.dry_run]
            again = partial(hint, info, summary, letters, request.model, mode)
            conclude(run, summary, again, shown)
        except RunStopped:
            runner.raise_if_suspended()
            raise
        return summary


def _begun(
    runner: Runner,
    settings: Settings,
    cancellation: CancellationToken,
    request: Request,
    stack: ExitStack,
    *,
    patient: bool,
) -> RunContext:
    """Open what the run works with until the stack closes it."""
    warn, outside = runner.report.warn, Outside(cancellation=cancellation)
    tools = partial(open_run, settings, runner.info.id, say=warn, outside=outside)
    live, accept = not request.dry_run, request.accept_library
    patience = settings if patient else settings.model_copy(update={"retries": 0})
    retried = partial(
        call_with_retry, settings=patience, cancellation=cancellation, tell=warn
    )
    context: RunContext = retried(
        lambda: stack.enter_context(tools(live=live, accept=accept))
    )
    if context.gateway.is_scanned:
        warn(SCANNED)
    runner.report.say(*retried(lambda: precautions(context)))
    return context


def carry_out(
    run: Run,
    phases: Sequence[Phase],
    letters: str,
    request: Request,
) -> Finished:
    """Read, plan and write; return what came of it.

    A live run that would change very much stops before, unless that is accepted.
    """
    context = run.context
    first, reading = _first_look(run)
    before, after, outcome = first.everything, first, Outcome()
    with context.timed():
        parts = split(first.library, before)
    for letter in chosen_letters(letters, parts):
        outcome.results[letter] = LetterResult(
            released=taken_over(parts[letter]),
            taken_back=count_to_take_back(parts[letter]),
        )
    work = Work(before, parts, phases, agree_on_parameters(run, before), outcome)
    # What a run that is tried again wrote already is no company for what is left.
    is_shared = context.is_live and not context.store.knows(context.run_id)
    plan_run(run, work, reading, accept=request.accept_large_change)
    run.report.say(*limitations(context.executor.capabilities))
    left = left_to_do(outcome, parts)
    show_plan(run, before, parts, left, save=request.save_plan)
    wrote: Sequence[StepRun] = []
    if context.is_live:
        wrote = write_letters(run, work, left, is_shared=is_shared)
    run.runner.raise_if_suspended()
    if wrote:
        after, _ = look_around(run, "read it back", after=wrote)
    if context.is_live:
        outcome.seen = seen_in_plex(context.store, after.library, context.run_id)
    summary = summary_of(context, before, after, work.parameters, outcome)
    return Finished(summary, first, after, work.plans, work.parameters)


def _first_look(run: Run) -> tuple[LibrarySnapshot, Sequence[StepRun]]:
    """Read the library, and make sure that the record explains it."""
    context = run.context
    snapshot, reading = look_around(run, "read the library")
    call_with_retry(
        lambda: ensure_record_current(context, snapshot),
        settings=context.settings,
        cancellation=context.cancellation,
        tell=run.report.warn,
    )
    _before_planning(run, snapshot)
    return snapshot, reading


def _after_writing(run: Run, finished: Finished) -> None:
    """Keep the playlists of ours fresh; a failure there fails no run."""
    context = run.context
    if not context.is_live:
        return
    try:
        kept = keep_fresh(context, finished.after, finished.parameters)
        run.report.say(*map(str, kept))
    except PlexbayesError as error:
        run.report.warn(
            f"The playlists that plexbayes keeps wait for the next run: {error}"
        )


def _before_planning(run: Run, snapshot: LibrarySnapshot) -> None:
    """Name what a person excludes and is not there; save what they rated."""
    context = run.context
    unknown = not_found(snapshot.library, context.settings.exclude_artists)
    if unknown:
        run.report.warn(f"EXCLUDE_ARTISTS: no artist is called {', '.join(unknown)}.")
    if context.is_live:
        run.report.say(*filter(None, [back_up_automatically(context, snapshot)]))


def look_around(
    run: Run, moment: str, after: Sequence[StepRun] = ()
) -> tuple[LibrarySnapshot, Sequence[StepRun]]:
    """Read the library as a step of its own, and tell whose each rating is."""
    context = run.context
    reading = run.submit(moment, steps.read, context, after=after)
    with context.timed():
        library: Library = reading.result()
        compare = partial(reconcile, gives_up=True) if context.is_live else snapshot_of
        return compare(context, library), [reading]


def write_letters(
    run: Run,
    work: Work,
    left: Mapping[str, Sequence[PhasePlan]],
    *,
    is_shared: bool,
) -> Sequence[StepRun]:
    """Write every letter that has something to write; a failed one stops no other.

    If they are shared, letters take along equal ratings of others.
    """
    context, outcome, parts = run.context, work.outcome, work.parts
    pool = Pool(outcome.plans, is_shared=is_shared, tagged=context.tagged_at_once)
    sizes = {letter: total(left.get(letter, ())) for letter in outcome.plans}
    with run.report.progress(sizes) as progress:
        context.watch = progress
        letters = {
            run.submit(
                f"{letter} · write",
                *(steps.write_letter, letter, context, work.everything),
                *(parts[letter], pool),
                after=work.planned[letter][-1:],
            ): letter
            for letter, plans in outcome.plans.items()
            if total(plans) or outcome.results[letter].changes_ours
        }
        try:
            for writing in run.runner.as_completed(list(letters)):
                writing.wait()  # raises what suspends the run
                if note_written(run.report, outcome, letters[writing], writing):
                    progress.finish(letters[writing])
        except BaseException:
            context.cancellation.cancel()
            with context.writer:  # whoever was writing has come to a checkpoint
                raise
        progress.show()
    return list(letters)
