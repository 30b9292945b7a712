"""What each model gains on real libraries, and where it gains nothing, as a picture.

Run `make picture`, or `python -m tests.benchmarks.gains FOLDER PICTURE`.
"""

import sys
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from engine.classic import Constants
from engine.evaluation.backtest import backtest
from engine.evaluation.predictors import (
    CLASSIC,
    HIERARCHICAL,
    TREE,
    TUNED,
    usual_methods,
)
from flows.reports.charts import STYLE
from tests.benchmarks.csv_part import read_part

LIBRARIES = {
    "lib01": "rates whole albums",
    "lib02": "rates tracks and albums",
    "lib03": "rates single tracks",
    "lib05": "rates few tracks",
    "lib09": "scores of many people",
}
REGIMES = {
    "track5": "a fifth of the tracks hidden",
    "keep20": "four fifths of the tracks hidden",
    "album5": "whole albums hidden",
    "artist5": "whole artists hidden",
}
SHOWN = {TUNED: "C1", TREE: "C2", HIERARCHICAL: "C3"}
SHIFT = 0.2
"""Between the methods of one library, lines."""
SURE = 2
"""Standard errors that a bar reaches to either side."""


def gains(folder: Path):
    """Return how each method compares with the classic one, by regime and library."""
    parts = {
        name: read_part(folder / f"{name}.csv.gz", albums_rated=True)
        for name in LIBRARIES
    }
    methods = usual_methods(Constants())
    return {
        regime: {name: backtest(part, methods, regime) for name, part in parts.items()}
        for regime in REGIMES
    }


def draw(tests, path: Path) -> None:
    """Draw the change in error with how sure it is, a panel a regime."""
    with rc_context(STYLE | {"lines.marker": "", "axes.titlesize": 10.5}):
        figure = Figure((12.5, 4.2), layout="constrained")
        panels = figure.subplots(1, len(REGIMES), sharey=True)
        for panel, (regime, by_library) in zip(panels, tests.items(), strict=True):
            panel.set_title(REGIMES[regime])
            panel.axvline(0, color="black", linewidth=1)
            for at, method in enumerate(SHOWN):
                points(panel, by_library, method, at)
        labels = [
            f"{words}\n({tests['track5'][name].ratings} ratings)"
            for name, words in LIBRARIES.items()
        ]
        panels[0].set_yticks(range(len(labels)), labels)
        panels[0].invert_yaxis()
        figure.supxlabel("error compared with the classic model, % (left is better)")
        names = panels[0].get_legend_handles_labels()
        figure.legend(*names, loc="outside upper center", ncols=len(SHOWN))
        figure.savefig(path, metadata={"Date": None})


def points(panel, by_library, method, at) -> None:
    """Draw one method: a point a library, and a bar of two standard errors."""
    found = [test.against[method][CLASSIC] for test in by_library.values()]
    panel.errorbar(
        [100 * own.change for own in found],
        [row + SHIFT * (at - 1) for row in range(len(found))],
        xerr=[100 * SURE * own.error for own in found],
        color=SHOWN[method],
        fmt="o",
        markersize=4,
        label=method,
    )


if __name__ == "__main__":
    computed = gains(Path(sys.argv[1]))
    for hidden, libraries in computed.items():
        for library, one in libraries.items():
            against = one.against[HIERARCHICAL][CLASSIC]
            print(f"{hidden:8}{library} {against.change:+.3f} ± {against.error:.3f}")
    draw(computed, Path(sys.argv[2]))
