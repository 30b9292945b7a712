"""How much of what is ours a run would change, and when that is too much."""

from dataclasses import replace

import numpy as np
import pytest

from engine.classic import Phase
from engine.evidence import LibraryView
from engine.library import Level
from engine.ownership import Owner
from engine.planning.brake import FEWEST, Effect, Limits, effect_of
from engine.planning.plan import PhasePlan
from engine.rating_scale import Estimates
from tests.engine.parts import part_of, random_library

LIMITS = Limits(rewritten=0.3, shift=1.0, released=0.05)
QUIET = Effect(ours=1000, rewritten=0, released=0, before=7.0, after=7.0)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"rewritten": 300}, []),
        ({"rewritten": 301}, ["rewrite 301 of 1000 inferred ratings"]),
        ({"released": 50}, []),
        ({"released": 51}, ["give up 51 of 1000 inferred ratings"]),
        ({"after": 8.0}, []),
        ({"after": 5.98}, ["move their mean from 3.50 to 2.99 stars"]),
        ({"rewritten": 900, "after": 1.0}, ["rewrite 900", "move their mean"]),
        ({"ours": FEWEST - 1, "rewritten": FEWEST - 1, "after": 1.0}, []),
        ({"ours": FEWEST, "rewritten": FEWEST}, [f"rewrite {FEWEST} of {FEWEST}"]),
        ({"before": np.nan, "after": np.nan}, []),
    ],
)
def test_more_than_a_limit_is_too_much(facts, said):
    found = list(replace(QUIET, **facts).excesses(LIMITS))

    assert len(found) == len(said)
    assert all(map(str.startswith, found, said))


def test_limits_of_one_are_never_exceeded():
    everything = replace(QUIET, rewritten=1000, released=1000, before=0.0, after=10.0)

    assert list(everything.excesses(Limits(1.0, 10.0, 1.0))) == []


@pytest.fixture
def library() -> LibraryView:
    """Tracks with inferred and manual ratings; a person changed five inferred ones."""
    part = part_of(random_library(5, albums_rated=0.5))
    tracks, ownership = part.tracks, part.tracks.ownership
    ours = np.where(np.isnan(ownership.manual), 6.0, np.nan)
    taken = np.flatnonzero(~np.isnan(ownership.manual))[:5]
    owner = np.where(np.isnan(ours), Owner.PERSON, Owner.US)
    owner[taken] = Owner.TAKEN_OVER
    known = replace(ownership, ours=ours, owner=owner.astype(np.int8))
    return replace(part, tracks=replace(tracks, ownership=known))


def plan_to(library: LibraryView, rows: np.ndarray, points: float) -> PhasePlan:
    tracks = library[Level.TRACK]
    after = np.full(len(rows), points)
    return PhasePlan(
        phase=Phase.TRACK_DOWN,
        key=tracks.items.key[rows],
        guid=tracks.items.guid[rows],
        before=tracks.ownership.ours[rows],
        after=after,
        estimates=Estimates.plain(after, np.ones(len(rows), np.int64)),
        kept=0,
        cleared=0,
    )


def test_what_is_ours_is_counted_in_the_whole_library(library):
    ours = np.flatnonzero(
        ~np.isnan(library.tracks.ownership.ours) & library.tracks.is_primary
    )

    nothing = effect_of(library, [], released=5)
    some = effect_of(library, [plan_to(library, ours[:2], 8.0)])

    assert (nothing.ours, nothing.rewritten, nothing.released) == (len(ours) + 5, 0, 5)
    assert nothing.before == nothing.after == pytest.approx(6.0)
    assert (some.ours, some.rewritten) == (nothing.ours, 2)
    assert some.after == pytest.approx(6.0 + 4 / len(ours))


def test_a_first_rating_and_a_small_move_are_no_rewriting(library):
    ours = np.flatnonzero(~np.isnan(library.tracks.ownership.ours))[:2]
    unrated = library.tracks.ownership.ours.copy()
    unrated[ours] = np.nan
    tracks = library.tracks
    ownership = replace(tracks.ownership, ours=unrated)
    fresh = replace(library, tracks=replace(tracks, ownership=ownership))

    first = effect_of(fresh, [plan_to(fresh, ours, 8.0)])
    small = effect_of(library, [plan_to(library, ours, 6.19)])

    assert first.rewritten == small.rewritten == 0
    assert first.before == first.after
