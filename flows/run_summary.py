"""What is said of a run: what it is about to write, and what came of it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple, fields
from pathlib import Path

import numpy as np

from engine.classic import Phase
from engine.errors import StoppedAt
from engine.evidence import LibraryView, library_mean
from engine.partition import in_order, parse_letters
from engine.planning.change_list import Change, by_letter, changes, what_is_left
from engine.planning.plan import PhasePlan, RunParameters
from engine.reports.library_report import LibraryReport
from engine.reports.run_report import (
    LetterResult,
    LettersFailed,
    Outcome,
    Summary,
    summarize,
)
from flows.next_steps import RETRY, command, config_words, go_on
from flows.reports.markdown import markdown, plan_page
from flows.reports.terminal import headline
from tasks.config.config_file import reports_folder
from tasks.config.output_files import make_folder, rotate, write_csv
from tasks.record.runs import finish_run
from tasks.runtime.context import RunContext
from tasks.runtime.progress import Reporter
from tasks.runtime.runner import Run, RunInfo, StepRun
from tasks.sync.reconcile import LibrarySnapshot
from tasks.sync.saved_plans import save_plan


def total(plans: Sequence[PhasePlan]) -> int:
    """Return how many ratings plans would write."""
    return sum(map(len, plans))


def left_to_do(
    outcome: Outcome, parts: Mapping[str, LibraryView]
) -> dict[str, list[PhasePlan]]:
    """Return what is left of the plans; without letters that are all written.

    An earlier attempt of the same run may have written a part.
    """
    left = {}
    for letter, plans in outcome.plans.items():
        own = [what_is_left(parts[letter], plan) for plan in plans]
        if total(own) or not total(plans):
            left[letter] = own
    return left


def show_plan(
    run: Run,
    everything: LibraryView,
    parts: Mapping[str, LibraryView],
    left: Mapping[str, Sequence[PhasePlan]],
    *,
    save: bool,
) -> None:
    """Show what a run is about to write: all in the UI, and in the log of a dry run.

    If it is to be saved, all of it goes to a file even if no person named one.

    Raises:
        UsageError: The file cannot be written.
    """
    report = run.report
    path = run.info.plan_files.table or (_usual_plan_file(run.info) if save else None)
    found = list(by_letter(everything, parts, left))
    number = sum(plan.planned for plan in found)
    where = f"in {path}" if path else "with plexbayes infer --plan FILE.csv"
    title = f"{number} ratings to be written"
    report.publish(lambda: plan_page(found, f"All of them: {where}."), "plan", title)
    if path:
        whole = map(astuple, changes(everything, left))
        write_csv(path, [field.name for field in fields(Change)], whole)
    if run.info.plan_files.saved:
        plans = [plan for own in left.values() for plan in own]
        context = run.context
        tools = context.gateway.identity, context.machine.now(), everything
        save_plan(run.info.plan_files.saved, *tools, plans)
    letters = [plan.letter for plan in found if plan.planned]
    under = f" under {len(letters)} letter{'s' * (len(letters) > 1)}" * bool(letters)
    report.log(f"{title}{under}.")
    for plan in () if run.context.is_live else found:
        rest = f"{plan.unchanged} unchanged, {plan.cleared} cleared"
        said = f"{plan.planned} planned{_phases(plan.phases)}, {rest}"
        report.log(f"{plan.letter}: {said}.")


def _usual_plan_file(info: RunInfo) -> Path:
    """Return where a plan goes for which no person named a file; it is free."""
    folder = make_folder(reports_folder(info.config))
    rotate(folder / "plan.csv")
    return folder / "plan.csv"


def note_written(report: Reporter, outcome: Outcome, letter: str, run: StepRun) -> bool:
    """Note and log what came of writing a letter; return whether it was finished."""
    if run.failure:
        outcome.failures[letter] = run.failure
        if not run.is_cancelled:
            report.log_error(f"{letter} · {run.failure}")
        return False
    result: LetterResult = run.result()
    outcome.results[letter] = result
    if not run.is_cached:  # that was said when it was written
        plans = outcome.plans[letter]
        phases = _phases({plan.phase.label: len(plan) for plan in plans if len(plan)})
        said = f"{letter}: {result.written} of {total(plans)} ratings written{phases}"
        if taken_over := result.released + result.taken_over:
            said += f", {taken_over} taken over by you"
        if result.taken_back:
            said += f", {result.taken_back} taken back"
        if result.gone:
            said += f", {result.gone} gone"
        report.log(f"{said}.")
    return True


def _phases(counts: Mapping[str, int]) -> str:
    """Return ` (1 album-up: 3, 4 track-down: 28)`; empty if there is nothing."""
    listed = ", ".join(f"{phase}: {count}" for phase, count in counts.items())
    return f" ({listed})" if listed else ""


def summary_of(
    context: RunContext,
    before: LibraryView,
    snapshot: LibrarySnapshot,
    parameters: RunParameters,
    outcome: Outcome,
) -> Summary:
    """Return the summary of a run; the snapshot is of its end."""
    after = snapshot.everything
    manual = before.tracks.ownership.manual
    now = library_mean(after.tracks)
    about = Summary(
        run_id=context.run_id,
        library=context.gateway.identity.title,
        dry_run=not context.is_live,
        artists=len(before.artists),
        albums=len(before.albums),
        tracks=len(before.tracks),
        manual_tracks=int(np.count_nonzero(~np.isnan(manual))),
        drift_tolerance=parameters.tolerance,
        prior_before=parameters.mean,
        prior_after=parameters.mean if now is None else now,
        settings=context.settings.shaping,
        mean_before=None,
        mean_after=None,
        reads=context.gateway.reads,
        writes=context.gateway.writes,
        seconds=context.machine.elapsed() - context.begun,
        worked=context.worked,
        rested=context.throttle.rested,
    )
    about.note_oddities(snapshot.library.not_understood)
    return summarize(about, before, after, outcome)


def hint(
    info: RunInfo, summary: Summary, letters: str, model: str, mode: str = ""
) -> str:
    """Say how to go on with a run that was stopped.

    Letters and model are those that it was asked for; the mode is `--live` or
    `--dry-run` if the configuration says otherwise.
    """
    phases = [label.split(maxsplit=1)[0] for label in summary.phases]
    words = ["0"]
    if 0 < len(phases) < len(Phase):
        words = ["infer", "--phases", ",".join(phases)]
    left = in_order(summary.failed_letters)
    chosen = parse_letters(letters)
    if chosen.spans and not chosen.start:
        words += ["--letters", f'"{",".join(left) or chosen}"']
    else:
        start = left[0] if left else chosen.start or "#"
        words += ["--from", f'"{start}"']
    words += ["--model", model] if model else []
    words += config_words(info.parameters, info.config)
    is_accepted = info.parameters.get("accept_large_change")
    words += ["--accept-large-change"] if is_accepted else []
    words += [mode] if mode else []
    where = f" at letter {left[0]}" if left else ""
    stopped = f"Stopped{where}; what was written is recorded."
    return f"{stopped} {go_on(info, ' '.join(words), RETRY)}"


def conclude(
    run: Run,
    summary: Summary,
    again: Callable[[], str],
    shown: LibraryReport | None = None,
) -> None:
    """Report what came of a run; `again` says how to go on if it was stopped.

    Raises:
        StoppedAt: A person stopped the run.
        LettersFailed: Some letters were not finished.
    """
    context, info, title = run.context, run.info, headline(summary)
    run.report.say(f"{title[:1].upper()}{title[1:]}.")
    run.report.publish(lambda: markdown(summary, shown), "report", title)
    if context.is_live:
        finish_run(
            context.store,
            context.run_id,
            json.dumps(asdict(summary)),
            context.machine.now(),
        )
    if context.cancellation.is_cancelled:
        raise StoppedAt(again())
    failed = summary.failed_letters
    if failed:
        reasons = "; ".join(f"{letter}: {why}" for letter, why in failed.items())
        of_all = len(summary.letters.keys() | failed.keys())
        number = f"{len(failed)} of {of_all} letters failed"
        parameters = {**info.parameters, "letters": ",".join(in_order(failed))}
        retry = go_on(info, command("infer", parameters, info.config), RETRY)
        raise LettersFailed(f"{number}: {reasons}", summary, retry)
