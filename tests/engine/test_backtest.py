"""Hidden ratings are always the same ones, and what came of them is judged fairly.

Whether guesses mean what they say is read off what was hidden from them.
"""

from dataclasses import replace

import numpy as np
import pytest

from engine.classic import Constants
from engine.errors import UsageError
from engine.evaluation.backtest import Backtest, backtest, ratings_near, verdict
from engine.evaluation.cross_validation import fractions, hidings, number_of, without
from engine.evaluation.metrics import (
    NEARBY,
    SHARES,
    Comparison,
    Score,
    calibration_of,
    centrality,
    difference,
    order_accuracy,
)
from engine.evaluation.predictors import (
    CLASSIC,
    HIERARCHICAL,
    LIBRARY_MEAN,
    usual_methods,
)
from engine.library import Level
from tests.engine.parts import items_of, library_of, part_of, random_library

KEY = "2AM|Can't Let You Go Even If I Die|Can't Let You Go Even If I Die"


def listener(tracks=300, seed=0):
    """Return a library whose albums differ much, and tracks on an album little."""
    draw = np.random.default_rng(seed)
    parent = np.arange(tracks) // 6
    albums = int(parent.max()) + 1
    level = np.repeat(draw.normal(6, 2, albums), 6)[:tracks]
    rating = np.clip(2 * np.round((level + draw.normal(0, 0.7, tracks)) / 2), 2, 10)
    return part_of(
        library_of(
            items_of(Level.ARTIST, [f"A{row}" for row in range(albums)], [-1] * albums),
            items_of(Level.ALBUM, [f"a{row}" for row in range(albums)], range(albums)),
            items_of(Level.TRACK, [f"t{row}" for row in range(tracks)], parent, rating),
        )
    )


def test_a_track_is_hidden_in_the_published_fold():
    assert number_of(KEY) % 5 == 4
    assert fractions([f"keep|0|{KEY}"]) == pytest.approx(0.773714733815, abs=1e-12)


@pytest.fixture(scope="module")
def tested():
    """What came of hiding ratings of tracks where there is a tree to be found."""
    return backtest(listener(), usual_methods(Constants()), "track5")


@pytest.mark.parametrize("regime", ["track5", "album5", "artist5"])
def test_every_rating_is_hidden_exactly_once_and_albums_together(regime):
    part = listener()

    folds = [fold.rows for fold in hidings(part, regime)]

    assert sorted(np.concatenate(folds)) == list(range(300))
    if regime != "track5":
        for rows in folds:
            _, tracks = np.unique(part.tracks.items.parent[rows], return_counts=True)
            assert (tracks == 6).all()


def test_a_fifth_of_the_ratings_is_kept_again_and_again():
    hidden = hidings(listener(), "keep20")

    assert len(hidden) == 5
    assert all(200 < len(hiding.rows) < 280 for hiding in hidden)
    assert sum(h.weight * len(h.rows) for h in hidden) == pytest.approx(1)


def test_an_unknown_way_of_hiding_is_refused():
    with pytest.raises(UsageError, match="track5"):
        hidings(listener(), "track7")


def test_a_hidden_rating_is_hidden_wherever_its_guid_is_shared():
    part = listener(tracks=12)
    shared = part.tracks.shared.copy()
    shared[7] = 0

    hidden = without(replace(part, tracks=replace(part.tracks, shared=shared)), [0])

    assert np.flatnonzero(np.isnan(hidden.tracks.evidence)).tolist() == [0, 7]


def test_the_better_of_two_tracks_guessed_higher_counts_and_a_tie_half():
    truth = np.array([2.0, 2.0, 8.0, 10.0])

    assert order_accuracy(truth, truth) == 1
    assert order_accuracy(truth, -truth) == 0
    assert order_accuracy(truth, np.zeros(4)) == 0.5
    assert order_accuracy(np.ones(3), np.arange(3.0)) == 0.5


def test_an_outcome_at_the_border_of_the_probability_is_divided():
    chance, step = np.array([[0.2, 0.8]] * 3), np.array([0, 0, 1])

    found = centrality(chance, step, np.array([0.4, 0.6, 0.375]))

    assert found == pytest.approx([0.84, 0.76, 0])


def test_the_error_of_a_difference_comes_from_artists_not_from_tracks():
    draw = np.random.default_rng(0)
    squares = np.repeat(draw.uniform(0, 2, 20), 50)
    others, weight = np.ones(1000), np.full(1000, 1e-3)

    by_artist = difference(squares, others, weight, np.repeat(np.arange(20), 50))
    by_track = difference(squares, others, weight, np.arange(1000))

    assert by_artist.change == pytest.approx(by_track.change)
    assert by_artist.error > 4 * by_track.error


