"""Showing what a run is about to write: the beginning in the UI, all in a file."""

from collections.abc import Sequence
from dataclasses import astuple, fields
from itertools import islice
from pathlib import Path

from engine.errors import SettingsInvalid
from engine.evidence import Part
from engine.listing import Change, changes
from engine.plan import PhasePlan
from engine.reports import Outcome
from flows.pages import SHOWN, plan_note, planned
from tasks import reporting
from tasks.configfile import config_path
from tasks.output_files import PLAN_FILE, rotate, write_csv

REPORTS = "reports"
"""The folder beside the configuration for what runs in the Prefect UI write."""


def total(plans: Sequence[PhasePlan]) -> int:
    """Return how many ratings plans would write."""
    return sum(map(len, plans))


def show_plan(outcome: Outcome, everything: Part, *, save: bool) -> None:
    """Show the plans of all letters.

    Args:
        outcome: What holds the plans.
        everything: The library that was planned for.
        save: Whether the whole plan is written to a file even if no person named one.

    Raises:
        SettingsInvalid: The file cannot be written.
    """
    path = PLAN_FILE.get() or (_usual_plan_file() if save else None)
    number = sum(map(total, outcome.plans.values()))
    first = planned(islice(changes(everything, outcome.plans), SHOWN))
    reporting.tabulate(first, key="plan", note=plan_note(number, path))
    if path:
        whole = map(astuple, changes(everything, outcome.plans))
        write_csv(path, [field.name for field in fields(Change)], whole)


def _usual_plan_file() -> Path:
    """Return where a plan goes for which no person named a file; it is free.

    Raises:
        SettingsInvalid: There can be no such file.
    """
    folder = config_path(None).resolve().parent / REPORTS
    try:
        folder.mkdir(0o700, exist_ok=True)
    except OSError as error:
        raise SettingsInvalid(f"{folder} cannot be made: {error.strerror}.") from None
    rotate(folder / "plan.csv")
    return folder / "plan.csv"
