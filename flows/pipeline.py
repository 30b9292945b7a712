"""The main job: read, plan letter by letter, phase by phase, write, read back."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.classic import Phase, PhaseChoice, chosen_phases
from engine.edits import limitations
from engine.evidence import split
from engine.library import Library
from engine.partition import chosen_letters, parse_letters
from engine.planning.batch_sharing import Pool
from engine.reports.run_report import (
    LetterResult,
    Summary,
    summarize,
    taken_over,
)
from flows.letter_plans import Planned, Work, begin_with_care, plan_run
from flows.plan_preview import left_to_do, note_written, show_plan, total
from flows.run_setup import (
    agree_on_parameters,
    check_record,
    opened,
)
from flows.run_summary import conclude, facts, hint
from tasks.config.field_types import ModelChoice
from tasks.config.settings import Settings
from tasks.runtime.runner import Run, Runner, StepRun
from tasks.sync import steps
from tasks.sync.reconcile import LibrarySnapshot, reconcile, seen_in_plex, snapshot_of

MODE = {True: "--dry-run", False: "--live"}
"""What `dry_run` is called on the command line."""


@dataclass(frozen=True)
class Request:
    """What a person asked of `infer`: parameters of the flow, word for word."""

    phases: PhaseChoice = "1-4"
    letters: str = ""
    dry_run: bool = True
    accept_library: bool = False
    model: ModelChoice = ""
    save_plan: bool = False


def infer(
    runner: Runner, settings: Settings, request: Request, *, patient: bool = True
) -> Summary:
    """Infer the ratings that nobody gave, and write them into Plex.

    Args:
        runner: Who carries out the steps.
        settings: What the user chose.
        request: What is asked of this run.
        patient: Whether to wait for a Plex that is away at the beginning.

    Raises:
        PlexbayesError: The run could not be done.
        LettersFailed: Some letters were not finished.
        StoppedAt: A person stopped it.
    """
    phases = chosen_phases(request.phases)
    letters = str(parse_letters(request.letters))
    configured = settings.dry_run
    settings = settings.model_copy(update={"model": request.model or settings.model})
    live, accept = not request.dry_run, request.accept_library
    with opened(runner, settings, live=live, accept=accept, patient=patient) as run:
        summary = carry_out(run, phases, letters, save_plan=request.save_plan)
        mode = "" if request.dry_run == configured else MODE[request.dry_run]
        again = hint(run.info, summary, letters, request.model, mode)
        conclude(run, summary, again)
        return summary


def carry_out(
    run: Run,
    phases: Sequence[Phase],
    letters: str,
    *,
    save_plan: bool,
) -> Summary:
    """Read, plan and write; return what came of it."""
    context = run.context
    snapshot, reading = look_around(run, "read the library")
    check_record(run, snapshot)
    before = snapshot.everything
    with context.timed():
        work = Work(before, split(snapshot.library, before))
    outcome, parts = work.outcome, work.parts
    for letter in chosen_letters(letters, parts):
        outcome.results[letter] = LetterResult(released=taken_over(parts[letter]))
    parameters = agree_on_parameters(run, before)
    # What a run that is tried again wrote already is no company for what is left.
    is_shared = context.is_live and not context.store.knows(context.run_id)
    parameters, planned = plan_run(run, work, phases, parameters, reading)
    if context.is_live and context.executor.capabilities.is_assumed:
        parameters, planned = begin_with_care(run, work, phases, parameters, planned)
    run.report.say(*limitations(context.executor.capabilities))
    left = left_to_do(outcome, parts)
    show_plan(run.report, left, before, parts, save=save_plan, live=context.is_live)
    wrote: Sequence[StepRun] = []
    if context.is_live:
        sizes = {letter: total(left.get(letter, ())) for letter in outcome.plans}
        wrote = write_letters(run, work, sizes, planned, is_shared=is_shared)
    run.runner.raise_if_suspended()
    if wrote:
        snapshot, _ = look_around(run, "read it back", after=wrote)
    if context.is_live:
        outcome.seen = seen_in_plex(context.store, snapshot.library, context.run_id)
    after = snapshot.everything
    about = facts(context, before, after, parameters)
    about.note_oddities(snapshot.library.not_understood)
    return summarize(about, before, after, outcome)


def look_around(
    run: Run, moment: str, after: Sequence[StepRun] = ()
) -> tuple[LibrarySnapshot, Sequence[StepRun]]:
    """Read the library as a step of its own, and tell whose each rating is.

    Args:
        run: The run.
        moment: What the step is called.
        after: The steps that this one is drawn behind, whether they failed or not.

    Returns:
        What was read, and the step.
    """
    context = run.context
    reading = run.submit(moment, steps.read, context, after=after)
    with context.timed():
        library: Library = reading.result()
        compare = reconcile if context.is_live else snapshot_of
        return compare(context, library), [reading]


def write_letters(
    run: Run,
    work: Work,
    sizes: dict[str, int],
    planned: Planned,
    *,
    is_shared: bool,
) -> Sequence[StepRun]:
    """Write every letter that has something to write; a failed one stops no other.

    Args:
        run: The run.
        work: The plans, and what comes of them.
        sizes: How many ratings are left to write under each letter.
        planned: The steps behind which the writing of each letter is drawn.
        is_shared: Whether letters may take along equal ratings of others.

    Returns:
        The steps; none if there was nothing to write at all.
    """
    context, outcome = run.context, work.outcome
    everything, parts = work.everything, work.parts
    pool = Pool(outcome.plans, is_shared=is_shared, tagged=context.tagged_at_once)
    with run.report.progress(sizes) as progress:
        context.watch = progress
        letters = {
            run.submit(
                f"{letter} · write",
                *(steps.write_letter, letter, context, everything, parts[letter], pool),
                after=planned[letter][-1:],
            ): letter
            for letter, plans in outcome.plans.items()
            if total(plans) or outcome.results[letter].released
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
