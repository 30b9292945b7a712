"""The main job: read, plan letter by letter, phase by phase, write, read back."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from engine.capabilities import limitations
from engine.classic import Phase, PhaseChoice, chosen_phases
from engine.errors import RunStopped
from engine.evidence import MEAN_WITHOUT_RATINGS, LibraryView, library_mean, split
from engine.library import Library
from engine.partition import chosen_letters, parse_letters
from engine.planning.batch_sharing import Pool
from engine.planning.plan import PhasePlan, RunParameters
from engine.reports.run_report import LetterResult, Outcome, Summary, taken_over
from flows.letter_plans import Work, plan_run
from flows.next_steps import RESUME, repeated
from flows.run_summary import (
    conclude,
    hint,
    left_to_do,
    note_written,
    show_plan,
    summary_of,
    total,
)
from tasks.config.field_types import ModelChoice
from tasks.config.settings import Settings
from tasks.record.runs import begin_run, first_fit
from tasks.runtime.cancellation import CancellationToken
from tasks.runtime.context import Outside, open_run
from tasks.runtime.retry import call_with_retry
from tasks.runtime.runner import Run, Runner, StepRun
from tasks.sync import steps
from tasks.sync.integrity import ensure_record_current, precautions
from tasks.sync.reconcile import LibrarySnapshot, reconcile, seen_in_plex, snapshot_of
from tasks.sync.run_parameters import parameters_of

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

    Args:
        runner: Who carries out the steps.
        settings: What the user chose.
        cancellation: Where the run can be held or stopped.
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
    with _opened(runner, settings, cancellation, request, patient=patient) as run:
        summary = carry_out(run, phases, letters, save_plan=request.save_plan)
        mode = "" if request.dry_run == configured else MODE[request.dry_run]
        again = hint(run.info, summary, letters, request.model, mode)
        conclude(run, summary, again)
        return summary


@contextmanager
def _opened(
    runner: Runner,
    settings: Settings,
    cancellation: CancellationToken,
    request: Request,
    *,
    patient: bool,
) -> Iterator[Run]:
    """Lay out the context of the run."""
    info, warn = runner.info, runner.report.warn

    def attempted(act: Callable[[], Any]) -> Any:  # noqa: ANN401
        if not patient:
            return act()
        return call_with_retry(act, settings, cancellation, warn)

    with ExitStack() as stack:
        stack.enter_context(runner.watched(cancellation, repeated(info, RESUME)))
        context = attempted(
            lambda: stack.enter_context(
                open_run(
                    settings,
                    info.id,
                    live=not request.dry_run,
                    accept=request.accept_library,
                    say=warn,
                    outside=Outside(cancellation=cancellation),
                )
            )
        )
        if context.gateway.is_scanned:
            warn(SCANNED)
        runner.report.say(*attempted(lambda: precautions(context)))
        try:
            yield Run(runner, context)
        except RunStopped:
            runner.raise_if_suspended()
            raise


def carry_out(
    run: Run, phases: Sequence[Phase], letters: str, *, save_plan: bool
) -> Summary:
    """Read, plan and write; return what came of it."""
    context = run.context
    snapshot, reading = look_around(run, "read the library")
    call_with_retry(
        lambda: ensure_record_current(context, snapshot),
        settings=context.settings,
        cancellation=context.cancellation,
        tell=run.report.warn,
    )
    before, outcome = snapshot.everything, Outcome()
    with context.timed():
        parts = split(snapshot.library, before)
    for letter in chosen_letters(letters, parts):
        outcome.results[letter] = LetterResult(released=taken_over(parts[letter]))
    work = Work(before, parts, phases, agree_on_parameters(run, before), outcome)
    # What a run that is tried again wrote already is no company for what is left.
    is_shared = context.is_live and not context.store.knows(context.run_id)
    plan_run(run, work, reading)
    run.report.say(*limitations(context.executor.capabilities))
    left = left_to_do(work)
    show_plan(run, work, left, save=save_plan)
    wrote: Sequence[StepRun] = []
    if context.is_live:
        wrote = write_letters(run, work, left, is_shared=is_shared)
    run.runner.raise_if_suspended()
    if wrote:
        snapshot, _ = look_around(run, "read it back", after=wrote)
    if context.is_live:
        outcome.seen = seen_in_plex(context.store, snapshot.library, context.run_id)
    return summary_of(context, work, snapshot)


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
        store, run_id, now = context.store, context.run_id, time.time()
        first = parameters.mean, parameters.constants, now, parameters.fit
        mean, constants = begin_run(store, run_id, *first)
        fit = first_fit(store, run_id)
        parameters = replace(parameters, mean=mean, constants=constants, fit=fit)
    run.report.say(
        f"Model: {'classic' if parameters.fit is None else 'hierarchical'}. "
        f"Global prior {parameters.mean / 2:.3f} stars. "
        "Dynamic precision: accepting drift up to "
        f"{parameters.tolerance / 2:.3f} stars."
    )
    return parameters


def write_letters(
    run: Run,
    work: Work,
    left: Mapping[str, Sequence[PhasePlan]],
    *,
    is_shared: bool,
) -> Sequence[StepRun]:
    """Write every letter that has something to write; a failed one stops no other.

    Args:
        run: The run.
        work: The plans, and what comes of them.
        left: What is left of the plans, letter by letter.
        is_shared: Whether letters may take along equal ratings of others.

    Returns:
        The steps; none if there was nothing to write at all.
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
