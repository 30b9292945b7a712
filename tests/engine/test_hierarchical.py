"""The hierarchical model is exact, is the same for parts, and never breaks."""

import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.classic import Phase
from engine.evidence import split
from engine.hierarchical.fitting import TREE_ONLY, Assumptions, fit, grid_of, prior_of
from engine.hierarchical.gaussian_tree import Ratings
from engine.hierarchical.model import FittedLibrary, inferred, predict
from engine.library import Level
from tests.engine.parts import (
    NAN,
    items_of,
    library_of,
    part_of,
    random_library,
    worked_example,
)

FEW = {
    "shared": (0.1, 0.4, 0.8),
    "artistic": (0.1, 0.6, 0.9),
    "album_weights": (0.3, 2.0, 8.0),
}
"""Candidates, so that a test does not take long."""
ALL = Assumptions(negligible=0.0, genre_ratings=1, **FEW)
BARE = replace(TREE_ONLY, negligible=0.0, **FEW)
SEEDS = range(4)


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


def covariance(left, right, shares, prior):
    """Return the covariance of two lists of ratings, without their own noise."""
    numbers = left.numbers / prior.precision @ right.numbers.T
    same_branch = left.branch[:, None] == right.branch
    same_place = left.place[:, None] == right.place
    on_album = ~left.is_direct[:, None] & ~right.is_direct
    same_album = same_branch & same_place & on_album
    return numbers + shares.artist * same_branch + shares.album * same_album


def dense(ratings, new, shares, prior):
    """Condition a Student process on all ratings at once, O(n³), as a textbook has it.

    Returns:
        The evidence, and mean, variance of the level and of the noise of new ratings.
    """
    count = len(ratings.points)
    own = covariance(ratings, ratings, shares, prior)
    own += np.diag(shares.own / ratings.weight)
    across = covariance(new, ratings, shares, prior)
    residual = ratings.points - ratings.numbers @ prior.mean
    solved = np.linalg.solve(own, np.column_stack([residual, across.T]))
    before, scale = prior.sd_weight, prior.sd_weight * prior.sd**2
    after = before + count / 2
    rate = scale + float(residual @ solved[:, 0]) / 2
    evidence = (
        -np.linalg.slogdet(own)[1] / 2
        - after * math.log(rate)
        + before * math.log(scale)
        + math.lgamma(after)
        - math.lgamma(before)
        - count / 2 * math.log(2 * math.pi)
    )
    level = np.diag(covariance(new, new, shares, prior) - across @ solved[:, 1:])
    widened = rate / (after - 1)
    mean = new.numbers @ prior.mean + across @ solved[:, 0]
    return evidence, mean, level * widened, np.full(len(mean), shares.own * widened)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("level", "assumptions", "parents_rated"),
    [
        (Level.TRACK, BARE, False),
        (Level.TRACK, BARE, True),
        (Level.TRACK, ALL, False),
        (Level.TRACK, ALL, True),
        (Level.ALBUM, ALL, True),
        (Level.ARTIST, ALL, True),
    ],
)
def test_estimates_agree_with_one_large_covariance_matrix(
    seed, level, assumptions, parents_rated
):
    part = part_of(library(seed, assumptions, parents_rated=parents_rated))
    learned = fit(part, assumptions)
    survey = FittedLibrary.of(part, learned)
    tree, reader = survey.branches, survey.reader
    rows = np.arange(len(part[level]))
    numbers, place, branch = {
        Level.TRACK: lambda: (reader.rows(rows), tree.album, tree.branch[tree.album]),
        Level.ALBUM: lambda: (survey.album_numbers, rows, tree.branch[rows]),
        Level.ARTIST: lambda: (survey.artist_numbers(), rows, rows),
    }[level]()
    direct = np.full(len(rows), level is Level.ARTIST)
    new = Ratings(rows + NAN, numbers, np.ones(len(rows)), place, branch, direct)
    prior = prior_of(survey.ratings.points, reader, assumptions)

    found = [
        (log, *dense(survey.ratings, new, shares, prior))
        for shares, log in grid_of(assumptions)
    ]
    log, evidence, means, levels, noises = map(np.array, zip(*found, strict=True))
    weight = np.exp(log + evidence - max(log + evidence))
    weight /= weight.sum()
    mean = weight @ means
    variance = weight @ levels + weight @ (means - mean) ** 2
    if level is Level.TRACK:
        variance += weight @ noises
    if level is Level.ALBUM:
        mean = mean - learned.worth.offset

    kept = ~tree.is_nobody if level is Level.ARTIST else rows >= 0
    estimates = predict(part, learned, level)
    assert estimates.mean[kept] == pytest.approx(np.clip(mean, 1, 10)[kept], abs=1e-9)
    assert estimates.sd[kept] == pytest.approx(np.sqrt(variance)[kept], abs=1e-9)


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


def assert_sensible(found):
    """Everything is a number and within its scale."""
    for field in fields(found):
        assert np.isfinite(getattr(found, field.name)).all()
    assert ((found.low >= 1) & (found.high <= 10)).all()
    assert ((found.low <= found.mean) & (found.mean <= found.high)).all()
    assert ((found.good >= 0) & (found.poor >= 0)).all()
    assert (found.good + found.poor <= 1 + 1e-9).all()


@pytest.mark.parametrize("case", DEGENERATE)
@pytest.mark.parametrize("assumptions", [TREE_ONLY, Assumptions()])
def test_a_strange_library_gives_finite_and_sensible_numbers(case, assumptions):
    part = DEGENERATE[case]

    learned = fit(part, assumptions)

    for level in Level:
        assert_sensible(predict(part, learned, level))


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


@settings(max_examples=12)
@given(st.integers(0, 10_000), st.booleans())
def test_probabilities_intervals_and_means_stay_within_their_scale(seed, parents):
    part = part_of(library(seed, ALL, parents_rated=parents))
    learned = fit(part, ALL)

    for level in Level:
        assert_sensible(predict(part, learned, level))


def with_rating(part, row, points):
    heard = part.tracks.evidence.copy()
    heard[row] = points
    return replace(part, tracks=replace(part.tracks, heard=heard))


@settings(max_examples=10)
@given(st.integers(0, 10_000), st.data())
def test_a_better_rating_never_lowers_its_album_or_artist(seed, data):
    part = part_of(random_library(seed, columns=False))
    learned = fit(part, BARE)
    heard = part.tracks.evidence
    assume((~np.isnan(heard)).any())
    row = data.draw(st.sampled_from(np.flatnonzero(~np.isnan(heard)).tolist()))

    raised = with_rating(part, row, heard[row] + 1)

    for level in Level:
        before, after = predict(part, learned, level), predict(raised, learned, level)
        assert (after.mean >= before.mean - 1e-9).all()


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_one_more_rating_never_makes_the_model_less_sure(seed):
    part = part_of(random_library(seed, columns=False))
    certain = fit(part, replace(TREE_ONLY, shared=(0.5, 0.5001), artistic=(0.5, 0.51)))
    learned = replace(certain, candidates=(replace(certain.candidates[0], weight=1.0),))
    unrated = np.isnan(part.tracks.evidence)
    assume(unrated.any())

    more = with_rating(part, np.argmax(unrated), 5)

    for level in Level:
        before, after = predict(part, learned, level), predict(more, learned, level)
        assert (after.sd <= before.sd + 1e-9).all()
