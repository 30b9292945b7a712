"""The reasons of an inferred value add up to it, whatever the model."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.classic import Constants, album_down, album_up, artist_up, track_down
from engine.hierarchical.evidence_filters import Filler, with_doubles, without_filler
from engine.hierarchical.fitting import Assumptions, fit
from engine.hierarchical.model import predict
from engine.library import Level
from engine.reports.explanation import why_classic, why_double, why_hierarchical
from tests.engine.parts import (
    NAN,
    items_of,
    library_of,
    part_of,
    random_library,
    worked_example,
)

MEAN = 6.3
CONSTANTS = Constants()


def held(view, inferred):
    manual = view.ownership.manual
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
    rating = float(part.albums.ownership.manual[0])
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


@settings(max_examples=10)
@given(st.integers(0, 10_000), st.booleans(), st.booleans(), st.integers(0, 100))
def test_the_reasons_add_up_to_the_value_with_twins_and_filler_too(
    seed, twins, filler, item
):
    library = random_library(seed, albums_rated=0.3, artists_rated=0.3)
    part = with_repeats(part_of(library), seed)
    part = with_doubles(part) if twins else part
    part = without_filler(part, Filler(words=("1", "4", "7"))) if filler else part
    learned = fit(part, Assumptions(genre_ratings=1))
    classic = classic_values(part)

    for level in Level:
        mean = predict(part, learned, level).mean
        row = item % len(mean)
        for why, value in (
            (why_classic(part, level, row, MEAN, CONSTANTS), classic[level][row]),
            (why_hierarchical(part, learned, level, row), mean[row]),
        ):
            total = sum(reason.adds for reason in why.reasons)
            assert why.value == pytest.approx(total, abs=1e-9)
            assert why.value == pytest.approx(value, abs=1e-9)


def with_repeats(part, seed):
    """Return the part with some recordings that are on two albums of an artist."""
    draw = np.random.default_rng(seed)
    items = part.tracks.items
    again = draw.integers(0, max(len(items) // 2, 1), len(items))
    items = replace(items, title=items.title[again], duration=items.duration[again])
    return replace(part, tracks=replace(part.tracks, items=items))


def test_a_double_is_explained_by_the_ratings_of_the_same_recording():
    titles, seconds = ["Song"] * 3 + ["Other", "Lonely"], [200, 201, 202, 90, 90]
    durations = 1000 * np.array(seconds)
    rating, above = [9.0, 7.0, NAN, 4.0, NAN], [0, 1, 2, 0, 0]
    library = library_of(
        items_of(Level.ARTIST, ["A"], [-1]),
        items_of(Level.ALBUM, ["one", "two", "three"], [0, 0, 0]),
        items_of(Level.TRACK, titles, above, rating, duration=durations),
    )
    part = with_doubles(part_of(library))

    why = why_double(part, Level.TRACK, 2)

    assert why.value == 8
    reasons = [(own.what, own.adds) for own in why.reasons]
    assert reasons == [("double", 4.5), ("double", 3.5)]
    for level, row in ((Level.TRACK, 4), (Level.TRACK, 0), (Level.ALBUM, 0)):
        assert why_double(part, level, row) is None


def test_filler_is_no_reason():
    part = without_filler(worked_example(), Filler(words=("u",)))

    why = why_hierarchical(part, fit(part), Level.TRACK, 2)

    assert {own.name for own in why.reasons if own.rating} == {"t", "w"}
