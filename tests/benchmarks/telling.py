"""What came of the race, as a table, a file and a picture, held against targets."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from rich.console import Console
from rich.table import Table

from tests.benchmarks.race import AS_A_FLOW, Result

FOLDER = Path(__file__).parents[2] / "docs" / "benchmarks"
OURS, THEIRS = "#2a7f62", "#b8b8b8"
HEADS = (
    "tracks", "case", "per item: requests", "seconds", "plexbayes: requests",
    "minimum", "seconds", "Prefect", "requests", "time",
)  # fmt: skip


def tell(results: Sequence[Result]) -> None:
    """Print the race, and write it into the documentation."""
    FOLDER.mkdir(exist_ok=True)
    document = json.dumps([asdict(one) for one in results], indent=1)
    (FOLDER / "race.json").write_text(document + "\n", encoding="utf-8")
    table = Table(*HEADS)
    for row in rows(results):
        table.add_row(*row)
    console = Console(width=150)
    console.print(table)
    for one in results:
        if one.side == "plan":
            console.print(f"{one.tracks:,} tracks, {one.case}: {one.minimum:,} needed")
    for line in verdicts(results):
        console.print(line)
    draw(results)


def rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """Return one row for each of our runs, beside the per-item script's."""
    own = [one for one in results if is_ours(one)]
    return [_row(one, rival(results, one), share(results, one)) for one in own]


def share(results: Sequence[Result], ours: Result) -> float | None:
    """Return which part of a run is Prefect's; none: it ran without."""
    plain = (r for r in results if (r.tracks, r.case) == (ours.tracks, "first run"))
    other = next(filter(is_ours, plain), None) if ours.case == AS_A_FLOW else None
    return 1 - other.seconds / ours.seconds if other else None


def is_ours(result: Result) -> bool:
    """Return whether a result is of our side."""
    return result.side == "plexbayes"


def rival(results: Sequence[Result], ours: Result) -> Result | None:
    """Return what the per-item script needed for the same; none: no such case."""
    name = ours.case if ours.case.endswith("no tag") else ours.case.split(",")[0]
    same = (r for r in results if (r.tracks, r.case) == (ours.tracks, name))
    return next((r for r in same if r.side == "per item"), None)


def _row(ours: Result, theirs: Result | None, prefect: float | None) -> tuple[str, ...]:
    about = "~" if theirs and theirs.is_extrapolated else ""
    return (
        f"{ours.tracks:,}",
        ours.case,
        f"{theirs.requests:,}" if theirs else "–",
        f"{about}{theirs.seconds:.0f}" if theirs else "–",
        f"{ours.requests:,}",
        f"{ours.minimum:,}",
        f"{ours.seconds:.0f}",
        f"{prefect:.0%}" if prefect else "–",
        f"1/{theirs.requests / ours.requests:.0f}" if theirs else "–",
        f"1/{theirs.seconds / ours.seconds:.1f}" if theirs else "–",
    )


def verdicts(results: Sequence[Result]) -> list[str]:
    """Hold the results against the targets, a sentence each."""
    tracks = 7_500 if any(r.tracks == 7_500 for r in results) else results[0].tracks
    own = {r.case: r for r in results if r.tracks == tracks and is_ours(r)}

    def times(case: str, of: Callable[[Result], float]) -> float:
        theirs = rival(results, own[case])
        return of(theirs) / of(own[case]) if theirs else 0.0

    first, second = own["first run"], own["second run"]
    held = (
        ("first run, requests: 1/30", times("first run", lambda r: r.requests), 30),
        ("first run, time: 1/20", times("first run", lambda r: r.seconds), 20),
        ("second run, requests: 1/200", times("second run", lambda r: r.requests), 200),
        ("undo, requests: 1/60", times("undo", lambda r: r.requests), 60),
    )
    told = [
        f"{name} of the per-item script; it is 1/{found:.0f}: {_met(found >= wanted)}"
        for name, found, wanted in held
    ]
    for case in ("dry run", "second run"):
        slower = own[case].seconds / own["rank"].seconds
        told.append(
            f"{case}, time: 2.0 of rank; it is {slower:.1f}: {_met(slower <= 2)}"
        )
    over = first.requests / (first.minimum or 1)
    if AS_A_FLOW in own:
        prefect = share(results, own[AS_A_FLOW]) or 0.0
        of_prefect = f"Prefect's share: 20 %; it is {prefect:.0%}"
        told.append(f"{of_prefect}: {_met(prefect <= 0.2)}")
    return [
        f"With {tracks:,} tracks:",
        *told,
        f"second run, writes: 0; it is {second.writes}: {_met(not second.writes)}",
        f"requests per needed one: 1.10; it is {over:.2f}: {_met(over <= 1.1)}",
    ]


def _met(is_met: bool) -> str:  # noqa: FBT001 (one word for one statement)
    return "met" if is_met else "missed"


def draw(results: Sequence[Result]) -> None:
    """Draw requests and time of both sides for the middle library."""
    mpl.rcParams |= {"svg.hashsalt": "plexbayes", "font.size": 9}
    tracks = sorted({r.tracks for r in results})[
        (len({r.tracks for r in results})) // 2
    ]
    names = ["first run", "first run, no tag", "second run", "undo", "dry run"]
    here = [r for r in results if r.tracks == tracks and r.case in names]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3), sharey=True)
    _bars(left, here, names, lambda r: r.requests)
    left.set_xlabel(f"requests, {tracks:,} tracks (logarithmic)")
    _bars(right, here, names, lambda r: r.seconds)
    right.set_xlabel("seconds (logarithmic)")
    left.legend(frameon=False, loc="lower right")
    figure.tight_layout()
    figure.savefig(FOLDER / "race.svg", metadata={"Date": None})


def _bars(
    axes: Axes,
    here: Sequence[Result],
    names: Sequence[str],
    of: Callable[[Result], float],
) -> None:
    for side, shift, color in (("per item", 0.2, THEIRS), ("plexbayes", -0.2, OURS)):
        own = {r.case: of(r) for r in here if r.side == side}
        at = [len(names) - n + shift for n, name in enumerate(names) if name in own]
        values = [own[name] for name in names if name in own]
        bars = axes.barh(at, values, 0.4, label=side, color=color)
        axes.bar_label(bars, [f"{value:,.0f}" for value in values], padding=2)
    axes.set_xscale("log")
    axes.set_yticks(range(len(names), 0, -1), names)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.15)


def draw_growth(rows: Sequence[dict[str, Any]]) -> None:
    """Draw how the time of each stage grows with the library."""
    mpl.rcParams |= {"svg.hashsalt": "plexbayes", "font.size": 9}
    figure, axes = plt.subplots(figsize=(5, 3))
    tracks = [row["tracks"] for row in rows]
    for stage in rows[0]["seconds"]:
        axes.plot(tracks, [row["seconds"][stage] for row in rows], "o-", label=stage)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("tracks")
    axes.set_ylabel("seconds")
    axes.legend(frameon=False, fontsize=7)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(FOLDER / "scale.svg", metadata={"Date": None})
