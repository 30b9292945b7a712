"""Kinds of odd items, and a library that was inferred before it became odd."""

import pickle
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.simulator.process import Simulator
from tests.simulator.synthetic import make_library
from tests.simulator.world import World
from tests.state_machine.plain_runs import infer_plainly
from tests.tasks.building import items_in
from tests.tasks.setup import LocalPlex, context_for

Odd = Callable[[Simulator, dict[str, int]], None]


def sends(what: str, **attributes: str | None) -> Odd:
    """Return what lets Plex send odd attributes of the inferred track, or album."""

    def make(plex: Simulator, sample: dict[str, int]) -> None:
        plex.set_attributes(sample[what], **attributes)

    return make


STRAY: dict[str, Odd] = {
    "album not listed": lambda plex, sample: plex.hide(sample["album"]),
    "artist not listed": lambda plex, sample: plex.hide(sample["artist"]),
    "no parent": sends("track", parentRatingKey=None, grandparentRatingKey=None),
    "odd parent": sends("track", parentRatingKey="A1"),
    "parent of another library": sends("track", parentRatingKey="999999"),
    "album without artist": sends("album", parentRatingKey=None),
}
UNREADABLE: dict[str, Odd] = {
    text: sends("track", userRating=text)
    for text in ("-1", "10.2", "nan", "124349-163875600", "7,5", "1_0", "&#1639;")
}
SIDE_FACT: dict[str, Odd] = {
    "index A1": sends("track", index="A1"),
    "index 2^64-1": sends("track", index=str(2**64 - 1)),
    "index below 0": sends("track", index="-1"),
    "textual date": sends("track", lastRatedAt="yesterday"),
    "fraction of a date": sends("track", lastRatedAt="1700000000,5"),
    "duration": sends("track", duration="3:20"),
    "plays": sends("track", viewCount="many"),
    "skips": sends("track", skipCount="-3"),
    "year of the album": sends("track", parentYear="30828"),
    "year": sends("album", year="30828"),
    "critic": sends("album", rating="9,1"),
    "two at once": sends("track", index="A1", duration="long"),
    "title": sends("track", title="A&#4;B", index="A1"),
}


class Inferred(NamedTuple):
    """A library in which everything was inferred, to be had again and again."""

    world: bytes
    record: Path
    before: dict[int, Any]
    """What stood in Plex before anything was inferred."""
    sample: dict[str, int]
    """An artist, an album and a track that no person ever rated."""


@pytest.fixture(scope="session")
def everything_inferred(
    tmp_path_factory: pytest.TempPathFactory,
) -> Inferred:
    record = tmp_path_factory.mktemp("inferred") / "plexbayes.db"
    world = make_library(World(), 60, seed=1)
    tracks = [{"title": t, "guid": f"plex://track/{t}"} for t in ("a", "b", "c")]
    with LocalPlex.of(world) as plex:
        added = plex.add("Quiet", "Silence", tracks)
        before = state_of(plex)
        with context_for(plex, record) as context:
            infer_plainly(context)
    sample = {**added, "track": added["tracks"][0]}
    return Inferred(pickle.dumps(world), record, before, sample)


@pytest.fixture
def plex(everything_inferred: Inferred) -> Iterator[Simulator]:
    """A Plex of a test's own, in which everything was inferred."""
    with LocalPlex.of(pickle.loads(everything_inferred.world)) as plex:  # noqa: S301
        yield plex


@pytest.fixture
def record(everything_inferred: Inferred, tmp_path: Path) -> Path:
    return Path(shutil.copy(everything_inferred.record, tmp_path))


@pytest.fixture
def before(everything_inferred: Inferred) -> dict[int, Any]:
    return everything_inferred.before


@pytest.fixture
def sample(everything_inferred: Inferred) -> dict[str, int]:
    return everything_inferred.sample


def state_of(plex: Simulator) -> dict[int, Any]:
    """Return all that a run may touch."""
    return {
        key: (item["userRating"], sorted(item["moods"]), sorted(item["locks"]))
        for key, item in items_in(plex).items()
    }
