"""How a story catches a run while it reads, writes or rests."""

import time
from collections.abc import Callable
from typing import Any

import httpx

from tasks.config.settings import load_settings
from tasks.runtime.context import open_run
from tests.flows.listener import Listener
from tests.simulator.process import Simulator
from tests.state_machine.plain_runs import infer_plainly

PATIENCE = 120
"""Seconds that something may take to happen."""

BURST = 30
"""Items between two rests."""

Condition = Callable[[], bool]
Catch = Callable[[Simulator, Listener], Condition]


def infer_before(listener: Listener) -> None:
    """Infer everything without the command, which takes its time to start."""
    settings, _ = load_settings(listener.config)
    with open_run(settings, "earlier", live=True) as context:
        infer_plainly(context)


def reading(plex: Simulator, _: Listener) -> Condition:
    """Make the reading long, and say when it goes on."""
    make_slow(plex, {"method": "GET", "path": "/all"}, 500)
    return lambda: any(
        not request["writes"] and "/all?" in request["path"] for request in plex.log()
    )


def writing(plex: Simulator, _: Listener) -> Condition:
    """Make the writing long, and say when it goes on."""
    make_slow(plex, {"method": "PUT"}, 100)
    return lambda: written(plex) > 3


def resting(plex: Simulator, listener: Listener) -> Condition:
    """Make the run rest, and say when it does."""
    rests = {"COOLDOWN_SLEEP": 2, "COOLDOWN_BATCH": BURST}
    listener.configure(DRY_RUN=False, COOLDOWN_MODE="fixed", **rests)
    return lambda: written(plex) >= BURST


def make_slow(plex: Simulator, match: dict[str, Any], ms: int) -> None:
    """Let some requests take their time."""
    plex.faults([{"match": match, "do": "slow", "ms": ms}])


def written(plex: Simulator) -> int:
    """Count the ratings that runs wrote."""
    return len(rated(plex))


def rated(plex: Simulator) -> list[int]:
    """Return the items that runs rated, as often as they did; tags do not count."""
    ratings = [r for r in plex.log() if "userRating.value" in r["path"]]
    return [key for request in ratings for key in ids_of(request)]


def ids_of(request: dict[str, Any]) -> list[int]:
    """Return the items that a write named."""
    query = httpx.URL("http://plex" + request["path"].replace(" ", "%20")).params
    return [int(key) for key in query.get("id", query.get("key", "")).split(",")]


def await_true(condition: Condition) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