def test_the_tree_is_found_where_there_is_one(tested):
    found = verdict(tested)

    assert found.best not in {CLASSIC, LIBRARY_MEAN}
    assert "smaller error than classic" in found.sentence
    assert tested.scores[HIERARCHICAL].rmse < 0.9 * tested.scores[CLASSIC].rmse
    assert 0.7 < tested.scores[HIERARCHICAL].coverage < 0.95


def test_noise_is_no_better_guessed_than_by_its_average():
    part = listener()
    draw = np.random.default_rng(3)
    noise = 2.0 * draw.integers(1, 6, 300)
    part = replace(part, tracks=replace(part.tracks, heard=noise))

    test = backtest(part, usual_methods(Constants()), "track5")

    assert verdict(test).best == LIBRARY_MEAN
    assert "their average" in verdict(test).sentence


@pytest.mark.parametrize("regime", ["track5", "artist5", "keep20"])
@pytest.mark.parametrize("rated", [0.0, 0.1, 0.6])
def test_few_or_no_ratings_give_no_verdict_and_no_error(regime, rated):
    part = part_of(random_library(5, rated=rated))

    test = backtest(part, usual_methods(Constants()), regime)

    assert "too early" in verdict(test).sentence
    for score in test.scores.values():
        assert np.isfinite([score.rmse, score.log_score, score.order]).all()


def scored(**rmse):
    scores = {name: Score(value, 1, 0.5, 1, 0.8, 0.8) for name, value in rmse.items()}
    return {name.replace("_", " "): score for name, score in scores.items()}


def test_a_difference_that_may_be_chance_is_said_to_be():
    scores = scored(library_mean=2.0, classic=1.5, hierarchical=1.47)
    against = {HIERARCHICAL: {CLASSIC: Comparison(-0.02, 0.015)}}

    found = verdict(Backtest("track5", 100, scores, against))

    assert found.best == CLASSIC
    assert "may be chance" in found.sentence


def test_within_one_standard_error_models_do_equally_well():
    scores = scored(library_mean=2.0, classic=1.5, hierarchical=1.47)
    against = {HIERARCHICAL: {CLASSIC: Comparison(-0.02, 0.02)}}

    found = verdict(Backtest("track5", 100, scores, against))

    assert found.best == CLASSIC
    assert "do equally well" in found.sentence


def test_the_present_model_may_be_the_best():
    scores = scored(library_mean=2.0, classic=1.4, hierarchical=1.47)

    assert verdict(Backtest("track5", 100, scores, {})).sentence == (
        "The classic model is best for this library: its guesses are off by 0.50 stars "
        "on average."
    )


def told(group):
    return [(held.expected, held.found, held.ratings) for held in group]


def test_guesses_intervals_and_errors_are_held_against_what_was_rated():
    found = calibration_of(
        guess=np.array([6.0, 6.0, 5.0, 5.0]),
        distance=np.array([0.45, 0.5, 0.0, 0.95]),
        truth=np.array([6.0, 8.0, 8.0, 2.0]),
        weight=np.full(4, 0.25),
        near=np.array([0, 0, 30, 99]),
    )

    inside = [0.25] * 4 + [0.75] * 5
    assert told(found.intervals) == list(zip(SHARES, inside, [4] * 9, strict=True))
    assert told(found.guesses) == [(5, 5, 2), (6, 7, 2)]
    assert told(found.errors) == [(0, pytest.approx(2**0.5), 2), (NEARBY[-1], 3, 2)]


def test_only_ratings_of_the_same_artist_that_are_not_hidden_are_near():
    part = part_of(random_library(1))
    rated = np.flatnonzero(~np.isnan(part.tracks.evidence))

    assert not ratings_near(without(part, rated), rated).any()
    assert ratings_near(part, rated).min() >= 1


def test_a_backtest_holds_every_method_against_what_was_hidden(tested):
    assert list(tested.calibration) == list(tested.scores)
    for name, found in tested.calibration.items():
        assert {held.ratings for held in found.intervals} == {300}
        for group in (found.guesses, found.errors):
            assert sum(held.ratings for held in group) == 300
        mean = sum(held.found**2 * held.ratings for held in found.errors) / 300
        assert mean**0.5 == pytest.approx(tested.scores[name].rmse)
    assert len(tested.calibration[LIBRARY_MEAN].guesses) <= 5
    inside = tested.calibration[HIERARCHICAL].intervals[SHARES.index(0.8)]
    assert inside.found == pytest.approx(tested.scores[HIERARCHICAL].central)
