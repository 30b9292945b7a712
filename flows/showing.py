"""Showing what a run is about to write: the beginning in the UI, all in a file."""

from collections.abc import Sequence
from dataclasses import astuple, fields
from itertools import islice
from pathlib import Path

from engine.evidence import Part
from engine.listing import Change, changes
from engine.plan import PhasePlan
from engine.reports import Outcome
from flows.pages import SHOWN, plan_note, planned
from tasks import reporting


def total(plans: Sequence[PhasePlan]) -> int:
    """Return how many ratings plans would write."""
    return sum(map(len, plans))


def show_plan(outcome: Outcome, everything: Part, path: str) -> None:
    """Show the plans of all letters.

    Args:
        outcome: What holds the plans.
        everything: The library that was planned for.
        path: The CSV file that gets all of them; empty: none.

    Raises:
        SettingsInvalid: The file cannot be written.
    """
    number = sum(map(total, outcome.plans.values()))
    first = planned(islice(changes(everything, outcome.plans), SHOWN))
    reporting.tabulate(first, key="plan", note=plan_note(number, path))
    if path:
        whole = map(astuple, changes(everything, outcome.plans))
        reporting.save(whole, [field.name for field in fields(Change)], Path(path))
