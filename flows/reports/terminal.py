"""What people see: points become stars here, and nowhere else."""

import sys
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from typing import TYPE_CHECKING, Protocol, TextIO

from rich.table import Table

from engine.plain_text import printable
from flows.reports.screen import Row, Screen
from tasks.config.redaction import redact

if TYPE_CHECKING:  # what thinks and reads takes long to import; --help needs none
    from engine.library import Named
    from engine.reports.audit import Audit
    from engine.reports.confidence import Band, Sureness
    from engine.reports.run_report import PhaseCount, Ranked, Summary


class Report(Protocol):
    """What a command did: counts, seconds, and names in lists."""

    dry_run: bool


COUNTS = ("phase", "planned", "written", "kept (drift)", "were cleared")
DIFFERENCE = ("count", "what it means", "such as")
RANKS = ("stars", "artist", "albums", "tracks you rated", "rated by")
SURE = ("guesses", "ratings behind each", "±")
FAMILIAR = ("stars", "artist", "±", "ratings behind it", "tracks")
NAMED = 20
"""How many items a list names before it only counts."""


def stars(points: float | None, decimals: int = 2) -> str:
    """Return points as stars; a dash for unrated.

    >>> stars(7.48), stars(None)
    ('3.74★', '–')
    """
    return "–" if points is None else f"{points / 2:.{decimals}f}★"


def named(item: "Named") -> str:
    """Return an item on one line, the artist first.

    >>> from engine.library import Named
    >>> named(Named("Abba", "Arrival", "Tiger"))
    'Abba / Arrival / Tiger'
    """
    return " / ".join(filter(None, (item.artist, item.album, item.track)))


def headline(summary: "Summary") -> str:
    """Say in one sentence what a run did."""
    if summary.dry_run:
        return f"{summary.planned} ratings would be written (dry run)"
    return f"{summary.written} of {summary.planned} planned ratings written"


def inventory(summary: "Summary") -> str:
    """Say how large the library is."""
    return (
        f"{summary.artists} artists, {summary.albums} albums, {summary.tracks} "
        f"tracks, {summary.manual_tracks} of them rated by you."
    )


def shifts(summary: "Summary") -> list[tuple[str, str, str]]:
    """Return what moved during a run, before and after, as rows of text."""
    prior = stars(summary.prior_before, 4), stars(summary.prior_after, 4)
    mean = stars(summary.mean_before, 4), stars(summary.mean_after, 4)
    return [
        ("Global prior (mean of your track ratings)", *prior),
        ("Mean of all track ratings, inferred ones included", *mean),
    ]


def outcome_lines(summary: "Summary") -> list[str]:
    """Say what became of everything, and what it cost, a sentence a line."""
    return [
        f"Drift up to {stars(summary.drift_tolerance, 3)} was left alone.",
        (
            f"Taken over by you: {summary.taken_over}. Gone: {summary.gone}. "
            f"Failed: {summary.failed}."
        ),
        *([summary.removals] if summary.taken_back else []),
        *([summary.oddities] if summary.not_understood else []),
        (
            f"{summary.reads} reads and {summary.writes} writes in "
            f"{summary.seconds:.1f} s ({summary.rested:.1f} s paused)."
        ),
    ]


def counts(phases: "dict[str, PhaseCount]") -> list[Row]:
    """Return the counts of each phase as rows of text."""
    return [
        (phase, *map(str, (c.planned, c.written, c.kept_by_drift, c.cleared)))
        for phase, c in phases.items()
    ]


def ranks(artists: "Iterable[Ranked]") -> list[Row]:
    """Return ranked artists or albums as rows of text."""
    return [
        (
            stars(artist.rating),
            artist.name or "(no name)",
            str(artist.albums),
            str(artist.rated_tracks),
            "you" if artist.is_manual else "inferred",
        )
        for artist in artists
    ]


def show_report(summary: "Summary", next_step: str, *, verbose: bool = False) -> None:
    """Print what a run did, what is next, and where to see more; or also all tables."""
    screen = Screen()
    screen.rule(f"{summary.library}: {headline(summary)}")
    moved = [f"{what}: {old} → {new}." for what, old, new in shifts(summary)]
    failures = summary.failed_letters.items()
    failed = [f"Letter {letter} failed: {why}" for letter, why in failures]
    said = [inventory(summary), *moved, *outcome_lines(summary), *failed]
    screen.print_lines([*said, planned_line(summary)])
    if verbose:
        _show_tables(screen, summary)
    page = [f"See it: {summary.report}"] if summary.report else []
    screen.print_lines([*filter(None, [next_step]), *page])


def planned_line(summary: "Summary") -> str:
    """Return how many ratings each phase planned, on one line."""
    phases = summary.phases.items()
    each = ", ".join(f"{phase} {count.planned}" for phase, count in phases)
    return f"Planned: {each or 'nothing'}."


