"""A Plex of one's own to which a first batch is written, and what it is like."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain

import pytest

from tasks.runtime.context import Outside, RunContext, open_run
from tasks.sync.capability_probe import probe
from tasks.sync.reconcile import reconcile
from tasks.sync.steps import plans_of, read
from tests.simulator.control import dump
from tests.simulator.in_memory import InMemory
from tests.simulator.options import Options
from tests.simulator.plex import Plex
from tests.simulator.world import World
from tests.state_machine.accounts import ADDRESS, TAG, settings_for, small_world

__all__ = ["TAG"]


@pytest.fixture
def plex() -> Plex:
    return moody()


def moody(*, floats: str = "exact", keeps_date: bool = False) -> Plex:
    """Make a library in which every item has a mood to lose."""
    world = small_world(keeps_date=keeps_date)
    for item in world.items():
        world.add_tags(item, "mood", ["Wistful"])
    return with_floats(world, floats)


def with_floats(world: World, floats: str) -> Plex:
    return Plex(world, Options(float_mode=floats))


@pytest.fixture
def run_at(tmp_path):
    """Lay out the tools of a live run on a server."""

    @contextmanager
    def run_at(
        plex: Plex, run_id="run", outside=None, state="plexbayes.db", **wishes
    ) -> Iterator[RunContext]:
        settings = settings_for(ADDRESS, tmp_path / state, **wishes)
        outside = outside or Outside(transport=InMemory(plex))
        with open_run(settings, run_id, live=True, outside=outside) as context:
            yield context

    return run_at


def spoil(plex, do, **match):
    plex.faults.set([{"do": do, "match": {"method": "PUT", **match}}])


def state(plex):
    """Return the rating, moods and locks of every item; dates may differ."""
    told = dump(plex.world)
    return {
        item["ratingKey"]: (item["userRating"], list(item["moods"]), item["locks"])
        for item in told["artists"] + told["albums"] + told["tracks"]
    }


def tried(context):
    snapshot = reconcile(context, read(context))
    return probe(context, snapshot.everything, planned(context, snapshot))


def planned(context, snapshot):
    return list(chain.from_iterable(plans_of(context, snapshot).values()))


def kept(state):
    """Return what a person had of an item beside its rating: other moods, and locks."""
    _, moods, locks = state
    return sorted({*moods} - {TAG}), locks


def changed(before, after):
    return {key for key, now in after.items() if now != before[key]}
