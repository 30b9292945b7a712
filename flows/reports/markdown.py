"""Reports as pages of markdown, for the Prefect UI: every text is shown as it is."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from engine.partition import in_order
from engine.plain_text import markdown_text
from engine.planning.change_list import Change, LetterPlan
from engine.playlists.preview import Playlist
from engine.reports.audit import Audit
from engine.reports.library_report import LibraryReport
from engine.reports.run_report import PhaseCount, Ranked, Summary
from flows.reports.screen import Row
from flows.reports.terminal import (
    COUNTS,
    DIFFERENCE,
    RANKS,
    count_lines,
    counts,
    differences,
    headline,
    heads,
    inventory,
    named,
    outcome_lines,
    ranks,
    report_title,
    shifts,
    stars,
    sureness_tables,
)

if TYPE_CHECKING:
    from flows.reports.terminal import Report

SHIFTS = ("mean", "before", "after")
LETTERS = (
    *("letter", "planned", "written", "kept (drift)", "were cleared", "failed"),
    "why it failed",
)
PLANS = ("letter", "planned", "unchanged", "cleared")
PLAYLISTS = ("playlist", "now", "after", "inferred")
THRESHOLDS = ("as good as your", "share of your ratings", "ask for")
ASK = ("", "track")
SAMPLE = ("phase", "item", "from", "to")


def markdown(summary: Summary, shown: LibraryReport | None = None) -> str:
    """Return the report of a run as a page, with some panels of what is shown."""
    page = (f"A page to look at: {summary.report}",) if summary.report else ()
    about = (inventory(summary), *outcome_lines(summary), *page)
    parts = [heading(f"{summary.library}: {headline(summary)}"), *bullets(about)]
    parts += section("Phases", COUNTS, counts(summary.phases))
    parts += section("Letters", LETTERS, _letters(summary))
    parts += section("What moved", SHIFTS, shifts(summary))
    for title, head, rows in sureness_tables(summary.sureness):
        parts += section(title, head, rows)
    parts += section("Top artists", RANKS, ranks(summary.top))
    parts += section("Bottom artists", RANKS, ranks(summary.bottom))
    return "\n".join([*parts, *(_panels(shown) if shown else ())])


def _panels(shown: LibraryReport) -> Iterator[str]:
    """Yield what a table can show of a library's report."""
    if shown.playlists:
        yield from section(
            "Smart playlists", PLAYLISTS, map(_playlist, shown.playlists)
        )
    if shown.thresholds:
        rows = [
            (stars(one.wanted), f"{100 * one.share:.0f} %", stars(one.threshold))
            for one in shown.thresholds
        ]
        yield from section("Where to draw the line", THRESHOLDS, rows)
    if shown.ask:
        numbered = [(str(at), named(one)) for at, one in enumerate(shown.ask, 1)]
        yield from section("What to rate next", ASK, numbered)


def _playlist(one: Playlist) -> Row:
    if one.not_previewed:
        return one.title, f"not previewed: {one.not_previewed}", "", ""
    share = f"{100 * one.guessed:.0f} %"
    return one.title, str(one.now), str(one.after), share


def _letters(summary: Summary) -> Iterator[Row]:
    """Yield what became of each letter as a row of text."""
    for letter in in_order(summary.letters.keys() | summary.failed_letters.keys()):
        counted = PhaseCount()
        for phase in summary.letters.get(letter, {}).values():
            counted.add(phase)
        numbers = (
            *(counted.planned, counted.written, counted.kept_by_drift),
            *(counted.cleared, summary.failed_ratings.get(letter, 0)),
        )
        yield letter, *map(str, numbers), summary.failed_letters.get(letter, "")


def plan_page(plans: Sequence[LetterPlan], note: str) -> str:
    """Return what a run is about to write as a page: a sample under every letter.

    The note says where all of it is.
    """
    total = sum(plan.planned for plan in plans)
    overview = [
        (plan.letter, *map(str, (plan.planned, plan.unchanged, plan.cleared)))
        for plan in plans
    ]
    parts = [heading(f"{total} ratings to be written"), "", markdown_text(note)]
    parts += section("Letters", PLANS, overview)
    for plan in plans:
        if plan.planned:
            title = f"{plan.letter}: {len(plan.sample)} of {plan.planned} ratings"
            parts += section(title, SAMPLE, map(_sampled, plan.sample))
    return "\n".join(parts)


def _sampled(change: Change) -> Row:
    item = " / ".join(filter(None, (change.artist, change.album, change.track)))
    return change.phase, item, stars(change.before), stars(change.after)


def audit_page(audit: Audit) -> str:
    """Return what an audit found as a page."""
    rows = differences(audit)
    parts = [heading(f"{audit.library}: {audit.verdict}"), ""]
    parts.append(f"{audit.recorded} ratings on record.")
    parts += ["", *table(DIFFERENCE, rows)] if rows else []
    return "\n".join(parts)


def ranking_page(best: list[Ranked], worst: list[Ranked], what: str) -> str:
    """Return the power rankings as a page."""
    top = section(f"Top {what}s", heads(what), ranks(best), level=1)
    title = f"Bottom {what}s, worst first"
    bottom = section(title, heads(what), ranks(worst), level=1)
    return "\n".join([*top[1:], *bottom])


def counts_page(title: str, report: "Report") -> str:
    """Return what a command did as a page."""
    said = (line.strip() for line in count_lines(report))
    return "\n".join([heading(report_title(title, report)), "", *bullets(said)])


def section(
    title: str, head: Iterable[str], rows: Iterable[Row], level: int = 2
) -> list[str]:
    """Return a table below a heading, as lines of markdown."""
    return ["", heading(title, level), "", *table(head, rows)]


def heading(text: str, level: int = 1) -> str:
    """Return a heading as a line of markdown."""
    return f"{'#' * level} {markdown_text(text)}"


def bullets(texts: Iterable[str]) -> list[str]:
    """Return texts as a list in markdown."""
    return [f"* {markdown_text(text)}" for text in texts]


def table(head: Iterable[str], rows: Iterable[Row]) -> list[str]:
    """Return rows of text as a table in markdown."""
    body = [[markdown_text(cell) for cell in row] for row in (head, *rows)]
    body.insert(1, ["---"] * len(body[0]))
    return [f"| {' | '.join(row)} |" for row in body]
