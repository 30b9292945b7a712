"""Side by side: plexbayes and a script that works item by item, on one simulator.

Run `make bench`; `QUICK=1 make bench` takes a small library. The real command
runs as its user would run it. The simulator
answers a read in 3 ms and 0.5 ms an item, a rating in 10 ms and a tag in 60 ms, and
writes one at a time; what both sides did is what the simulator counted.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from math import ceil
from typing import Any

import numpy as np

from engine.classic import Phase
from engine.evidence import split
from engine.library import Level
from engine.planning.batches import MOST_IDS
from engine.planning.plan import PhasePlan, plan_part
from engine.rating_scale import STEP
from tasks.config.settings import Settings
from tasks.plex.pagination import PAGE as LARGE_PAGE
from tasks.runtime.context import open_run
from tasks.sync.reconcile import LibrarySnapshot, snapshot_of
from tasks.sync.steps import parameters_of, read
from tests.benchmarks.home import at_home
from tests.benchmarks.per_item import Ask, Script, timed
from tests.flows.listener import COMMAND, Listener
from tests.simulator.process import REPOSITORY

LATENCY = {"read": 3, "item": 0.5, "rate": 10, "tag": 60}
"""Milliseconds."""
SEND_ALL = 2_000
"""Requests of the per-item script that are really sent; beyond, a sample is."""
STEPS = (0.005, 0.01, 0.02, 0.05, 0.1)
"""Stars between two values that are written."""
SIZES = (1_000, 7_500, 30_000)
QUICK = (300,)
UNTOLD = [{"do": "ignore_batch_rating"}]
"""A server that rates only one item at a time."""


@dataclass(frozen=True)
class Case:
    """Something that both sides are asked to do."""

    name: str
    words: tuple[str, ...]
    sizes: tuple[int, ...] = SIZES
    config: dict[str, Any] = field(default_factory=dict)
    faults: Sequence[dict[str, Any]] = ()
    """What goes wrong; then the server is tried anew, with an empty record."""


AS_A_FLOW = "first run, as a Prefect flow"
INFER, UNDO = ("infer", "--live"), ("undo", "--live", "--yes")
CASES = (
    Case("rank", ("rank",)),
    Case("dry run", ("infer", "--dry-run")),
    Case("first run", INFER),
    Case("second run", INFER),
    Case("undo", UNDO),
    Case(AS_A_FLOW, (*INFER, "--prefect"), SIZES[1:2]),
    Case("", UNDO, SIZES[1:2]),
    Case("first run, no tag", INFER, SIZES[:2], {"INFERRED_TAG": ""}),
    Case("", UNDO, SIZES[:2]),
    Case("first run, default cooldown", INFER, SIZES[1:2], {"COOLDOWN_BATCH": 25}),
    Case("", UNDO, SIZES[1:2]),
    Case("first run, one rating a request", INFER, SIZES[:1], faults=UNTOLD),
)
"""In this order on one server: each undo leaves it as it was. One without a name
only does that."""


@dataclass(frozen=True)
class Result:
    """What one side needed for one case."""

    tracks: int
    case: str
    side: str
    reads: int
    writes: int
    seconds: float
    minimum: int | None = None
    """Requests without which the plan cannot be carried out."""
    is_extrapolated: bool = False
    """Whether the seconds were measured on a sample of the requests."""

    @property
    def requests(self) -> int:
        """All requests."""
        return self.reads + self.writes


class Race:
    """One side's command against one simulator."""

    def __init__(self, listener: Listener, tracks: int) -> None:
        self.listener, self.plex, self.tracks = listener, listener.plex, tracks
        listener.environment["PYTHONPATH"] = str(REPOSITORY)

    def run(self, case: Case) -> Result:
        """Run the command, and count."""
        config = {"COOLDOWN_BATCH": 0} | case.config
        self.listener.configure(**config)
        if case.faults:
            self.forget()
        minimum = self.minimum(case, self.settings(**config))
        self.plex.faults(list(case.faults))
        self.plex.clear_log()
        begun = time.perf_counter()
        subprocess.run(
            [COMMAND, *case.words],
            cwd=self.listener.folder,
            env=self.listener.environment,
            check=True,
            capture_output=True,
        )
        seconds = time.perf_counter() - begun
        self.plex.faults([])
        counts = self.plex.counts()
        return Result(
            tracks=self.tracks,
            case=case.name,
            side="plexbayes",
            reads=counts["reads"],
            writes=counts["writes"],
            seconds=seconds,
            minimum=minimum,
        )

    def settings(self, **config: Any) -> Settings:
        """Return what the command is told, by the names of the settings."""
        known = {"plex_url": self.plex.url, "plex_token": self.plex.token}
        known["state_url"] = f"sqlite:///{self.listener.state}"
        return Settings(**known, **{name.lower(): config[name] for name in config})

    def forget(self) -> None:
        """Begin with an empty record."""
        for file in self.listener.folder.glob("plexbayes.db*"):
            file.unlink()

    def plan(self, settings: Settings) -> tuple[LibrarySnapshot, list[PhasePlan]]:
        """Return what would be written now."""
        with open_run(settings, "bench", live=False) as context:
            snapshot = snapshot_of(context, read(context))
        parameters = parameters_of(settings, snapshot.everything, STEP)
        parts = split(snapshot.library, snapshot.everything).values()
        plans = [plan_part(tuple(Phase), part, parameters) for part in parts]
        return snapshot, [plan for letter in plans for plan in letter]

    def minimum(self, case: Case, settings: Settings) -> int:
        """Return the pages to read and the requests that the plan needs.

        A rating of one phase and value goes into one request with all others
        like it, as many as one request may name; so does the tag of one phase.
        """
        snapshot, plans = self.plan(settings)
        everything = snapshot.everything
        pages = sum(ceil(len(everything[level]) / LARGE_PAGE) for level in Level)
        most = min(settings.cooldown_batch or MOST_IDS, MOST_IDS)
        if case.words == UNDO:
            ours = [everything[level].ownership.ours for level in Level]
            counts = [np.count_nonzero(~np.isnan(own)) for own in ours]
            return pages + sum(ceil(count / MOST_IDS) for count in counts)
        if case.words[: len(INFER)] != INFER:
            return pages
        phases = [
            np.concatenate([plan.after for plan in plans if plan.phase is phase])
            for phase in {plan.phase for plan in plans}
        ]
        sizes = [np.unique(after, return_counts=True)[1] for after in phases]
        ratings = sum(int(np.ceil(own / most).sum()) for own in sizes)
        tags = sum(
            ceil(len(after) / MOST_IDS) for after in phases if settings.inferred_tag
        )
        return pages + ratings + tags


