"""The report of a library as one page, which needs nothing but a browser."""

from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from engine.plain_text import printable
from flows.reports import svg
from flows.reports.terminal import span, stars

if TYPE_CHECKING:  # takes long to import, and --help needs no page
    from jinja2 import Environment

    from engine.library import Named
    from engine.reports.library_report import LibraryReport

TEMPLATES = Path(__file__).with_name("templates")
LATELY = 60
"""Days up to which they are counted one by one; then months, to twice a year."""
MONTH, YEAR = 30.44, 365.25
"""Days."""


class Panel(NamedTuple):
    """A part of the page; it is left out where all its fields are empty."""

    id: str
    """Also the name of its template."""
    title: str
    fields: tuple[str, ...]


RANKINGS = ("best_artists", "worst_artists", "best_albums", "worst_albums")
PANELS = (
    Panel("coverage", "How much is rated", ("coverage",)),
    Panel("histogram", "How the stars are spread", ("bars",)),
    Panel("playlists", "Your smart playlists, before and after", ("playlists",)),
    Panel("thresholds", "Where to draw the line", ("thresholds",)),
    Panel("rankings", "Best and worst", RANKINGS),
    Panel("critics", "You against the critics", ("above_critics", "below_critics")),
    Panel("surprises", "Did you mean that?", ("surprises",)),
    Panel("finds", "Worth another listen", ("gems", "forgotten")),
    Panel("ask", "What to rate next", ("ask",)),
    Panel("sureness", "How sure it is", ("tested",)),
    Panel("changes", "What changed", ("changed", "changes", "taken_over")),
    Panel("twins", "The same recording, twice", ("twins",)),
    Panel("artists", "All artists", ("all_artists",)),
)


def html(report: "LibraryReport") -> str:
    """Return the page: the same one whenever the same is to be shown."""
    style, script = _file("style.css"), _file("sort.js")
    template = _environment().get_template("report.html.j2")
    return template.render(
        report=report,
        panels=list(_shown(report)),
        style=Markup(style),  # noqa: S704 (our own file)
        script=Markup(script),  # noqa: S704
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _shown(report: "LibraryReport") -> Iterator[Panel]:
    """Yield the panels that have something to show."""
    for panel in PANELS:
        is_filled = any(getattr(report, field) for field in panel.fields)
        if is_filled or (panel.id == "sureness" and report.sureness.by):
            yield panel


@cache
def _environment() -> "Environment":
    from jinja2 import (  # noqa: PLC0415 (takes long)
        Environment,
        FileSystemLoader,
        StrictUndefined,
    )

    made = Environment(
        autoescape=True,
        finalize=_plain,
        loader=FileSystemLoader(TEMPLATES),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    filters = (stars, round_stars, signed, count, percent, name, idle, hours, titles)
    made.filters |= {own.__name__: own for own in filters}
    made.globals |= {"svg": svg, "span": span}
    return made


def _file(file: str) -> str:
    return (TEMPLATES / file).read_text("utf-8")


def _hash(text: str) -> str:
    """Return by what a browser recognises a style or script that it may use."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _plain(value: object) -> object:
    """Take control characters out of everything that is shown."""
    is_text = isinstance(value, str) and not isinstance(value, Markup)
    return printable(str(value)) if is_text else value


def name(title: str) -> str:
    """Return a title on one line; one that says nothing is named so.

    >>> name(" "), name("Grün")
    ('(no name)', 'Grün')
    """
    return " ".join(printable(title).split()) or "(no name)"


def titles(item: "Named", level: str = "") -> list[str]:
    """Return the title of an item, then those above it.

    A level that is known shows an item without a title as one.

    >>> from engine.library import Named
    >>> titles(Named("Blur", "Parklife"))
    ['Parklife', 'Blur']
    >>> titles(Named("Blur", "Parklife"), "track")
    ['(no name)', 'Blur', 'Parklife']
    """
    found = [item.artist]
    if item.album or item.track or level in {"album", "track"}:
        found.append(item.album)
    if item.track or level == "track":
        found.append(item.track)
    *above, own = map(name, found)
    return [own, *above]


def round_stars(points: float) -> str:
    """Return points as stars without needless digits.

    >>> round_stars(8), round_stars(7)
    ('4★', '3.5★')
    """
    return f"{points / 2:g}★"


def signed(points: float) -> str:
    """Return a difference as stars.

    >>> signed(-1.5)
    '−0.75★'
    """
    return ("−" if points < 0 else "+") + stars(abs(points))


def count(number: int) -> str:
    """Return a number as it is written in English."""
    return f"{number:,}"


def percent(part: float) -> str:
    """Return a share; only nothing is 0%, and only everything is 100%.

    >>> percent(0.004), percent(0.5), percent(0.999), percent(1)
    ('under 1%', '50%', 'over 99%', '100%')
    """
    if 0 < part < 0.01:  # noqa: PLR2004
        return "under 1%"
    return "over 99%" if 0.99 < part < 1 else f"{100 * part:.0f}%"  # noqa: PLR2004


def idle(days: float) -> str:
    """Return how long nothing was played, in words.

    >>> idle(1), idle(300), idle(3000)
    ('1 day', '10 months', '8 years')
    """
    if days < LATELY:
        return "1 day" if round(days) == 1 else f"{days:.0f} days"
    return (
        f"{days / MONTH:.0f} months" if days < 2 * YEAR else f"{days / YEAR:.0f} years"
    )


def hours(duration: float) -> str:
    """Return how long music plays.

    >>> hours(0.5), hours(1234.5)
    ('30 min', '1,234 h')
    """
    return f"{60 * duration:.0f} min" if duration < 1 else f"{duration:,.0f} h"
