"""What a backtest found, as a picture."""

from collections.abc import Iterator
from importlib.util import find_spec
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from engine.evaluation.backtest import Backtest
from engine.evaluation.metrics import NEARBY, Held
from tasks.config.output_files import write_bytes

KINDS = (".svg", ".png", ".pdf")
SIZE = (12.5, 4.5)
"""Inches."""
FEWEST = 5
"""Ratings below which a point would be mere chance."""
STYLE: dict[Any, Any] = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 10.0,
    "grid.alpha": 0.3,
    "lines.marker": "o",
    "lines.markersize": 4.0,
    "svg.hashsalt": "plexbayes",  # the same picture is the same file
}
PANELS = (
    ("Do intervals hold?", "ratings that should be within, %", "that are, %"),
    ("Do guesses come true?", "guess, stars", "what you gave, stars"),
    ("Do ratings help?", "your other ratings of that artist", "error, stars"),
)


def refuse_picture(path: Path) -> None:
    """Refuse a picture that cannot be drawn, before anything is computed.

    Raises:
        UsageError: What draws is not installed, or cannot draw that.
    """
    if path.suffix.lower() not in KINDS:
        raise UsageError(
            f"{path} is no picture that can be drawn: its name must end in "
            f"{', '.join(KINDS)}."
        )
    if find_spec("matplotlib") is None:
        raise UsageError(
            "Pictures need matplotlib, which is not installed: say "
            "pip install '.[pictures]' in the clone."
        )


def draw_backtest(test: Backtest, path: Path) -> None:
    """Draw whether guesses mean what they say, and how far more ratings help."""
    from matplotlib import rc_context  # noqa: PLC0415 (is optional)
    from matplotlib.figure import Figure  # noqa: PLC0415

    with rc_context(STYLE):
        figure = Figure(SIZE, layout="constrained")
        figure.suptitle(f"{test.ratings} ratings, each hidden and guessed")
        panels = figure.subplots(1, len(PANELS))
        for panel, (title, across, up) in zip(panels, PANELS, strict=True):
            panel.set(title=title, xlabel=across, ylabel=up)
        for name in test.calibration:
            for panel, line in zip(panels, _lines(test, name), strict=True):
                panel.plot([x for x, _ in line], [y for _, y in line], label=name)
        for panel in panels[:2]:  # where what is expected should be what comes
            panel.axline((3, 3), slope=1, color="grey", linestyle=":", marker="")
        panels[2].set_xticks(range(len(NEARBY)), [*_bands()])
        panels[2].set_ylim(bottom=0)
        names = panels[0].get_legend_handles_labels()
        figure.legend(*names, loc="outside lower center", ncols=len(names[0]) or 1)
        kind, picture = path.suffix.lower().removeprefix("."), BytesIO()
        dateless = {"Date": None} if kind == "svg" else None
        figure.savefig(picture, metadata=dateless, format=kind)
    write_bytes(path, picture.getvalue())


def _lines(test: Backtest, name: str) -> Iterator[list[tuple[float, float]]]:
    """Yield the points of a method, a line for each panel."""
    found = test.calibration[name]
    yield [(100 * held.expected, 100 * held.found) for held in found.intervals]
    yield [(held.expected / 2, held.found / 2) for held in _sure(found.guesses)]
    errors = _sure(found.errors)
    yield [(NEARBY.index(int(held.expected)), held.found / 2) for held in errors]


def _sure(points: list[Held]) -> list[Held]:
    return [held for held in points if held.ratings >= FEWEST]


def _bands() -> Iterator[str]:
    for least, more in pairwise(NEARBY):
        yield str(least) if more == least + 1 else f"{least}–{more - 1}"
    yield f"{NEARBY[-1]} or more"