BY_ITEM: dict[str, Callable[[Script], Iterator[Ask]]] = {
    "dry run": Script.dry_run,
    "first run": Script.first_run,
    "second run": Script.second_run,
    "undo": Script.undo,
    "first run, no tag": lambda script: script.first_run(tags=False),
}
"""What a per-item script does in each case."""


def by_item(context: Race, script: Script, case: Case) -> Result:
    """Let the per-item script do the same."""
    chosen = list(BY_ITEM[case.name](script))
    plex = context.plex
    seconds = timed(chosen, plex.url, plex.token, most=SEND_ALL)
    writes = sum(ask.method == "PUT" for ask in chosen)
    return Result(
        tracks=context.tracks,
        case=case.name,
        side="per item",
        reads=len(chosen) - writes,
        writes=writes,
        seconds=seconds,
        is_extrapolated=len(chosen) > SEND_ALL,
    )


def race(tracks: int, cases: Sequence[Case], prefect_home: str) -> Iterator[Result]:
    """Run all cases on one simulator: ours first, which leave it as it was."""
    with at_home(synthetic=tracks, seed=7, latency=LATENCY) as listener:
        listener.environment["PREFECT_HOME"] = prefect_home
        context = Race(listener, tracks)
        settings = context.settings(COOLDOWN_BATCH=0)
        snapshot, plans = context.plan(settings)
        yield from precision(context, settings)
        for case in cases:
            result = context.run(case)
            if case.name:
                yield result
        script = Script(snapshot.library, plans, str(listener.plex.facts["section"]))
        for case in cases:
            if case.name in BY_ITEM:
                yield by_item(context, script, case)


def precision(context: Race, settings: Settings) -> Iterator[Result]:
    """Tell how many requests each step between two values would need; none is sent."""
    for stars in STEPS:
        finer = settings.model_copy(update={"write_precision": stars})
        needed = context.minimum(CASES[2], finer)
        yield Result(context.tracks, f"steps of {stars}★", "plan", 0, 0, 0.0, needed)


def main() -> None:
    """Run the race, print it, and write it down."""
    from tests.benchmarks.telling import tell  # noqa: PLC0415 (draws)

    quick = bool(os.environ.get("QUICK"))
    results = []
    with at_home(synthetic=20) as listener:
        # Prefect makes its database only once, and not in the time of a run.
        Race(listener, 20).run(Case(AS_A_FLOW, ("infer", "--dry-run", "--prefect")))
        for tracks in QUICK if quick else SIZES:
            own = CASES[:5] if quick else [c for c in CASES if tracks in c.sizes]
            for result in race(tracks, own, listener.environment["PREFECT_HOME"]):
                print(json.dumps(asdict(result), ensure_ascii=False), flush=True)
                results.append(result)
    tell(results)


if __name__ == "__main__":
    main()
