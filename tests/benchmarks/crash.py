"""Ends runs at every request, and says how often nothing was lost or left.

Run `make bench-crash`. A warm process that does what `infer`, `undo` and `recover`
do is killed (-9) at every request, once before Plex carries it out and once after,
and ended by SIGTERM and by SIGINT at every write. Each time the same is done once
more, which must give what an undisturbed run gives; and then undo, after which
Plex must be bit for bit as it was, and the record empty. The same for the real
command `plexbayes infer`, at every so manieth request.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from itertools import islice
from pathlib import Path

from tests.crash_matrix.command_runs import Command, prefect_server
from tests.crash_matrix.crash import LIBRARY, Case, Rig, Start
from tests.crash_matrix.forked_runs import Process
from tests.simulator.process import Simulator
from tests.state_machine.accounts import quick_folder


def try_all(rig: Rig, cases: Iterable[Case]) -> tuple[int, int]:
    """Try cases out; return how many went well, of how many."""
    tried = well = 0
    for case in cases:
        fault = rig.try_out(case)
        tried += 1
        if not tried % 50:
            print(f"  {tried} tried so far", flush=True)
        well += not fault
        if fault:
            print(f"  {case}: {fault}", flush=True)
    return well, tried


def matrix(
    start: Start, verbs: list[str], every: int, ignored: str = ""
) -> tuple[int, int]:
    """Break processes of one kind off, and print how often that did no harm."""
    library = {**LIBRARY, "ignored_filters": ignored}
    well = tried = 0
    for verb in verbs:
        with quick_folder() as folder, Simulator.start(**library) as plex:
            rig = Rig(plex, Path(folder), start)
            requests = rig.requests[verb]
            good, of = try_all(rig, islice(rig.cases(verb), 0, None, every))
        print(
            f"{verb:8} {len(requests):3} requests, {sum(requests):2} of them writes: "
            f"{good} of {of} times nothing lost, nothing left",
            flush=True,
        )
        well, tried = well + good, tried + of
    return well, tried


def main() -> int:
    """Print the figures; the exit status says whether all is well."""
    parser = argparse.ArgumentParser(prog="make bench-crash")
    parser.add_argument("--every", type=int, default=1, help="of the warm cases")
    parser.add_argument("--command-every", type=int, default=17, help="of the real")
    parser.add_argument(
        "--ignored-filters",
        default="",
        help='fields by which Plex does not filter, such as "mood"; "all" but id',
    )
    wishes = parser.parse_args()
    ignored = wishes.ignored_filters
    print("Warm processes (the same steps as the commands, without Prefect):")
    well, tried = matrix(Process, ["infer", "undo", "recover"], wishes.every, ignored)
    print("The real command, with a Prefect server:")
    with tempfile.TemporaryDirectory() as folder, prefect_server(Path(folder)) as api:
        command, every = partial(Command, api=api), wishes.command_every
        real = matrix(command, ["infer"], every, ignored)
    print(f"{well + real[0]} of {tried + real[1]} times nothing lost, nothing left.")
    return int((well, real[0]) != (tried, real[1]))


if __name__ == "__main__":
    sys.exit(main())
