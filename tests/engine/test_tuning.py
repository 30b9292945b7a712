"""The tuned constants are those from which ratings were made."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.classic import Constants, priors
from engine.evaluation.tuning import tune
from engine.library import Level
from tests.engine.parts import NAN, items_of, library_of, part_of, random_library

ALBUMS = 400
PRESENT = (
    Constants(),
    Constants(confidence=20.0, album_gravity=0.9, track_gravity=1.0),
    Constants(critic_weight=0.0, critic_bias=-3.0),
    Constants(global_weight=0.0),
    Constants(global_weight=7.5, critic_weight=0.1, track_gravity=0.0),
)


def music(*, on_album, spread, own, seed=1):
    """Return rated tracks whose albums differ by `spread`, tracks by `own`."""
    draw = np.random.default_rng(seed)
    level = 6 + draw.normal(0, spread, ALBUMS)
    parent = np.repeat(np.arange(ALBUMS), on_album)
    rating = np.clip(level[parent] + draw.normal(0, own, len(parent)), 0, 10)
    return part_of(
        library_of(
            items_of(Level.ARTIST, ["A"], [-1]),
            items_of(Level.ALBUM, ["a"] * ALBUMS, [0] * ALBUMS),
            items_of(Level.TRACK, ["t"] * len(parent), parent, rating),
        )
    )


def with_albums(part, rating, **columns):
    items = replace(part.albums.items, **columns)
    ownership = replace(part.albums.ownership, manual=rating)
    return replace(part, albums=replace(part.albums, items=items, ownership=ownership))


@pytest.mark.parametrize(("spread", "own"), [(1.0, 0.5), (0.7, 1.0), (0.5, 1.2)])
def test_the_confidence_is_the_ratio_of_the_variances(spread, own):
    part = music(on_album=4, spread=spread, own=own)

    found = tune(part, Constants()).constants.confidence

    assert found == pytest.approx(own**2 / spread**2, rel=0.35)


def test_few_ratings_leave_the_confidence_near_where_it_usually_is():
    part = music(on_album=4, spread=0.01, own=1.0)
    heard = part.tracks.evidence.copy()
    heard[12:] = NAN

    few = replace(part, tracks=replace(part.tracks, heard=heard))

    assert 1 < tune(few, Constants()).constants.confidence < 9
    assert tune(part, Constants()).constants.confidence > 15


def test_gravity_is_found_where_tracks_are_drawn_to_the_mean():
    part = music(on_album=4, spread=1.5, own=0.3)
    average = part.tracks.evidence.reshape(ALBUMS, 4).mean(axis=1)
    mean = float(part.tracks.evidence.mean())
    rated = mean + (average - mean) / 0.4

    tuned = tune(with_albums(part, rated), Constants())

    assert tuned.constants.track_gravity == pytest.approx(0.6, abs=0.03)
    (change,) = [c for c in tuned.changes if c.names == ("track_gravity",)]
    assert change.gain > 0.3
    assert change.ratings == 4 * ALBUMS


def test_the_prior_from_critics_becomes_the_line_through_the_ratings():
    part = music(on_album=2, spread=1.2, own=0.2)
    average = part.tracks.evidence.reshape(ALBUMS, 2).mean(axis=1)
    critic = np.clip((average - 1.2) / 0.75, 0.1, 10)

    tuned = tune(with_albums(part, np.full(ALBUMS, NAN), critic=critic), Constants())

    mean = float(part.tracks.evidence.mean())
    inside = (critic > 4) & (critic < 9)
    prior = priors(critic, mean, tuned.constants)
    assert prior[inside] == pytest.approx(average[inside], abs=0.1)


def test_critics_who_are_always_wrong_are_left_out():
    part = music(on_album=2, spread=1.2, own=0.2)
    average = part.tracks.evidence.reshape(ALBUMS, 2).mean(axis=1)

    reviewed = with_albums(part, np.full(ALBUMS, NAN), critic=11 - average)

    assert tune(reviewed, Constants()).constants.critic_weight == 0


def test_what_no_rating_speaks_of_stays_as_it_is():
    part = part_of(random_library(1, rated=0.0))

    tuned = tune(part, Constants(confidence=5))

    assert tuned.constants == Constants(confidence=5)
    assert tuned.changes == ()


@given(st.integers(0, 10_000), st.sampled_from(PRESENT))
def test_what_was_tuned_is_not_tuned_further(seed, present):
    part = part_of(random_library(seed, albums_rated=0.5, artists_rated=0.5))

    once = tune(part, present)
    twice = tune(part, once.constants)

    assert twice.constants == once.constants
    for change in twice.changes:
        assert change.old == change.new
        assert change.gain == 0


@given(st.integers(0, 10_000), st.sampled_from(PRESENT[:3]))
def test_what_fits_best_does_not_depend_on_what_was_set_before(seed, present):
    part = part_of(random_library(seed, albums_rated=0.5, artists_rated=0.5))

    fitted, usual = tune(part, present), tune(part, Constants())

    for change, other in zip(fitted.changes, usual.changes, strict=True):
        assert change.new == pytest.approx(other.new)
