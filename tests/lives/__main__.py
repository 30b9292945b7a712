"""Lives of a library, each from one seed: nothing that a person gave may be lost.

Run `make simulate SEEDS=20000`, or `python -m tests.lives --seeds 20000`; a share of
them with `--first 5000`, one of them as a story with `--seed 17`. A life that goes
wrong is made as short as it can be, and told. At the end comes what was reached: whose
rating it was, on what kind of server, what had struck the run before; and what never.
"""

import argparse
import gc
import logging
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.progress import track
from rich.table import Table

from engine.ownership import Owner
from tests.lives.invariants import Verdict
from tests.lives.life import judged
from tests.lives.plan import ENDS, FAULTS, HABITS, drawn
from tests.lives.story import shortest, told

SERVERS = ("good", "shared", "ignores ids", "ignores filters", *HABITS)
OWNERS = tuple(owner.name.lower() for owner in Owner)
STRUCK = ("nothing", *FAULTS, "status", "page", *ENDS, "another run")
A_MINUTE = 60.0
WHOLE = ("overwritten", "mistaken", "residue", "broken")


def prepare() -> None:
    """Make a process ready to live: quietly, and as if nothing were configured."""
    logging.disable(logging.WARNING)  # what urllib3 says of broken connections
    os.environ.clear()
    os.environ["NETRC"] = os.devnull + "/none"  # or each request looks for two of them
    gc.freeze()  # what is imported is never looked at again
    gc.set_threshold(50_000, 20, 50)


def judged_seed(seed: int) -> tuple[int, Verdict]:
    """Live the life of a seed."""
    return seed, judged(drawn(seed))


def tell(seed: int, *, shorten: bool = True) -> None:
    """Print a life, as short as it still goes wrong, and what is wrong with it."""
    life = drawn(seed)
    if shorten:
        life = shortest(life, judged)
    print(*told(life), *judged(life).faults, sep="\n")
    print(f"again: PYTHONHASHSEED=0 python -m tests.lives --seed {seed}", flush=True)


def reached(verdicts: Sequence[Verdict]) -> None:
    """Print which situations were reached how often, and name those that never were."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for verdict in verdicts:
        counts.update(verdict.reached)
    console = Console(width=200, highlight=False)
    for name, columns, at in (("after", STRUCK, 2), ("on a server", SERVERS, 1)):
        table = Table(f"owner of a rating, {name} …", *columns)
        for owner in OWNERS:
            own = {key: count for key, count in counts.items() if key[0] == owner}
            sums = Counter[str]()
            for key, count in own.items():
                sums[key[at]] += count
            table.add_row(owner, *(str(sums[column]) for column in columns))
        console.print(table)
    never = [
        (owner, server, [w for w in STRUCK if not counts[owner, server, w]])
        for owner in OWNERS
        for server in SERVERS
    ]
    total = len(OWNERS) * len(SERVERS) * len(STRUCK)
    met = sum(struck in STRUCK for _, _, struck in counts)
    console.print(f"{met} of {total} situations reached. Never:")
    for owner, server, what in never:
        if what:
            said = "whatever happened" if len(what) == len(STRUCK) else ", ".join(what)
            console.print(f"  {owner}, {server}: {said}")


def progress(verdicts: Sequence[Verdict], total: int, seconds: float) -> None:
    """Say how far it is, where no bar can be drawn."""
    amiss = sum(not verdict.is_clean for verdict in verdicts)
    each = seconds / len(verdicts)
    said = f"{len(verdicts)} of {total} lives, {amiss} not clean, {each:.2f} s a life"
    print(said, file=sys.stderr, flush=True)


def summary(verdicts: Sequence[Verdict], seconds: float) -> None:
    """Print the figures."""
    clean = sum(verdict.is_clean for verdict in verdicts)
    struck = sum(sum(verdict.struck.values()) for verdict in verdicts)
    runs, acts, ratings = (
        sum(getattr(verdict, name) for verdict in verdicts)
        for name in ("runs", "acts", "ratings")
    )
    count = {
        name: sum(len(getattr(verdict, name)) for verdict in verdicts)
        for name in (*WHOLE, "in_the_moment", "locks_in_the_moment")
    }
    print(
        f"{clean} of {len(verdicts)} lives clean, with {runs} runs, {struck} events "
        f"during them and {acts} acts of persons, in {seconds:.0f} s "
        f"({seconds / len(verdicts):.2f} s a life).\n"
        f"{count['overwritten']} of {ratings} manual ratings overwritten, "
        f"{count['mistaken']} inferred counted as manual, {count['residue']} left "
        f"over, {count['broken']} other promises broken.\n"
        f"{count['in_the_moment']} ratings and {count['locks_in_the_moment']} locks "
        "lost that were given between our last look and the write."
    )


def main() -> int:
    """Live them all; the exit status says whether all is well."""
    parser = argparse.ArgumentParser(prog="make simulate")
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, help="only this one, as a story")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    wishes = parser.parse_args()
    prepare()
    if wishes.seed is not None:
        tell(wishes.seed, shorten=False)
        return int(not judged_seed(wishes.seed)[1].is_clean)
    seeds = range(wishes.first, wishes.first + wishes.seeds)
    verdicts = []
    began = time.monotonic()
    console = Console(stderr=True)
    told = 0.0
    with multiprocessing.Pool(
        min(wishes.jobs, len(seeds)), prepare, maxtasksperchild=500
    ) as pool:
        lives = pool.imap_unordered(judged_seed, seeds, chunksize=4)
        for seed, verdict in track(lives, "lives", len(seeds), console=console):
            verdicts.append(verdict)
            if not verdict.is_clean:
                tell(seed)
            if not console.is_terminal and time.monotonic() > told + A_MINUTE:
                told = time.monotonic()
                progress(verdicts, len(seeds), told - began)
    reached(verdicts)
    summary(verdicts, time.monotonic() - began)
    return int(not all(verdict.is_clean for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main())
