"""The main job, live, on a made-up library that an embedded Plex serves.

    make demo

Nothing is left behind: Plex, Prefect's server and the state database live in a
temporary folder and end with the demo.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.simulator.process import Simulator

TRACKS = 1500
Ratings = dict[int, float]


def manual_ratings(dump: dict[str, Any]) -> Ratings:
    """Return what the made-up listener rated, points by ratingKey."""
    items = [*dump["artists"], *dump["albums"], *dump["tracks"]]
    return {
        i["ratingKey"]: i["userRating"] for i in items if i["userRating"] is not None
    }


def infer(plex: Simulator, folder: Path) -> int:
    """Run the real command as its user would; return its exit status."""
    config = {"PLEX_URL": plex.url, "PLEX_TOKEN": plex.token, "DRY_RUN": False}
    (folder / "config.json").write_text(json.dumps(config))
    environment = os.environ | {"PREFECT_HOME": str(folder / "prefect")}
    environment.pop("PREFECT_API_URL", None)
    command = [str(Path(sys.executable).with_name("plexbayes")), "infer"]
    print(f"An embedded Plex serves {TRACKS} tracks at {plex.url}.")
    print("Running: plexbayes infer (a first start of Prefect takes half a minute)\n")
    sys.stdout.flush()
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


def prove(plex: Simulator, before: Ratings) -> bool:
    """Say whether every manual rating is as it was, and how much was asked."""
    dump = plex.dump()
    now = manual_ratings(dump)
    changed = [key for key, points in before.items() if now.get(key) != points]
    total = sum(len(dump[level]) for level in ("artists", "albums", "tracks"))
    counts = plex.counts()
    print(f"\nPlex saw {counts['reads']} reads and {counts['writes']} writes,")
    print(f"and now {len(now)} of {total} items are rated; they were {len(before)}.")
    print(f"Manual ratings changed: {len(changed)} of {len(before)}.")
    return not changed and len(now) == total


def main() -> int:
    """Run the demo; the exit status says whether it kept its promise."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Simulator.start(synthetic=TRACKS, seed=7) as plex,
    ):
        before = manual_ratings(plex.dump())
        status = infer(plex, Path(folder))
        kept = prove(plex, before)
    return status or int(not kept)


if __name__ == "__main__":
    sys.exit(main())
