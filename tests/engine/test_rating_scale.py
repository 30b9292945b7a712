"""Ratings are points in steps of a hundredth, and comparisons know of rounding."""

import numpy as np
import pytest

from engine.rating_scale import Grid, equal, rounded, same


def test_ratings_are_written_in_hundredths():
    points = np.array([22 / 3, 7.48, 6.999, 0.004, 10.0, np.nan])

    written = [7.33, 7.48, 7.0, 0.0, 10.0, np.nan]
    np.testing.assert_array_equal(rounded(points), written)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        pytest.param(7.33, 7.33, True, id="alike"),
        pytest.param(7.33, float(np.float32(7.33)), True, id="held in 32 bits"),
        pytest.param(7.33, 22 / 3, True, id="rounded"),
        pytest.param(7.33, 7.34, True, id="one step"),
        pytest.param(0.0, 0.011, True, id="as far as is tolerated"),
        pytest.param(0.0, 0.0111, False, id="farther than is tolerated"),
        pytest.param(7.33, 7.35, False, id="two steps"),
        pytest.param(np.nan, np.nan, True, id="both unrated"),
        pytest.param(0.0, np.nan, False, id="a 0 and unrated"),
    ],
)
def test_ratings_are_the_same_within_the_tolerance(left, right, expected):
    both = np.array([left]), np.array([right])

    assert same(*both).tolist() == same(*reversed(both)).tolist() == [expected]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        pytest.param(7.33, 7.33, True, id="alike"),
        pytest.param(7.33, float(np.float32(7.33)), True, id="held in 32 bits"),
        pytest.param(7.33, 7.334, True, id="rounded alike"),
        pytest.param(7.33, 7.34, False, id="one step"),
        pytest.param(np.nan, np.nan, False, id="both unrated"),
        pytest.param(0.0, np.nan, False, id="a 0 and unrated"),
    ],
)
def test_ratings_are_equal_if_they_are_written_alike(left, right, expected):
    assert equal(np.array([left]), right).tolist() == [expected]


@pytest.mark.parametrize(
    ("grid", "points", "written"),
    [
        pytest.param(Grid(step=0.1), 22 / 3, 7.3, id="tenths"),
        pytest.param(Grid(step=0.5), 22 / 3, 7.5, id="quarters of a star"),
        pytest.param(Grid(lowest=1.0), 0.4, 1.0, id="not below the floor"),
        pytest.param(Grid(highest=9.8), 10.0, 9.8, id="not above the ceiling"),
        pytest.param(Grid(step=0.5, highest=9.8), 9.78, 9.8, id="bounds beside steps"),
    ],
)
def test_what_is_written_is_the_next_value_that_may_be(grid, points, written):
    assert rounded(np.array([points]), grid).tolist() == [written]
