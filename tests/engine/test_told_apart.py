"""Inferred values tell themselves apart: none of them is a person's half star."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rating_scale import (
    FINEST,
    SHIFT,
    STEP,
    Grid,
    not_half_star,
    rounded,
    told_apart,
)

POINTS = st.lists(st.floats(0, 10), min_size=1).map(np.array)
GRIDS = st.builds(
    Grid,
    step=st.sampled_from([STEP, 0.02, 0.1, 0.2, 0.4]),
    lowest=st.sampled_from([0.0, 2.0, 3.3]),
    highest=st.sampled_from([7.0, 9.0, 10.0]),
    shift=st.sampled_from([SHIFT, 0.1]),
)


@given(POINTS, GRIDS)
def test_no_inferred_value_is_a_half_star_or_out_of_bounds(exact, grid):
    after = told_apart(rounded(exact, grid), exact, grid)

    assert not_half_star(after).all()
    assert (after >= grid.lowest).all()
    assert (after <= grid.highest).all()


@given(POINTS, GRIDS)
def test_a_value_moves_by_one_step_at_most(exact, grid):
    before = rounded(exact, grid)

    after = told_apart(before, exact, grid)

    assert (np.abs(after - before) <= grid.shift + 0.011).all()
    kept = not_half_star(before)
    assert (after[kept] == before[kept]).all()


@given(POINTS, GRIDS)
def test_what_was_told_apart_is_told_apart_the_same_way_again(exact, grid):
    once = told_apart(rounded(exact, grid), exact, grid)

    assert (told_apart(once, once, grid) == once).all()


@pytest.mark.parametrize(
    "grid", [FINEST, Grid(step=1.0, shift=SHIFT), FINEST.coarser(1.0)]
)
def test_where_only_whole_points_are_kept_nothing_is_moved(grid):
    points = np.array([0.0, 7.0, 10.0])

    assert not grid.tells_ours
    assert (told_apart(points, points, grid) == points).all()


def test_a_server_of_tenths_moves_by_a_tenth():
    grid = Grid(shift=SHIFT).coarser(0.1)

    after = told_apart(np.array([7.0, 10.0]), np.array([6.99, 10.0]), grid)

    assert after.tolist() == [6.9, 9.9]
