"""Hidden ratings are always the same ones, and what came of them is judged fairly."""

from dataclasses import replace

import numpy as np
import pytest

from engine.classic import Constants
from engine.errors import UsageError
from engine.evaluation.backtest import Backtest, Comparison, backtest, verdict
from engine.evaluation.cross_validation import fractions, hidings, number_of, without
from engine.evaluation.metrics import Score, difference, is_central, order_accuracy
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


@pytest.mark.parametrize("regime", ["track5", "album5", "artist5"])
def test_every_rating_is_hidden_exactly_once(regime):
    part = listener()

    rows = np.concatenate([hiding.rows for hiding in hidings(part, regime)])

    assert sorted(rows) == list(range(300))


def test_whole_albums_are_hidden_together():
    part = listener()

    for hiding in hidings(part, "album5"):
        albums = part.tracks.items.parent[hiding.rows]
        assert (np.bincount(albums)[np.unique(albums)] == 6).all()


def test_a_fifth_of_the_ratings_is_kept_again_and_again():
    part = listener()

    hidden = hidings(part, "keep20")

    assert len(hidden) == 5
    assert all(200 < len(hiding.rows) < 280 for hiding in hidden)
    assert sum(h.weight * len(h.rows) for h in hidden) == pytest.approx(1)


def test_an_unknown_way_of_hiding_is_refused():
    with pytest.raises(UsageError, match="track5"):
        hidings(listener(), "track7")


def test_a_hidden_rating_is_hidden_from_its_twins_as_well():
    part = listener(tracks=12)
    guid = part.tracks.items.guid.copy()
    guid[7] = guid[0]
    twin = part.tracks.twin.copy()
    twin[7] = 0
    is_primary = part.tracks.is_primary.copy()
    is_primary[7] = False
    items = replace(part.tracks.items, guid=guid)
    view = replace(part.tracks, items=items, twin=twin, is_primary=is_primary)

    hidden = without(replace(part, tracks=view), np.array([0]))

    assert np.flatnonzero(np.isnan(hidden.tracks.evidence)).tolist() == [0, 7]


def test_the_better_of_two_tracks_guessed_higher_counts_and_a_tie_half():
    truth = np.array([2.0, 2.0, 8.0, 10.0])

    assert order_accuracy(truth, truth) == 1
    assert order_accuracy(truth, -truth) == 0
    assert order_accuracy(truth, np.zeros(4)) == 0.5
    assert order_accuracy(np.ones(3), np.arange(3.0)) == 0.5


def test_an_outcome_at_the_border_of_the_probability_is_divided():
    chance = np.array([[0.2, 0.8], [0.2, 0.8]])
    step = np.zeros(2, np.int64)

    inside = is_central(chance, step, np.array([0.4, 0.6]), 0.8)

    assert inside.tolist() == [0, 1]


def test_the_error_of_a_difference_comes_from_artists_not_from_tracks():
    draw = np.random.default_rng(0)
    squares = np.repeat(draw.uniform(0, 2, 20), 50)
    others, weight = np.ones(1000), np.full(1000, 1e-3)

    by_artist = difference(squares, others, weight, np.repeat(np.arange(20), 50))
    by_track = difference(squares, others, weight, np.arange(1000))

    assert by_artist[0] == pytest.approx(by_track[0])
    assert by_artist[1] > 4 * by_track[1]


def test_the_tree_is_found_where_there_is_one():
    test = backtest(listener(), usual_methods(Constants()), "track5")

    found = verdict(test)

    assert found.best not in {CLASSIC, LIBRARY_MEAN}
    assert "smaller error than classic" in found.sentence
    assert test.scores[HIERARCHICAL].rmse < 0.9 * test.scores[CLASSIC].rmse
    assert 0.7 < test.scores[HIERARCHICAL].coverage < 0.95


def test_noise_is_no_better_guessed_than_by_its_average():
    part = listener()
    draw = np.random.default_rng(3)
    noise = 2.0 * draw.integers(1, 6, 300)
    part = replace(part, tracks=replace(part.tracks, heard=noise))

    test = backtest(part, usual_methods(Constants()), "track5")

    assert verdict(test).best == LIBRARY_MEAN
    assert "their average" in verdict(test).sentence


@pytest.mark.parametrize("regime", ["track5", "artist5", "keep50"])
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
    gain = Comparison(-0.02, 0.02)
    test = Backtest(
        "track5",
        100,
        scored(library_mean=2.0, classic=1.5, hierarchical=1.47),
        {HIERARCHICAL: {CLASSIC: gain}},
    )

    assert verdict(test).best == CLASSIC
    assert "may be chance" in verdict(test).sentence


def test_the_present_model_may_be_the_best():
    test = Backtest(
        "track5", 100, scored(library_mean=2.0, classic=1.4, hierarchical=1.47), {}
    )

    assert verdict(test).sentence == (
        "The classic model is best for this library: its guesses are off by 0.70 stars."
    )
