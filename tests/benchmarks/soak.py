"""Runs many times on one library that people use meanwhile, and measures the record.

Run `make bench-soak`, or `python -m tests.benchmarks.soak RUNS`.
"""

import sys
from pathlib import Path

from tests.crash_matrix.soak import EDITS, soaked
from tests.state_machine.accounts import quick_folder

TRACKS = 400


def main(runs: int) -> int:
    """Print how the record grows; the exit status says whether it is bounded."""
    broken = 0
    with quick_folder() as folder:
        for number, size in enumerate(soaked(TRACKS, runs, Path(folder)), 1):
            faults = size.too_large()
            broken += bool(faults)
            if number in {1, runs, runs + 1} or not number % 10 or faults:
                name = "undo " if number > runs else f"run {number}"
                print(f"{name}: {size} {' '.join(faults)}", flush=True)
    print(
        f"{runs} runs on {TRACKS} tracks with {EDITS} edits between each two, each run "
        f"twice: {runs + 1 - broken} of {runs + 1} times within all bounds."
    )
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
