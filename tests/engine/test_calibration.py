"""Whether guesses mean what they say is read off what was hidden from them."""

import numpy as np
import pytest

from engine.classic import Constants
from engine.evaluation.backtest import backtest
from engine.evaluation.calibration import NEARBY, SHARES, calibration_of, ratings_near
from engine.evaluation.cross_validation import without
from engine.evaluation.metrics import Forecast
from engine.evaluation.predictors import HIERARCHICAL, LIBRARY_MEAN, usual_methods
from tests.engine.parts import part_of, random_library
from tests.engine.test_backtest import listener


def forecast_of(mean, chance):
    mean = np.array(mean, np.float64)
    return Forecast(mean, mean - 1, mean + 1, np.array(chance))


def test_a_sure_and_right_guess_lies_within_every_interval_but_the_narrowest():
    chance = [[0.0, 0.0, 1.0, 0.0, 0.0]]

    found = calibration_of(
        [forecast_of([6.0], chance)],
        truth=np.array([6.0]),
        fraction=np.array([0.75]),
        weight=np.ones(1),
        near=np.array([2]),
    )

    inside = [held.found for held in found.intervals]
    assert [held.expected for held in found.intervals] == list(SHARES)
    assert inside == [0, 0, 0, 0, 1, 1, 1, 1, 1]
    assert [(held.expected, held.found) for held in found.errors] == [(1, 0)]


def test_errors_are_counted_by_what_was_known_of_the_artist():
    even = [[0.2] * 5] * 4
    found = calibration_of(
        [forecast_of([6.0] * 2, even[:2]), forecast_of([5.0] * 2, even[2:])],
        truth=np.array([6.0, 8.0, 8.0, 2.0]),
        fraction=np.full(4, 0.5),
        weight=np.full(4, 0.25),
        near=np.array([0, 0, 30, 99]),
    )

    errors = [(held.expected, held.found, held.ratings) for held in found.errors]
    assert errors == [(0, pytest.approx(2**0.5), 2), (NEARBY[-1], 3, 2)]
    guesses = [(held.expected, held.found, held.ratings) for held in found.guesses]
    assert guesses == [(5, 5, 2), (6, 7, 2)]


def test_only_ratings_of_the_same_artist_that_are_not_hidden_are_near():
    part = part_of(random_library(1))
    rated = np.flatnonzero(~np.isnan(part.tracks.evidence))

    near = ratings_near(without(part, rated), rated)
    known = ratings_near(part, rated)

    assert not near.any()
    assert known.min() >= 1


def test_a_backtest_holds_every_method_against_what_was_hidden():
    test = backtest(listener(), usual_methods(Constants()), "track5")

    assert list(test.calibration) == list(test.scores)
    for name, found in test.calibration.items():
        assert {held.ratings for held in found.intervals} == {300}
        for group in (found.guesses, found.errors):
            assert sum(held.ratings for held in group) == 300
        mean = sum(held.found**2 * held.ratings for held in found.errors) / 300
        assert mean**0.5 == pytest.approx(test.scores[name].rmse)
    assert len(test.calibration[LIBRARY_MEAN].guesses) <= 5
    inside = test.calibration[HIERARCHICAL].intervals[SHARES.index(0.8)]
    assert inside.found == pytest.approx(test.scores[HIERARCHICAL].central)
