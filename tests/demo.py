"""The main job on a made-up library that an embedded Plex serves, in two ways.

    make demo

First as a dry run in the terminal, then live as a Prefect flow: its tasks letter by
letter, a letter that fails, and the retry that finishes it. Nothing is left behind:
Plex, Prefect's server and the state database live in a temporary folder.
"""

import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from tasks.orchestration.prefect_server import free_port
from tests.flows.listener import COMMAND, Listener, Ratings, Served, items, ratings
from tests.flows.test_faults import under_one_artist
from tests.simulator.process import Simulator

TRACKS = 600


def say(text: str) -> None:
    """Show what happens, at once."""
    print(text, flush=True)


def plan(listener: Listener) -> int:
    """Make a dry run in the terminal, without Prefect; return its exit status."""
    say("\n1. In the terminal: plexbayes infer --dry-run\n")
    command = [COMMAND, "infer", "--dry-run"]
    where = {"cwd": listener.folder, "env": listener.environment}
    return subprocess.run(command, check=False, **where).returncode


def orchestrate(listener: Listener) -> bool:
    """Run the flow with a letter that fails, and retry it; say whether that works."""
    say("\n2. As a Prefect flow: plexbayes serve (its first start takes half a minute)")
    letter, keys = under_one_artist(listener.plex.dump())
    failing = {"match": {"method": "PUT", "ratingKeys": keys}, "do": "status"}
    served = Served(listener, free_port())
    try:
        offers = served.await_offers()
        say(f"   Its page is at {str(served.api.base_url).removesuffix('/api/')}")
        listener.plex.faults([failing | {"code": 500}])
        first = served.run(offers["infer"], dry_run=False)
        shown = show_run(served, first, but=set())
        say(f"\n3. Plex takes the edits of letter {letter} again; Retry is pressed")
        listener.plex.faults([])
        second = served.retry(first["id"])
        show_run(served, second, but=shown)
    finally:
        served.end()
        served.api.close()
    return (first["state_type"], second["state_type"]) == ("FAILED", "COMPLETED")


def look(listener: Listener) -> None:
    """Write the report of the library, and keep it where the folder stays."""
    page = Path("reports").resolve() / "demo.html"
    page.parent.mkdir(exist_ok=True)
    command = [COMMAND, "report", "--overwrite", "--out", str(page)]
    say("\n4. What it looks like now: plexbayes report\n")
    where = {"cwd": listener.folder, "env": listener.environment}
    subprocess.run(command, check=False, **where)


def show_run(served: Served, run: dict[str, Any], but: set[str]) -> set[str]:
    """Show a run and its tasks by letter, but for some; return all that there are."""
    state = run["state"]
    say(f"\n   {run['name']}: {state['name']}\n   {state['message']}\n")
    tasks = tasks_of(served, run["id"])
    letters: dict[str, list[str]] = defaultdict(list)
    for task in sorted(tasks, key=lambda task: task["start_time"]):
        letter, _, step = task["name"].rpartition(" · ")
        if task["id"] not in but and task["state_name"] != "Cached":
            letters[letter].append(f"{step} ({task['state_name']})")
    for letter, steps in sorted(letters.items()):
        say(f"   {letter:4} {' → '.join(steps)}")
    cached = sum(task["state_name"] == "Cached" for task in tasks)
    say(f"   {cached} tasks were done before, and not again." if cached else "")
    return {task["id"] for task in tasks}


def tasks_of(served: Served, run_id: str) -> list[dict[str, Any]]:
    """Return the tasks of a run that has ended, once Prefect has noted them all."""
    wanted = {"flow_runs": {"id": {"any_": [run_id]}}, "limit": 200}
    deadline = time.monotonic() + 60
    while True:
        time.sleep(3)
        tasks: list[dict[str, Any]] = served.post("/task_runs/filter", wanted)
        is_noted = all(task["end_time"] for task in tasks)
        if is_noted or time.monotonic() > deadline:
            return tasks


def prove(plex: Simulator, before: Ratings) -> bool:
    """Return whether every manual rating is as it was, and how much was asked."""
    dump = plex.dump()
    now, total, counts = ratings(dump), len(items(dump)), plex.counts()
    changed = [key for key, points in before.items() if now.get(key) != points]
    say(f"\nPlex saw {counts['reads']} reads and {counts['writes']} writes,")
    say(f"and now {len(now)} of {total} items are rated; they were {len(before)}.")
    say(f"Manual ratings changed: {len(changed)} of {len(before)}.")
    return not changed and len(now) == total


def main() -> int:
    """Run the demo; the exit status says whether all went as it should."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Simulator.start(synthetic=TRACKS, seed=7) as plex,
    ):
        say(f"An embedded Plex serves {TRACKS} tracks at {plex.url}.")
        plex.add_playlist("Songs I like", rule="type=10&track.userRating>>=6")
        listener = Listener(Path(folder), plex)
        before = ratings(plex.dump())
        status = plan(listener)
        went_well = orchestrate(listener) and prove(plex, before)
        look(listener)
    return status or int(not went_well)


if __name__ == "__main__":
    sys.exit(main())
