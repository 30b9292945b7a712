"""Runs many times with a retention of minutes: do Prefect's files stay small?

Run `make bench-retention`, or `python -m tests.benchmarks.retention RUNS MINUTES`.
Each run plans the whole library again. Every tenth also writes all of it, and a letter
of it fails, so that some results have to stay; the next one finishes it.
"""

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tasks.orchestration.results import FOLDER
from tests.benchmarks.home import at_home
from tests.flows.listener import Listener
from tests.flows.test_faults import under_one_artist

TRACKS = 400
EMPTY = 12_000_000
"""Bytes of a database without runs: 2 MB, and 10 MB for its log of changes (WAL)."""
PER_RUN = 2_500_000
"""Bytes that a run of these some twenty letters may take, its events included."""
PER_FAILED_RUN = 400_000
"""Bytes that the results of a run may take in files."""
LATE = 60
"""Seconds in which events may go that are no longer to be kept, and logs."""
OTHERS = {"NO_PROXY": "127.0.0.1"}


@dataclass(frozen=True)
class Size:
    """What there is after a run."""

    runs: int
    tasks: int
    logs: int
    artifacts: int
    events: int
    database: int
    """Bytes, with the log of changes."""
    results: int
    """Bytes of files."""
    kept: int
    """Runs that ended within the retention, and somewhat before."""

    def too_large(self) -> list[str]:
        """Name the bounds that are broken."""
        bounds = {
            "runs": self.kept,
            "database": EMPTY + PER_RUN * self.kept,
            "results": PER_FAILED_RUN * self.kept,
        }
        have = vars(self)
        return [
            f"{name} is {have[name]}, above {bound}"
            for name, bound in bounds.items()
            if have[name] > bound
        ]


class Flows:
    """Runs the flow `infer` again and again, in one process that has imported it."""

    CODE = (
        "import sys\n"
        "from flows.infer import infer\n"
        "for _ in sys.stdin:\n"
        "    state = infer(dry_run=False, return_state=True)\n"
        "    print(state.type.value, flush=True)\n"
    )

    def __init__(self, listener: Listener) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", self.CODE],
            cwd=listener.folder,
            env=listener.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(self) -> str:
        """Run it once; return the type of the state in which it ended."""
        assert self._process.stdin
        assert self._process.stdout
        print(file=self._process.stdin, flush=True)
        return self._process.stdout.readline().strip()


def main(runs: int, minutes: float) -> int:
    """Print how large the files are; the exit status says whether that is bounded."""
    os.environ |= OTHERS | {
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": f"PT{round(60 * minutes)}S",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS": str(LATE / 4),
        "PREFECT_SERVER_SERVICES_DB_VACUUM_EVENT_RETENTION_OVERRIDES": "{}",
    }
    sizes: list[Size] = []
    with at_home(prefect=True, synthetic=TRACKS) as listener:
        plex = listener.plex
        listener.configure(DRY_RUN=False, RETRIES=0, RUN_RETENTION_DAYS=minutes / 1440)
        flows = Flows(listener)
        _, failing = under_one_artist(plex.dump())
        fault = {"match": {"method": "PUT", "ratingKeys": failing}, "do": "status"}
        ended: list[float] = []
        for number in range(runs):
            is_to_fail = number % 10 == 8
            if is_to_fail:
                listener.run("undo", "--yes", "--live")
            plex.faults([fault | {"code": 500}] if is_to_fail else [])
            state = flows.run()
            assert state == ("FAILED" if is_to_fail else "COMPLETED"), state
            ended.append(time.time())
            kept = sum(ended[-1] - end < 60 * minutes + LATE for end in ended)
            sizes.append(size_of(listener.folder, kept))
            print(f"{number + 1}: {sizes[-1]} {' '.join(sizes[-1].too_large())}")
    return conclude(sizes, minutes)


def conclude(sizes: list[Size], minutes: float) -> int:
    """Say how large it became; return whether a bound was broken."""
    broken = [size for size in sizes if size.too_large()]
    half = sizes[len(sizes) // 2 :]
    print(
        f"{len(sizes)} runs, each kept for {minutes:g} min: at most "
        f"{max(size.runs for size in half)} runs, "
        f"{max(size.database for size in half) / 1e6:.1f} MB of database and "
        f"{max(size.results for size in half) / 1e6:.2f} MB of results at a time in "
        f"the second half; {len(sizes) - len(broken)} of {len(sizes)} times within all "
        "bounds."
    )
    return int(bool(broken))


def size_of(folder: Path, kept: int) -> Size:
    """Measure what Prefect keeps."""
    tables = ("flow_run", "task_run", "log", "artifact", "events")
    server = folder / "prefect-server"
    with closing(sqlite3.connect(server / "prefect.db", timeout=60)) as database:
        runs, tasks, logs, artifacts, events = (
            database.execute(f"select count(*) from {table}").fetchone()[0]  # noqa: S608
            for table in tables
        )
    results = (folder / "prefect" / "storage" / FOLDER).rglob("*")
    return Size(
        runs=runs,
        tasks=tasks,
        logs=logs,
        artifacts=artifacts,
        events=events,
        database=sum(file.stat().st_size for file in server.glob("prefect.db*")),
        results=sum(file.stat().st_size for file in results if file.is_file()),
        kept=kept,
    )


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    given = [float(word) for word in sys.argv[1:]]
    sys.exit(main(int(given[0]) if given else 300, given[1] if given[1:] else 10))
