"""The way everybody else does it: the requests of a script that works item by item.

It lists in pages of 100, reloads every unrated item, fetches the parent or the
children of each, rates each with a request of its own, and tags each with another.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from urllib.parse import urlencode

import requests

from engine.classic import Phase
from engine.library import Level, Library
from engine.planning.plan import PhasePlan

PAGE = 100
"""What Plex's Python library asks for at a time."""
SAMPLE = 60
"""Requests of each kind that are timed where there are too many to send all."""
TAG = "Rating_Inferred"
FULL = "includeBandwidths=1&includeChapters=1&includeGeolocation=1&includeMarkers=1"


@dataclass(frozen=True)
class Ask:
    """One request."""

    kind: str
    """What it is for: requests of one kind take about the same time."""
    path: str
    method: str = "GET"


@dataclass(frozen=True)
class Script:
    """A script that gives the same ratings as our plans, item by item."""

    library: Library
    plans: Sequence[PhasePlan]
    section: str

    def first_run(self, *, tags: bool = True) -> Iterator[Ask]:
        """Yield what a first run asks."""
        yield from self._pages()
        for phase, key, points in self._items():
            yield self._reload(key)
            yield self._relative(phase, key)
            yield self._rate(key, points)
            if tags:
                yield self._mood(phase.level, key, "mood[0].tag.tag")

    def dry_run(self) -> Iterator[Ask]:
        """Yield what it takes to find out what would be written."""
        yield from self._pages()
        for phase, key, _ in self._items():
            yield self._reload(key)
            yield self._relative(phase, key)

    def second_run(self) -> Iterator[Ask]:
        """Yield what it takes to find out that nothing has changed."""
        yield from self._pages()
        for phase, key, _ in self._items():
            yield self._relative(phase, key)

    def undo(self) -> Iterator[Ask]:
        """Yield what it takes to take everything back."""
        for phase, key, _ in self._items():
            yield Ask("reload", f"/library/metadata/{key}")
            yield self._reload(key)
            yield self._rate(key, -1)
            yield self._mood(phase.level, key, "mood[].tag.tag-")

    def _pages(self) -> Iterator[Ask]:
        for level in Level:
            for page in range(ceil(len(self.library[level]) / PAGE)):
                window = {
                    "X-Plex-Container-Start": page * PAGE,
                    "X-Plex-Container-Size": PAGE,
                }
                query = urlencode({"type": int(level), "includeGuids": 1, **window})
                yield Ask("page", f"/library/sections/{self.section}/all?{query}")

    def _items(self) -> Iterator[tuple[Phase, int, float]]:
        for plan in self.plans:
            for key, points in zip(plan.key.tolist(), plan.after, strict=True):
                yield plan.phase, key, float(points)

    def _reload(self, key: int) -> Ask:
        return Ask("reload", f"/library/metadata/{key}?{FULL}")

    def _relative(self, phase: Phase, key: int) -> Ask:
        if phase is Phase.ALBUM_UP:
            return Ask("children", f"/library/metadata/{key}/children")
        if phase is Phase.ARTIST_UP:
            return Ask("children", f"/library/metadata/{key}/allLeaves")
        own, above = self.library[phase.level], self.library[Level(phase.level - 1)]
        row = int(own.key.searchsorted(key))
        return Ask("parent", f"/library/metadata/{above.key[own.parent[row]]}")

    def _rate(self, key: int, points: float) -> Ask:
        what = {"key": key, "identifier": "com.plexapp.plugins.library"}
        query = urlencode({**what, "rating": points})
        return Ask("rate", f"/:/rate?{query}", "PUT")

    def _mood(self, level: Level, key: int, how: str) -> Ask:
        query = urlencode({"type": int(level), "id": key, "mood.locked": 1, how: TAG})
        return Ask("mood", f"/library/sections/{self.section}/all?{query}", "PUT")


def timed(asks: Sequence[Ask], address: str, token: str, *, most: int) -> float:
    """Return how many seconds the requests take, one after the other.

    Where there are more than `most`, a sample of each kind is sent, evenly spread,
    and the others are taken to be as quick as these.
    """
    counts = Counter(ask.kind for ask in asks)
    chosen = asks if len(asks) <= most else sample(asks)
    spent: dict[str, list[float]] = defaultdict(list)
    with requests.Session() as session:
        session.headers["X-Plex-Token"] = token
        for ask in chosen:
            begun = time.perf_counter()
            session.request(ask.method, address + ask.path).raise_for_status()
            spent[ask.kind].append(time.perf_counter() - begun)
    return sum(counts[kind] * sum(own) / len(own) for kind, own in spent.items())


def sample(asks: Sequence[Ask]) -> list[Ask]:
    """Return some requests of each kind, evenly spread."""
    kinds: dict[str, list[Ask]] = defaultdict(list)
    for ask in asks:
        kinds[ask.kind].append(ask)
    steps = {kind: max(len(own) // SAMPLE, 1) for kind, own in kinds.items()}
    return [ask for kind, own in kinds.items() for ask in own[:: steps[kind]]]
