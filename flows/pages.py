"""Reports as pages of markdown, for the Prefect UI."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.audit import Audit
from engine.listing import Change
from engine.reports import Ranked, Summary
from flows.render import (
    COUNTS,
    DIFFERENCE,
    RANKS,
    count_lines,
    counts,
    differences,
    doings,
    entitled,
    headline,
    heads,
    inventory,
    ranks,
    shifts,
    stars,
)
from flows.sureness import tables

if TYPE_CHECKING:
    from flows.render import Report


SHOWN = 100
"""How many changes of a plan the UI shows; all of them would be megabytes."""

PLAIN = str.maketrans({"|": "¦", "\n": " "})
"""What would break a table."""

FAILURES = ("letter", "why it failed")
SHIFTS = ("mean", "before", "after")


def markdown(summary: Summary) -> str:
    """Return the report of a run as a page."""
    parts = [f"# {summary.library}: {headline(summary)}"]
    parts += [f"* {line}" for line in (inventory(summary), *doings(summary))]
    parts += ["", *_table(COUNTS, counts(summary.phases))]
    if summary.failed_letters:
        failed = list(summary.failed_letters.items())
        parts += ["", "## Failed letters", "", *_table(FAILURES, failed)]
    parts += ["", "## What moved", "", *_table(SHIFTS, shifts(summary))]
    for title, head, rows in tables(summary.sureness):
        parts += ["", f"## {title}", "", *_table(head, rows)]
    parts += ["", "## Top artists", "", *_table(RANKS, ranks(summary.top))]
    parts += ["", "## Bottom artists", "", *_table(RANKS, ranks(summary.bottom))]
    return "\n".join(parts)


def planned(changes: Iterable[Change]) -> list[dict[str, str]]:
    """Return changes as rows of a table."""
    return [
        {
            "letter": change.letter,
            "phase": change.phase,
            "item": " / ".join(
                filter(None, (change.artist, change.album, change.track))
            ),
            "from": stars(change.before),
            "to": stars(change.after),
        }
        for change in changes
    ]


def plan_note(number: int, path: Path | None) -> str:
    """Say how much of a plan is shown, and where all of it is."""
    part = f" The first {SHOWN} are below." if number > SHOWN else ""
    whole = f"in {path}" if path else "with `plexbayes infer --plan FILE.csv`"
    return f"{number} ratings to be written.{part} All of them: {whole}."


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    body = [[cell.translate(PLAIN) for cell in row] for row in (head, *rows)]
    body.insert(1, ["---"] * len(body[0]))
    return [f"| {' | '.join(row)} |" for row in body]


def audit_page(audit: Audit) -> str:
    """Return what an audit found as a page."""
    rows = differences(audit)
    table = ["", *_table(DIFFERENCE, rows)] if rows else []
    head = f"# {audit.library}: {audit.verdict}"
    return "\n".join([head, "", f"{audit.recorded} ratings on record.", *table])


def ranking_page(best: list[Ranked], worst: list[Ranked], what: str) -> str:
    """Return the power rankings as a page."""
    top = [f"# Top {what}s", "", *_table(heads(what), ranks(best))]
    bottom = [f"# Bottom {what}s, worst first", "", *_table(heads(what), ranks(worst))]
    return "\n".join([*top, "", *bottom])


def counts_page(title: str, report: "Report") -> str:
    """Return what a command did as a page."""
    said = [f"* {line.strip()}" for line in count_lines(report)]
    return "\n".join([f"# {entitled(title, report)}", "", *said])
