"""Guesses drawn apart keep their order and their mean, and are as wide as ratings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.classic import Constants, Phase
from engine.library import Level
from engine.planning.plan import RunParameters, held_after, plan_part
from engine.planning.spread import MOST, stretch_of, with_spread
from tests.engine.building import part_of
from tests.engine.libraries import libraries

POINTS = st.floats(1, 10, allow_nan=False)
MANY = st.lists(POINTS, min_size=2, max_size=30).map(np.array)


@given(MANY, MANY, st.floats(0, 1))
def test_the_order_of_guesses_stays(guesses, ratings, spread):
    stretch = stretch_of(guesses, ratings, spread)
    drawn = guesses if stretch is None else stretch(guesses)

    assert (np.diff(drawn[np.argsort(guesses, kind="stable")]) >= 0).all()
    assert ((drawn >= 1) & (drawn <= 10)).all()


@given(MANY, MANY)
def test_guesses_end_as_far_apart_as_ratings_unless_they_reach_the_ends(
    guesses, ratings
):
    stretch = stretch_of(guesses, ratings, 1.0)
    if stretch is None:
        assert guesses.std() < 0.01 or ratings.std() <= guesses.std() * (1 + 1e-9)
        return
    drawn = stretch.center + stretch.factor * (guesses - stretch.center)

    assert drawn.std() == pytest.approx(min(ratings.std(), MOST * guesses.std()))
    assert drawn.mean() == pytest.approx(guesses.mean())


def test_without_spread_nothing_is_drawn_apart():
    guesses, ratings = np.array([5.0, 6.0]), np.array([2.0, 10.0])

    assert stretch_of(guesses, ratings, 0.0) is None
    assert stretch_of(guesses[:0], ratings, 1.0) is None
    assert stretch_of(guesses, ratings[:0], 1.0) is None


@given(libraries())
def test_asking_again_draws_no_further_apart(artists):
    part = part_of(*artists)
    plain = RunParameters(mean=6.0, tolerance=0.0, constants=Constants())

    once = with_spread(part, plain, 1.0)

    assert with_spread(part, once, 1.0) == once
    assert with_spread(part, once, 0.0) == plain


@given(libraries())
def test_only_tracks_are_drawn_apart(artists):
    part = part_of(*artists)
    plain = RunParameters(mean=6.0, tolerance=0.0, constants=Constants())
    apart = with_spread(part, plain, 1.0)

    before = plan_part(tuple(Phase), part, plain)
    after = plan_part(tuple(Phase), part, apart)

    for level in (Level.ARTIST, Level.ALBUM):
        held = [held_after(part, level, plans) for plans in (before, after)]
        assert np.array_equal(*held, equal_nan=True)
    guesses, drawn = (
        dict(zip(plan.key.tolist(), plan.estimates.mean, strict=True))
        for plan in (before[-1], after[-1])
    )
    for key in guesses.keys() & drawn.keys():
        guess = np.array([guesses[key]])
        wanted = apart.stretch(guess) if apart.stretch else guess
        assert drawn[key] == pytest.approx(wanted[0])
