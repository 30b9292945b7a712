"""Showing what a run is about to write: a sample in the UI, all in a file."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields
from pathlib import Path

from engine.errors import UsageError
from engine.evidence import LibraryView
from engine.planning.change_list import (
    Change,
    LetterPlan,
    by_letter,
    changes,
    what_is_left,
)
from engine.planning.plan import PhasePlan
from engine.reports.run_report import LetterResult, Outcome
from flows.reports.markdown import plan_page
from tasks.config.config_file import config_path
from tasks.config.output_files import PLAN_FILE, rotate, write_csv
from tasks.runtime.progress import Reporter
from tasks.runtime.runner import StepRun

REPORTS = "reports"
"""The folder beside the configuration for what runs in the Prefect UI write."""


def total(plans: Sequence[PhasePlan]) -> int:
    """Return how many ratings plans would write."""
    return sum(map(len, plans))


def left_to_do(
    outcome: Outcome, parts: Mapping[str, LibraryView]
) -> dict[str, list[PhasePlan]]:
    """Return what is left of the plans; without letters that are all written.

    An earlier attempt of the same run may have written a part.
    """
    left = {
        letter: [what_is_left(parts[letter], plan) for plan in plans]
        for letter, plans in outcome.plans.items()
    }
    planned = outcome.plans
    return {
        letter: plans
        for letter, plans in left.items()
        if total(plans) or not total(planned[letter])
    }


def show_plan(
    report: Reporter,
    plans: Mapping[str, Sequence[PhasePlan]],
    everything: LibraryView,
    parts: Mapping[str, LibraryView],
    *,
    save: bool,
    live: bool,
) -> None:
    """Show what a run is about to write: all in the UI, and in the log of a dry run.

    Args:
        report: Where to show it.
        plans: What is left to do, letter by letter.
        everything: The library that was planned for.
        parts: The same by letter.
        save: Whether all of it goes to a file even if no person named one.
        live: Whether it will be written, and logged then.

    Raises:
        UsageError: The file cannot be written.
    """
    path = PLAN_FILE.get() or (_usual_plan_file() if save else None)
    found = list(by_letter(everything, parts, plans))
    number = sum(plan.planned for plan in found)
    where = f"in {path}" if path else "with plexbayes infer --plan FILE.csv"
    title = f"{number} ratings to be written"
    report.publish(plan_page(found, f"All of them: {where}."), "plan", title)
    if path:
        whole = map(astuple, changes(everything, plans))
        write_csv(path, [field.name for field in fields(Change)], whole)
    letters = [plan.letter for plan in found if plan.planned]
    under = f" under {len(letters)} letter{'s' * (len(letters) > 1)}" * bool(letters)
    report.log(f"{title}{under}.")
    for plan in () if live else found:
        report.log(planned_line(plan))


def note_written(report: Reporter, outcome: Outcome, letter: str, run: StepRun) -> bool:
    """Note and log what came of writing a letter; return whether it was finished."""
    if run.failure:
        outcome.failures[letter] = run.failure
        if not run.is_cancelled:
            report.log_error(f"{letter} · {run.failure}")
        return False
    outcome.results[letter] = run.result()
    if not run.is_cached:  # that was said when it was written
        plans = outcome.plans[letter]
        report.log(written_line(letter, plans, outcome.results[letter]))
    return True


def planned_line(plan: LetterPlan) -> str:
    """Say what would be written under one letter, with its phases."""
    left = f"{plan.unchanged} unchanged, {plan.cleared} cleared"
    return f"{plan.letter}: {plan.planned} planned{_phases(plan.phases)}, {left}."


def written_line(letter: str, plans: Sequence[PhasePlan], result: LetterResult) -> str:
    """Say what was written under one letter, with its phases."""
    phases = {plan.phase.label: len(plan) for plan in plans if len(plan)}
    written = f"{result.written} of {total(plans)} ratings written{_phases(phases)}"
    others = {
        "taken over by you": result.released + result.taken_over,
        "gone": result.gone,
    }
    more = [f"{count} {what}" for what, count in others.items() if count]
    return f"{letter}: {', '.join([written, *more])}."


def _phases(counts: Mapping[str, int]) -> str:
    """Return ` (1 album-up: 3, 4 track-down: 28)`; empty if there is nothing."""
    listed = ", ".join(f"{phase}: {count}" for phase, count in counts.items())
    return f" ({listed})" if listed else ""


def _usual_plan_file() -> Path:
    """Return where a plan goes for which no person named a file; it is free.

    Raises:
        UsageError: There can be no such file.
    """
    folder = config_path(None).resolve().parent / REPORTS
    try:
        folder.mkdir(0o700, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror}.") from None
    rotate(folder / "plan.csv")
    return folder / "plan.csv"
