"""What the tag costs on a server that charges it by the item: all, some, or none.

Part of `make bench`. The simulator takes 60 ms for each item that a request tags,
10 ms for a request that rates, 3 ms for a read and 0.5 ms an item of it.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.home import at_home
from tests.benchmarks.per_item import Script
from tests.benchmarks.race import INFER, UNDO, Case, Race, Result, by_item

BY_THE_ITEM = {"read": 3, "item": 0.5, "rate": 10, "tag_item": 60}
"""Milliseconds."""
ARTISTS_AND_ALBUMS = {"INFERRED_TAG_LEVELS": ["artist", "album"]}
ALL, SOME, NONE = (
    Case("first run", INFER),
    Case("first run, tracks without tag", INFER, config=ARTISTS_AND_ALBUMS),
    Case("first run, no tag", INFER, config={"INFERRED_TAG": ""}),
)
TARGETS = {SOME.name: 5, NONE.name: 8}
"""How many times as long the per-item script takes, at least."""
FILE = Path(__file__).parents[2] / "docs" / "benchmarks" / "tagging.json"


def measure(tracks: int) -> list[Result]:
    """Let both sides do a first run; ours with all tags, some, and none."""
    results = []
    with at_home(synthetic=tracks, seed=7, latency=BY_THE_ITEM) as listener:
        race = Race(listener, tracks)
        snapshot, plans = race.plan(race.settings(COOLDOWN_BATCH=0))
        for case in (NONE, SOME, ALL):
            results.append(race.run(case))
            race.run(Case("", UNDO, config=case.config))
        script = Script(snapshot.library, plans, str(listener.plex.facts["section"]))
        results.append(by_item(race, script, ALL))
    return results


def main() -> None:
    """Measure, print it, and write it down."""
    quick = bool(os.environ.get("QUICK"))
    *ours, theirs = measure(300 if quick else 7_500)
    table = Table("tracks", "case", "requests", "seconds", "of the per-item script")
    for one in (*ours, theirs):
        share = f"1/{theirs.seconds / one.seconds:.1f}"
        table.add_row(
            *(f"{one.tracks:,}", f"{one.side}: {one.case}", f"{one.requests:,}"),
            *(f"{one.seconds:.0f}", share),
        )
    Console(width=110).print(table)
    for one in ours:
        wanted, found = TARGETS.get(one.case), theirs.seconds / one.seconds
        if wanted:
            met = "met" if found >= wanted else "MISSED"
            print(f"{one.case}: 1/{wanted} of the time; it is 1/{found:.1f}: {met}")
    if not quick:
        document = json.dumps([asdict(one) for one in (*ours, theirs)], indent=1)
        FILE.write_text(document + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
