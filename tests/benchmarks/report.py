"""What the report costs beyond reading: seconds of the processor, and memory.

Part of `make bench`. The real commands run over HTTP, one after the other: `rank` reads
the library and does next to nothing else, `report` also plans, previews playlists and
draws the page. A dry run is timed as a person waits for it.
"""

import json
import os
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.home import at_home
from tests.flows.listener import COMMAND, Listener

SIZES = {7_500: (3.0, 1_000), 100_000: (30.0, 1_000)}
"""By tracks: the most seconds of the processor, and megabytes."""
PLAYLISTS = {
    "Good": "type=10&track.userRating>>=6",
    "Best": "type=10&track.userRating>>=8&sort=titleSort&limit=100",
    "Old and good": "type=10&album.decade=1980&userRating>>=6",
}
TIMES_RANK = {7_500: 2.0}
"""How many times as long as `rank` a dry run may take, by tracks."""
FILE = Path(__file__).parents[2] / "docs" / "benchmarks" / "report.json"


@dataclass(frozen=True)
class Cost:
    """What one command took."""

    tracks: int
    command: str
    seconds: float
    """As a person waits for it."""
    cpu: float
    """Seconds of the processor."""
    megabytes: float
    page: int = 0
    """Bytes of the page."""


def cost_of(listener: Listener, tracks: int, *words: str) -> Cost:
    """Run a command to its end."""
    began = time.monotonic()
    process = subprocess.Popen(
        [COMMAND, *words],
        cwd=listener.folder,
        env=listener.environment,
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    assert status == 0, f"{words} ended with {status}"
    page = listener.folder / "reports" / "report.html"
    return Cost(
        tracks=tracks,
        command=words[0],
        seconds=seconds,
        cpu=used.ru_utime + used.ru_stime,
        megabytes=used.ru_maxrss / 1024,
        page=page.stat().st_size if page.exists() else 0,
    )


def measure(tracks: int) -> list[Cost]:
    """Run the three commands on a library of so many tracks."""
    with at_home(synthetic=tracks, seed=7) as listener:
        listener.configure(MODEL="hierarchical")
        for title, rule in PLAYLISTS.items():
            listener.plex.add_playlist(title, rule=rule)
        commands = ("rank", "infer", "report")
        return [cost_of(listener, tracks, command) for command in commands]


def verdicts(rank: Cost, infer: Cost, report: Cost) -> list[str]:
    """Say whether the targets are met."""
    seconds, megabytes = SIZES.get(report.tracks, (float("inf"), float("inf")))
    beyond, times = report.cpu - rank.cpu, infer.seconds / rank.seconds
    said = [
        (
            f"report beyond reading: {beyond:.1f} s of the processor, "
            f"{_met(beyond <= seconds)} (at most {seconds:g} s)"
        ),
        f"memory: {report.megabytes:.0f} MB, {_met(report.megabytes <= megabytes)}",
    ]
    if report.tracks in TIMES_RANK:
        most = TIMES_RANK[report.tracks]
        said.append(
            f"a dry run takes {times:.2f} times as long as rank, "
            f"{_met(times <= most)} (at most {most:g})"
        )
    return said


def _met(is_met: bool) -> str:  # noqa: FBT001
    return "met" if is_met else "MISSED"


def main() -> None:
    """Measure, print it, and write it down."""
    quick = bool(os.environ.get("QUICK"))
    table = Table("tracks", "command", "seconds", "processor", "MB", "page, kB")
    found = [measure(tracks) for tracks in ((1_000,) if quick else SIZES)]
    for one in (cost for costs in found for cost in costs):
        numbers = f"{one.seconds:.1f}", f"{one.cpu:.1f}", f"{one.megabytes:.0f}"
        page = f"{one.page / 1000:.0f}"
        table.add_row(f"{one.tracks:,}", one.command, *numbers, page)
    Console(width=110).print(table)
    for costs in found:
        print(f"{costs[0].tracks:,} tracks:", *verdicts(*costs), sep="\n  ")
    if not quick:
        document = json.dumps([asdict(c) for costs in found for c in costs], indent=1)
        FILE.write_text(document + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
