"""Kills Plex in mid-run, brings it back after half a minute, and counts the losses.

Run `make bench-outage`, or `python -m tests.benchmarks.outage SECONDS`. The real
command with its default settings; nobody listens at the address meanwhile.
"""

import math
import sys
import time

from engine.rating_scale import TOLERANCE
from tests.benchmarks.home import at_home
from tests.flows.listener import PATIENCE, ratings
from tests.oracle import expected_ratings

LIBRARY = {"synthetic": 400, "latency": {"rate": 30}}
"""Slow enough to be caught while it is written."""
SHARE = 0.3
"""How much is written when Plex is killed."""


def main(seconds: float) -> int:
    """Print what became of the run; the exit status says whether all is well."""
    with at_home(prefect=True, **LIBRARY) as listener:
        plex, kept = listener.plex, listener.folder / "kept"
        listener.configure(DRY_RUN=False)  # no more than must be said
        before = plex.dump()
        expected = ratings(before) | expected_ratings(before)
        run = listener.start("infer")
        while len(ratings(plex.dump())) < len(ratings(before)) + SHARE * len(expected):
            time.sleep(0.02)
        there = len(ratings(plex.dump()))
        plex.die(kept)
        died = time.monotonic()
        time.sleep(seconds)
        with plex.come_back(kept) as back:
            away = time.monotonic() - died
            run.communicate(timeout=PATIENCE)
            status = run.returncode
            took = time.monotonic() - died - away
            after = ratings(back.dump())
    lost = {
        key
        for key, points in expected.items()
        if abs(after.get(key, math.inf) - points) > TOLERANCE
    }
    print(
        f"Plex was killed when {there} of {len(expected)} items were rated, and was "
        f"away for {away:.0f} s.\n{took:.0f} s later the run ended with status "
        f"{status}: {len(after)} of {len(expected)} items were rated, {len(lost)} of "
        "them other than without the outage."
    )
    return status or int(bool(lost) or after.keys() != expected.keys())


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 30))
