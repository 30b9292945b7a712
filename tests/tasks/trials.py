"""A Plex of one's own on which trials are made, and what must be as before."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.library import Level
from tasks.runtime.context import RunContext, open_run
from tasks.sync.capability_probe import probe
from tasks.sync.reconcile import read_and_reconcile
from tasks.sync.record_lookup import recorded
from tests.simulator.control import dump
from tests.state_machine.accounts import Served, served, settings_for, small_world


@pytest.fixture
def plex() -> Iterator[Served]:
    with served(small_world()) as plex:
        yield plex


@pytest.fixture
def bench_at(tmp_path):
    """Lay out the tools of a live run on a server."""

    @contextmanager
    def bench_at(plex: Served, **wishes) -> Iterator[RunContext]:
        settings = settings_for(plex.url, tmp_path / "plexbayes.db", **wishes)
        with open_run(settings, "run", live=True) as context:
            yield context

    return bench_at


def spoil(plex, do, **match):
    plex.faults.set([{"do": do, "match": {"method": "PUT", **match}}])


def state(plex):
    """Return all that the two items must have again; dates may differ."""
    told = dump(plex.world)
    return {
        item["ratingKey"]: (item["userRating"], list(item["moods"]), item["locks"])
        for item in told["artists"] + told["albums"] + told["tracks"]
    }


def tried(context):
    return probe(context, read_and_reconcile(context).everything)


def intended(context):
    return [row for level in Level for row in recorded(context.store, level).expected]
