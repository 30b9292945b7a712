"""Plays seeded scenarios in which requests fail and a person is busy meanwhile.

Run `make bench-faults`, or `python -m tests.benchmarks.faults --seeds 500`; one of
them again with `python -m tests.benchmarks.faults --seed 17`; a share of them with
`make bench-faults FROM=250 COUNT=250`. In each, two to four runs meet up to four
faults and five doings of a person, at any request, on a server that may ignore
filters, send odd items, or have a clock that jumps; then, in good weather, a run
completes, another one finds nothing to do, and undo undoes. The judge is the
simulator's journal of who changed what.
"""

import argparse
import logging
import multiprocessing
import os
import sys
import time

from tests.crash_matrix.invariants import Verdict

from tests.crash_matrix.scenario import played

FAULTS = ("overwritten", "mistaken", "residue")


def judged(seed: int) -> tuple[int, Verdict]:
    """Play a scenario; what nobody expects is held against it, too."""
    logging.disable(logging.WARNING)  # what urllib3 says of broken connections
    os.environ["NO_PROXY"] = "127.0.0.1"
    try:
        return seed, played(seed)
    except Exception as error:  # noqa: BLE001 (whatever it is, the seed is told)
        return seed, Verdict(residue=[f"{type(error).__name__}: {error}"])


def tell(seed: int, verdict: Verdict) -> None:
    """Print what is wrong with a scenario, and how to see it again."""
    print(f"seed {seed}: python -m tests.benchmarks.faults --seed {seed}")
    for name in FAULTS:
        for text in getattr(verdict, name):
            print(f"  {name}: {text}")
    sys.stdout.flush()


def main() -> int:
    """Print the figures; the exit status says whether all is well."""
    parser = argparse.ArgumentParser(prog="make bench-faults")
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, help="only this one")
    wishes = parser.parse_args()
    seeds = range(wishes.first, wishes.first + wishes.seeds)
    if wishes.seed is not None:
        seeds = range(wishes.seed, wishes.seed + 1)
    verdicts = []
    began = time.monotonic()
    with multiprocessing.Pool(min(2, len(seeds))) as pool:
        for seed, verdict in pool.imap_unordered(judged, seeds):
            verdicts.append(verdict)
            if not verdict.is_clean:
                tell(seed, verdict)
    clean = sum(verdict.is_clean for verdict in verdicts)
    count = {
        name: sum(len(getattr(verdict, name)) for verdict in verdicts)
        for name in (*FAULTS, "in_the_moment", "locks_in_the_moment")
    }
    ratings, faults, edits = (
        sum(getattr(verdict, name) for verdict in verdicts)
        for name in ("ratings", "faults", "edits")
    )
    print(
        f"{clean} of {len(verdicts)} scenarios clean, with {faults} faults and "
        f"{edits} doings of a person, in {time.monotonic() - began:.0f} s.\n"
        f"{count['overwritten']} of {ratings} manual ratings overwritten, "
        f"{count['mistaken']} inferred counted as manual, {count['residue']} left "
        f"over after undo.\n{count['in_the_moment']} manual ratings and "
        f"{count['locks_in_the_moment']} locks lost that were given between our last "
        "look and the write."
    )
    return int(clean < len(verdicts))


if __name__ == "__main__":
    sys.exit(main())
