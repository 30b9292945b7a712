"""A guess is understood on the scale that a listener uses."""

import numpy as np
import pytest

from engine.hierarchical.rating_scale_usage import (
    chances,
    chances_of_level,
    forecast,
    interval,
    taste_of,
)


def test_who_gives_whole_stars_is_not_thought_to_give_halves():
    whole = np.full(99, 8.0)

    assert taste_of(whole).step == 2
    assert taste_of(np.append(whole, 7.0)).step == 2
    assert taste_of(np.append(whole, [7.0] * 5)).step == 1


def test_without_ratings_the_habit_is_that_of_most_people():
    taste = taste_of(np.empty(0))

    assert sum(taste.habit) == pytest.approx(1)
    assert np.argmax(taste.habit) in {2, 3}


def test_a_guess_that_knows_nothing_returns_the_habit():
    taste = taste_of(np.array([2.0, 8.0, 8.0, 8.0, 10.0]))
    habit = np.array(taste.habit)
    middle = habit @ np.array(taste.steps)

    found = forecast(taste, np.array([middle]), np.array([50.0]))

    assert found[0] == pytest.approx(habit, abs=1e-9)


def test_a_sure_guess_is_nearly_certain_but_never_quite():
    taste = taste_of(np.array([2.0, 4.0, 6.0, 8.0, 10.0]))

    found = chances(taste, np.array([10.0, 2.0]), np.array([0.1, 0.1]))

    assert (found.good[0], found.poor[1]) == pytest.approx((1, 1), abs=0.01)
    assert 0 < found.poor[0] < 0.01
    assert 0 < found.good[1] < 0.01


def test_the_level_of_an_album_is_good_or_poor_by_its_deviation():
    found = chances_of_level(np.array([6.0, 4.0, 9.0]), np.array([1.0, 1.0, 0.0]))

    assert found.good == pytest.approx([0.5, 0.0227501, 1], abs=1e-6)
    assert found.poor == pytest.approx([0.0227501, 0.5, 0], abs=1e-6)


def test_intervals_stay_on_the_scale():
    low, high = interval(np.array([9.5, 1.5]), np.array([3.0, 3.0]), 1e6)

    assert (low[1], high[0]) == (1, 10)


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(3, 1.637744), (5, 1.475884), (30, 1.310415), (1e9, 1.281552)],
)
def test_an_interval_is_as_wide_as_the_tables_of_students_t_say(freedom, quantile):
    (low,), _ = interval(np.array([5.0]), np.array([1.0]), freedom)

    widening = np.sqrt(freedom / (freedom - 2))
    assert (5 - low) * widening == pytest.approx(quantile, abs=1e-6)
