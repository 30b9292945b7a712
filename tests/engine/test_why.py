"""The reasons of an inferred value add up to it, whatever the model."""

import numpy as np
import pytest

from engine.assumptions import Assumptions
from engine.classic import Constants, Phase, album_down, album_up, artist_up, track_down
from engine.fitting import fit
from engine.hierarchical import inferred, predict
from engine.library import Level
from engine.why import why_classic, why_hierarchical
from tests.engine.parts import part_of, random_library, worked_example

SEEDS = range(5)
MEAN = 6.3
CONSTANTS = Constants()


def held(shelf, inferred):
    manual = shelf.standing.manual
    return np.where(np.isnan(manual), inferred, manual)


def classic_values(part):
    """Return what the four phases give, by level."""
    artists = artist_up(part, MEAN, CONSTANTS)
    above = held(part.artists, artists)
    up = album_up(part, MEAN, CONSTANTS)
    down = album_down(part, above, MEAN, CONSTANTS)
    albums = np.where(np.isnan(up), down, up)
    tracks = track_down(part, held(part.albums, albums), MEAN, CONSTANTS)
    return {Level.ARTIST: artists, Level.ALBUM: albums, Level.TRACK: tracks}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_reasons_of_the_classic_model_add_up_to_its_value(seed):
    part = part_of(random_library(seed, albums_rated=0.3, artists_rated=0.3))
    values = classic_values(part)

    for level in Level:
        for row in range(len(part[level])):
            why = why_classic(part, level, row, MEAN, CONSTANTS)
            total = sum(reason.adds for reason in why.reasons)
            assert why.value == pytest.approx(total, abs=1e-9)
            assert why.value == pytest.approx(values[level][row], abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_reasons_of_the_hierarchical_model_add_up_to_its_value(seed):
    part = part_of(random_library(seed, albums_rated=0.3, artists_rated=0.3))
    learned = fit(part, Assumptions(genre_ratings=1))

    for level in Level:
        mean = predict(part, learned, level).mean
        for row in range(len(part[level])):
            why = why_hierarchical(part, learned, level, row)
            total = sum(reason.adds for reason in why.reasons)
            assert why.value == pytest.approx(total, abs=1e-9)
            assert why.value == pytest.approx(mean[row], abs=1e-9)


def test_a_rating_of_the_same_album_weighs_more_than_one_of_another():
    part = worked_example()

    why = why_hierarchical(part, fit(part), Level.TRACK, 2)

    first, second, third = [reason for reason in why.reasons if reason.rating]
    assert {first.name, second.name} == {"t", "u"}
    assert third.name == "w"
    assert first.weight == pytest.approx(second.weight)
    assert first.weight > third.weight > 0


def test_a_manual_album_is_told_apart_from_the_gravity_that_draws_on_it():
    part = part_of(random_library(1, albums_rated=1.0))
    rating = float(part.albums.standing.manual[0])
    row = int(np.flatnonzero(part.tracks.items.parent == 0)[0])

    why = why_classic(part, Level.TRACK, row, MEAN, CONSTANTS)

    adds = {reason.what: reason.adds for reason in why.reasons}
    assert adds["rating"] == pytest.approx(rating - MEAN)
    assert adds["gravity"] == pytest.approx(0.3 * (MEAN - rating))


def test_a_critic_is_a_reason_of_its_own():
    part = part_of(random_library(2))
    critics = np.flatnonzero(~np.isnan(part.albums.items.critic))

    why = why_classic(part, Level.ALBUM, int(critics[0]), MEAN, CONSTANTS)

    assert "critic" in {reason.what for reason in why.reasons}


def test_each_phase_of_the_hierarchical_model_can_be_explained():
    part = worked_example()
    learned = fit(part)

    up = inferred(Phase.ALBUM_UP, part, learned).mean

    assert why_hierarchical(part, learned, Level.ALBUM, 0).value == pytest.approx(up[0])
