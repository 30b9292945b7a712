"""The per-item script asks for what such scripts ask, neither more nor less."""

from collections import Counter

import numpy as np
import pytest

from engine.classic import Phase
from engine.planning.plan import PhasePlan
from engine.rating_scale import Estimates
from tests.benchmarks.per_item import Script, sample
from tests.benchmarks.speed import synthetic

TRACKS = 250
"""25 albums, 5 artists; 3 + 1 + 1 pages of 100."""


@pytest.fixture(scope="module")
def script() -> Script:
    library = synthetic(TRACKS, 0.2, 0.0, genres=False)
    return Script(
        library,
        [
            plan(library.albums.key[:4], Phase.ALBUM_UP),
            plan(library.tracks.key[:150], Phase.TRACK_DOWN),
        ],
        "1",
    )


def plan(key, phase) -> PhasePlan:
    nothing = np.full(len(key), np.nan)
    guid = np.array([f"local://{one}" for one in key], object)
    seven = np.full(len(key), 7.0)
    unsure = Estimates.plain(seven, np.zeros(len(key), np.int64))
    return PhasePlan(phase, key, guid, nothing, seven, unsure, kept=0, cleared=0)


@pytest.mark.parametrize(
    ("does", "each"),
    [
        (Script.dry_run, {"reload", "relative"}),
        (Script.first_run, {"reload", "relative", "rate", "mood"}),
        (Script.second_run, {"relative"}),
    ],
)
def test_every_item_costs_requests_of_its_own(script, does, each):
    kinds = Counter(ask.kind for ask in does(script))

    relatives = {"children": 4, "parent": 150} if "relative" in each else {}
    own = dict.fromkeys(each - {"relative"}, 154)
    assert kinds == {"page": 5} | relatives | own


def test_taking_an_item_back_takes_four_requests(script):
    assert len(list(script.undo())) == 4 * 154


def test_a_sample_has_requests_of_every_kind(script):
    asks = list(script.first_run())

    chosen = sample(asks)

    assert {ask.kind for ask in chosen} == {ask.kind for ask in asks}
    assert len(chosen) < len(asks)
