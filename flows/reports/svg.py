"""Pictures within a page: solid is yours, hatched is inferred, in print, too.

Across, everything is in per cent and so fits any width; letters keep their size.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from engine.reports.library_report import Bar, Coverage

TOP = 10
"""Points of a full rating."""
BAR_HEIGHT = 190
"""Of the highest bar of a histogram, pixels."""
FLOOR = BAR_HEIGHT + 20.0
"""Where the bars of a histogram stand, pixels from the top."""
WIDEST = 4.0
"""Points either side that a band of uncertainty may take."""

HATCH = Markup(
    '<svg class="hatch" width="0" height="0" aria-hidden="true"><defs>'
    '<pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect class="ground" width="5" height="5"/>'
    '<rect class="line" width="2" height="5"/></pattern></defs></svg>'
)
"""What hatched shapes refer to, once for a page."""


def histogram(bars: "Sequence[Bar]") -> Markup:
    """Draw how many ratings there are around each step, yours below ours."""
    most = max((bar.yours + bar.ours for bar in bars), default=0) or 1
    step = 100 / max(len(bars), 1)
    shapes = []
    for at, bar in enumerate(bars):
        left, foot = (at + 0.1) * step, FLOOR
        for kind, number in (("yours", bar.yours), ("ours", bar.ours)):
            height = BAR_HEIGHT * number / most
            foot -= height
            if number:
                shapes.append(_rect(kind, (left, foot), 0.8 * step, height))
        if bar.yours + bar.ours:
            shapes.append(_text(left + 0.4 * step, foot - 6, bar.yours + bar.ours))
        shapes.append(
            Markup('<text class="step" x="{:.2f}%" y="{}">{:g}★</text>').format(
                left + 0.4 * step, FLOOR + 18, bar.points / 2
            )
        )
    floor = Markup('<line class="axis" x1="0" x2="100%" y1="{0}" y2="{0}"/>')
    shapes.append(floor.format(FLOOR))
    yours, ours = sum(bar.yours for bar in bars), sum(bar.ours for bar in bars)
    title = f"Tracks by rating: {yours:,} rated by you, {ours:,} inferred"
    return _svg(FLOOR + 26, shapes, title)


def coverage(row: "Coverage") -> Markup:
    """Draw how much is rated before (thin) and after (thick)."""
    whole = row.items or 1
    shapes = [_rect("empty", (0, 8), 100, 12)]
    for inferred, top, height in ((row.before, 0, 5), (row.after, 8, 12)):
        yours = 100 * row.yours / whole
        shapes.append(_rect("yours", (0, top), yours, height))
        shapes.append(_rect("ours", (yours, top), 100 * inferred / whole, height))
    return _svg(20, shapes)


def members(number: int, most: int, guessed: float | None = None) -> Markup:
    """Draw how many tracks a playlist holds; none: of no known origin."""
    width = 100 * number / (most or 1)
    if guessed is None:
        return _svg(14, [_rect("plain", (0, 0), width, 14)])
    solid = width * (1 - guessed)
    yours = _rect("yours", (0, 0), solid, 14)
    return _svg(14, [yours, _rect("ours", (solid, 0), width - solid, 14)])


def meter(points: float, *, is_yours: bool) -> Markup:
    """Draw a rating as a part of five stars."""
    empty = _rect("empty", (0, 0), 100, 10)
    filled = _rect("yours" if is_yours else "ours", (0, 0), 100 * points / TOP, 10)
    return _svg(10, [empty, filled])


def apart(yours: float, expected: float) -> Markup:
    """Draw your rating (full) and another one (ring) on a line of five stars."""
    shapes = [
        Markup(
            '<line class="tick" x1="{0:.1f}%" x2="{0:.1f}%" y1="2" y2="20"/>'
        ).format(x)
        for x in map(_on_line, range(0, TOP + 1, 2))
    ]
    here, there = _on_line(yours), _on_line(expected)
    line = Markup('<line class="between" x1="{:.1f}%" x2="{:.1f}%" y1="11" y2="11"/>')
    ring = Markup('<circle class="ring" cx="{:.1f}%" cy="11" r="5"/>')
    full = Markup('<circle class="yours" cx="{:.1f}%" cy="11" r="6"/>')
    shapes += [line.format(here, there), ring.format(there), full.format(here)]
    return _svg(22, shapes)


def _on_line(points: float) -> float:
    """Return where a rating is, with room for a dot at either end."""
    return 4 + 92 * points / TOP


def band(sd: float) -> Markup:
    """Draw how far a guess may be off, either way."""
    half = 50 * min(sd / WIDEST, 1)
    middle = Markup('<line class="axis" x1="50%" x2="50%" y1="0" y2="14"/>')
    empty = _rect("empty", (0, 5), 100, 4)
    return _svg(14, [empty, _rect("ours", (50 - half, 1), 2 * half, 12), middle])


def share(number: float, most: float) -> Markup:
    """Draw how many guesses there are beside the most there are."""
    return _svg(12, [_rect("ours", (0, 0), 100 * number / (most or 1), 12)])


def _svg(height: float, shapes: Sequence[Markup], title: str = "") -> Markup:
    """Put shapes into a picture; one without a title repeats what stands beside it."""
    head = (
        Markup('role="img"><title>{}</title>').format(title)
        if title
        else Markup('aria-hidden="true">')
    )
    opened = Markup('<svg width="100%" height="{:g}" ').format(height)
    return opened + head + Markup().join(shapes) + Markup("</svg>")


def _rect(kind: str, at: tuple[float, float], width: float, height: float) -> Markup:
    """Return a bar: per cent across, pixels down."""
    shape = Markup(
        '<rect class="{}" x="{:.2f}%" y="{:.1f}" width="{:.2f}%" height="{:.1f}"/>'
    )
    return shape.format(kind, *at, width, height)


def _text(across: float, down: float, number: int) -> Markup:
    thousands = f"{number / 1000:.0f}k"
    said = f"{number:,}" if number < 10_000 else thousands  # noqa: PLR2004
    return Markup('<text x="{:.2f}%" y="{:.1f}">{}</text>').format(across, down, said)
