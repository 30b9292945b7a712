"""How sure the guesses of a run are, as people see it."""

from collections.abc import Iterator

from engine.reports.confidence import Band, Familiar, Sureness
from engine.reports.run_report import Summary
from flows.reports.screen import screen
from flows.reports.terminal import show, stars, table

SURE = ("guesses", "ratings behind each", "give or take")
FAMILIAR = ("stars", "artist", "give or take", "ratings behind it", "tracks")
Titled = tuple[str, tuple[str, ...], list[tuple[str, ...]]]
"""Title, heads and rows of a table."""


def show_report(summary: Summary) -> None:
    """Print the report of a run, and how sure its guesses are."""
    show(summary)
    console = screen()
    for title, head, rows in tables(summary.sureness):
        console.print(table(title, head, rows))


def tables(found: Sureness) -> Iterator[Titled]:
    """Yield how sure guesses are, and of which artists least and most is known."""
    if found.bands:
        first = "confidence" if found.by == "confidence" else "your ratings"
        rows = [_band(found.by, band) for band in found.bands]
        yield "How sure the guesses are", (first, *SURE), rows
    for title, artists in (
        ("Artists of whom least is known", found.least),
        ("Artists of whom most is known", found.most),
    ):
        if artists:
            yield title, FAMILIAR, [*map(_familiar, artists)]


def _band(by: str, band: Band) -> tuple[str, ...]:
    return (
        _span(by, band),
        str(band.guesses),
        f"{band.ratings:.1f}",
        _give_or_take(band.sd),
    )


def _span(by: str, band: Band) -> str:
    if band.most is None:
        return f"{band.least:g} or more"
    most = band.most if by == "confidence" else band.most - 1
    return f"{band.least:g}" if most == band.least else f"{band.least:g} to {most:g}"


def _familiar(artist: Familiar) -> tuple[str, ...]:
    return (
        stars(artist.rating),
        artist.name or "(no name)",
        _give_or_take(artist.sd),
        str(artist.ratings),
        str(artist.tracks),
    )


def _give_or_take(sd: float | None) -> str:
    return "–" if sd is None else f"± {stars(sd)}"