def _show_tables(screen: Screen, summary: "Summary") -> None:
    screen.print_table("What each phase did", COUNTS, counts(summary.phases))
    screen.print_table("Top artists", RANKS, ranks(summary.top))
    screen.print_table("Bottom artists", RANKS, ranks(summary.bottom))
    for title, head, rows in sureness_tables(summary.sureness):
        screen.print_table(title, head, rows)


def sureness_tables(found: "Sureness") -> Iterator[tuple[str, Row, list[Row]]]:
    """Yield how sure guesses are, and of which artists least and most is known."""
    if found.bands:
        first = "confidence" if found.by == "confidence" else "your ratings"
        bands: list[Row] = [
            (
                span(found.by, band),
                str(band.guesses),
                f"{band.ratings:.1f}",
                stars(band.sd),
            )
            for band in found.bands
        ]
        yield "How sure the guesses are", (first, *SURE), bands
    for which, artists in (("Least", found.least), ("Most", found.most)):
        rows: list[Row] = [
            (
                stars(artist.rating),
                artist.name or "(no name)",
                stars(artist.sd),
                str(artist.ratings),
                str(artist.tracks),
            )
            for artist in artists
        ]
        if rows:
            yield f"{which} certain artists", FAMILIAR, rows


def span(by: str, band: "Band") -> str:
    """Return from where to where a band reaches, in words."""
    if band.most is None:
        return f"{band.least:g} or more"
    most = band.most if by == "confidence" else band.most - 1
    return f"{band.least:g}" if most == band.least else f"{band.least:g} to {most:g}"


def replace_unprintable(*streams: TextIO) -> None:
    """Let a stream replace what its encoding lacks, such as ★ in cp1252.

    A report that cannot be shown whole must not turn a finished run into a failure.
    """
    for stream in streams:
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def complain(sentence: str) -> None:
    """Print what went wrong where errors belong."""
    print(printable(redact(f"plexbayes: {sentence}")), file=sys.stderr)


def notify(sentence: str) -> None:
    """Print something that a person may want to know, beside the report."""
    print(printable(sentence), file=sys.stderr)


def show_audit(audit: "Audit") -> None:
    """Print whether the record and Plex agree."""
    screen = Screen()
    screen.rule(f"{audit.library}: {audit.verdict}")
    screen.print(f"{audit.recorded} ratings on record.")
    rows = differences(audit)
    if rows:
        screen.print_table("What differs", DIFFERENCE, rows)


def differences(audit: "Audit") -> list[Row]:
    """Return what an audit found as rows of text."""
    found = [finding for finding in audit.findings.values() if finding.count]
    return [(str(f.count), f.means, ", ".join(f.items)) for f in found]


def show_ranking(best: "list[Ranked]", worst: "list[Ranked]", what: str) -> None:
    """Print the power rankings."""
    screen = Screen()
    screen.print_table(f"Top {what}s", heads(what), ranks(best))
    screen.print_table(f"Bottom {what}s, worst first", heads(what), ranks(worst))


def heads(what: str) -> Row:
    """Return the heads of a ranking of artists or albums."""
    return tuple(what if head == "artist" else head for head in RANKS)


def show_counts(title: str, report: Report) -> None:
    """Print what a command did: a number a line, and the first few names."""
    screen = Screen()
    screen.rule(report_title(title, report))
    screen.print_lines(count_lines(report))


def report_title(title: str, report: Report) -> str:
    """Return the title of a report; a dry run says so."""
    return title + (" (dry run: nothing was changed)" if report.dry_run else "")


def count_lines(report: Report) -> list[str]:
    """Return what a command did: a number a line, and the first few names."""
    lines = []
    for name, value in vars(report).items():
        label = name.replace("_", " ")
        if isinstance(value, list) and value:
            lines.append(f"{label}: {len(value)}")
            lines += [f"  {line}" for line in value[:NAMED]]
            lines += [f"  … and {len(value) - NAMED} more"] * (len(value) > NAMED)
        elif isinstance(value, float):
            lines.append(f"{label}: {value:.1f} s")
        elif isinstance(value, int) and not isinstance(value, bool):
            lines.append(f"{label}: {value}")
    return lines


def show_menu(commands: Iterable[tuple[str, str]]) -> None:
    """Print what can be asked for."""
    for number, help_text in commands:
        print(f"  {number:>2}  {help_text}")


def say(sentence: str) -> None:
    """Print a line to a person who is being asked something."""
    print(printable(sentence))


def show_findings(findings: Iterable[Row]) -> None:
    """Print what was checked, in which state it is, what is and what to do."""
    styles = {"ok": "green", "warning": "yellow", "error": "bold red"}
    table = Table()
    for name in ("check", "state", "what is", "what to do"):
        table.add_column(name, overflow="fold")  # not one letter of a URL may go
    for finding in findings:
        table.add_row(*finding, style=styles[finding[1]])
    Screen().print(table)
