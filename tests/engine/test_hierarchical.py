"""The hierarchical model is exact, is the same for parts, and never breaks."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.classic import Phase
from engine.evidence import split
from engine.hierarchical.fitting import fit, grid_of, prior_of
from engine.hierarchical.gaussian_tree import Ratings
from engine.hierarchical.model import FittedLibrary, inferred, predict
from engine.hierarchical.observations import ratings_of
from engine.hierarchical.priors import TREE_ONLY, Assumptions
from engine.library import Level
from tests.engine.dense import dense, mixed
from tests.engine.parts import (
    NAN,
    items_of,
    library_of,
    part_of,
    random_library,
    worked_example,
)

ALL = Assumptions(negligible=0.0, genre_ratings=1)
BARE = replace(TREE_ONLY, negligible=0.0)
SEEDS = range(6)


def library(seed, assumptions, *, parents_rated):
    return random_library(
        seed,
        columns=bool(assumptions.columns),
        albums_rated=0.4 * parents_rated,
        artists_rated=0.4 * parents_rated,
    )


def test_the_worked_example_has_the_published_means_and_deviations():
    part = worked_example()

    found = predict(part, fit(part, TREE_ONLY), Level.TRACK)

    rows = [2, 4, 5, 6]
    means = (7.669397, 6.596123, 5.307723, 5.954445)
    assert found.mean[rows] == pytest.approx(means, abs=6e-7)
    deviations = (1.818766, 1.885202, 2.012144, 2.291923)
    assert found.sd[rows] == pytest.approx(deviations, abs=6e-7)
    assert found.ratings[rows].tolist() == [3, 3, 1, 1]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("assumptions", [BARE, ALL], ids=["tree", "columns"])
@pytest.mark.parametrize("parents_rated", [False, True], ids=["tracks", "parents"])
def test_tracks_agree_with_one_large_covariance_matrix(
    seed, assumptions, parents_rated
):
    part = part_of(library(seed, assumptions, parents_rated=parents_rated))
    learned = fit(part, assumptions)
    survey = FittedLibrary.of(part, learned)
    reader, tree = survey.reader, survey.branches
    ratings = ratings_of(part, tree, reader, learned.worth)
    prior = prior_of(ratings.points, reader, assumptions)
    rows = np.arange(len(part.tracks))
    new = Ratings(
        points=np.full(len(rows), NAN),
        numbers=reader.rows(rows),
        weight=np.ones(len(rows)),
        place=tree.album,
        branch=tree.branch[tree.album],
        is_direct=np.zeros(len(rows), np.bool_),
    )
    grid = grid_of(assumptions)
    dense_ones = [dense(ratings, new, shares, prior) for shares, _ in grid]
    logs = [own.evidence + log for own, (_, log) in zip(dense_ones, grid, strict=True)]

    mean, sd, _ = mixed(dense_ones, logs, kept=np.ones(len(grid), np.bool_))

    found = predict(part, learned, Level.TRACK)
    assert found.mean == pytest.approx(np.clip(mean, 1, 10), abs=1e-9)
    assert found.sd == pytest.approx(sd, abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("level", [Level.ARTIST, Level.ALBUM])
def test_levels_agree_with_one_large_covariance_matrix(seed, level):
    part = part_of(library(seed, ALL, parents_rated=True))
    learned = fit(part, ALL)
    survey = FittedLibrary.of(part, learned)
    tree = survey.branches
    ratings = ratings_of(part, tree, survey.reader, learned.worth)
    prior = prior_of(ratings.points, survey.reader, ALL)
    count = len(part[level])
    of_artist = level is Level.ARTIST
    rows = np.arange(count)
    new = Ratings(
        points=np.full(count, NAN),
        numbers=survey.artist_numbers() if of_artist else survey.album_numbers,
        weight=np.ones(count),
        place=rows,
        branch=rows if of_artist else tree.branch[:count],
        is_direct=np.full(count, of_artist),
    )
    grid = grid_of(ALL)
    found = [dense(ratings, new, shares, prior) for shares, _ in grid]
    logs = [own.evidence + log for own, (_, log) in zip(found, grid, strict=True)]

    mean, _, sd = mixed(found, logs, kept=np.ones(len(grid), np.bool_))
    if not of_artist:
        mean = mean - learned.worth.offset

    kept = ~tree.is_nobody if of_artist else np.ones(count, np.bool_)
    estimates = predict(part, learned, level)
    assert estimates.mean[kept] == pytest.approx(np.clip(mean, 1, 10)[kept], abs=1e-9)
    assert estimates.sd[kept] == pytest.approx(sd[kept], abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_part_alone_is_inferred_as_it_is_within_the_whole(seed):
    music = library(seed, ALL, parents_rated=True)
    everything = part_of(music)
    learned = fit(everything, ALL)

    for level in Level:
        whole = predict(everything, learned, level)
        for letter, part in split(music, everything).items():
            alone = predict(part, learned, level)
            rows = np.flatnonzero(music.letters(level) == letter)
            for field in fields(alone):
                own = getattr(alone, field.name)
                assert own == pytest.approx(getattr(whole, field.name)[rows], abs=1e-9)


def test_albums_with_rated_tracks_are_rated_upwards_and_the_others_downwards():
    part = worked_example()
    learned = fit(part)

    up = inferred(Phase.ALBUM_UP, part, learned).mean
    down = inferred(Phase.ALBUM_DOWN, part, learned).mean

    assert np.isnan(up).tolist() == [False, False, False, True]
    assert np.isnan(down).tolist() == [True, True, True, False]
    assert not np.isnan(inferred(Phase.ARTIST_UP, part, learned).mean).any()
    assert not np.isnan(inferred(Phase.TRACK_DOWN, part, learned).mean).any()


def part_with(ratings, *, albums=None, name="A"):
    """Return one artist with one album of these tracks."""
    return part_of(
        library_of(
            items_of(Level.ARTIST, [name], [-1]),
            items_of(Level.ALBUM, [""], [0], albums),
            items_of(Level.TRACK, ["t"] * len(ratings), [0] * len(ratings), ratings),
        )
    )


DEGENERATE = {
    "no track at all": part_with([]),
    "an album rated, without tracks": part_with([], albums=[8]),
    "no rating": part_with([NAN, NAN]),
    "one rating": part_with([8, NAN]),
    "all the same": part_with([10] * 50 + [NAN]),
    "zero is a rating": part_with([0, 0, NAN]),
    "all of the lowest": part_with([1] * 40 + [NAN]),
    "various artists without an album": part_with([2, 10, NAN], name="Various Artists"),
    "an empty library": part_of(
        library_of(*(items_of(level, [], []) for level in Level))
    ),
}


@pytest.mark.parametrize("case", DEGENERATE)
@pytest.mark.parametrize("assumptions", [TREE_ONLY, Assumptions()])
def test_a_strange_library_gives_finite_and_sensible_numbers(case, assumptions):
    part = DEGENERATE[case]

    learned = fit(part, assumptions)

    for level in Level:
        found = predict(part, learned, level)
        for field in fields(found):
            assert np.isfinite(getattr(found, field.name)).all()
        assert (found.low <= found.mean).all()
        assert (found.mean <= found.high).all()


def test_without_ratings_everything_is_middling_and_unsure():
    part = DEGENERATE["no rating"]

    found = predict(part, fit(part), Level.TRACK)

    assert found.mean == pytest.approx(7.0)
    assert found.sd == pytest.approx(np.sqrt(2 * 1.7**2 * 3), abs=1e-9)


def test_who_rates_everything_alike_is_expected_to_go_on():
    part = DEGENERATE["all the same"]

    found = predict(part, fit(part), Level.TRACK)

    assert found.mean[-1] > 9.8
    assert found.good[-1] > 0.98


def test_a_constant_or_unknown_column_changes_nothing():
    music = random_library(3, columns=False)

    bare, full = (fit(part_of(music), a) for a in (TREE_ONLY, Assumptions()))

    assert full == bare


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_probabilities_intervals_and_means_stay_within_their_scale(seed, parents):
    part = part_of(library(seed, ALL, parents_rated=parents))
    learned = fit(part)

    for level in Level:
        found = predict(part, learned, level)
        assert ((found.mean >= 1) & (found.mean <= 10)).all()
        assert ((found.low >= 1) & (found.high <= 10)).all()
        assert ((found.low <= found.mean) & (found.mean <= found.high)).all()
        assert ((found.good >= 0) & (found.poor >= 0)).all()
        assert (found.good + found.poor <= 1 + 1e-9).all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.data())
def test_a_better_rating_never_lowers_its_album_or_artist(seed, data):
    part = part_of(random_library(seed, columns=False))
    learned = fit(part, TREE_ONLY)
    heard = part.tracks.evidence.copy()
    rated = np.flatnonzero(~np.isnan(heard))
    if not len(rated):
        return
    row = data.draw(st.sampled_from(rated.tolist()))
    heard[row] += 1

    raised = replace(part, tracks=replace(part.tracks, heard=heard))

    for level in Level:
        before, after = predict(part, learned, level), predict(raised, learned, level)
        assert (after.mean >= before.mean - 1e-9).all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_one_more_rating_never_makes_the_model_less_sure(seed):
    part = part_of(random_library(seed, columns=False))
    certain = fit(part, replace(TREE_ONLY, shared=(0.5, 0.5001), artistic=(0.5, 0.51)))
    learned = replace(certain, candidates=(replace(certain.candidates[0], weight=1.0),))
    unrated = np.flatnonzero(np.isnan(part.tracks.evidence))
    if not len(unrated):
        return
    heard = part.tracks.evidence.copy()
    heard[unrated[0]] = 5

    more = replace(part, tracks=replace(part.tracks, heard=heard))

    for level in Level:
        before, after = predict(part, learned, level), predict(more, learned, level)
        assert (after.sd <= before.sd + 1e-9).all()
