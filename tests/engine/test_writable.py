"""What is written lies on a grid, within bounds, and only if it is sure enough."""

from dataclasses import replace

import numpy as np
import pytest

from engine.classic import Phase
from engine.hierarchical.fitting import fit
from engine.hierarchical.model import predict
from engine.library import Level
from engine.planning.plan import RunParameters, make_plan
from engine.rating_scale import Grid, rounded
from tests.engine.building import (
    album,
    artist,
    given,
    parameters_of,
    plans_of,
    track,
)
from tests.engine.building import part_of as told
from tests.engine.parts import part_of, random_library

COARSE = Grid(step=0.1)


def inheriting(album_rating, ours, grid, tolerance=0.04):
    """Plan a track that would inherit exactly what a person gave its album."""
    part = told(artist("Mirel", album("Dorn", track("Vesk", ours=ours), rating=1)))
    part.albums.ownership.manual[0] = album_rating
    parameters = replace(
        parameters_of(tolerance=tolerance, track_gravity=0.0), grid=grid
    )
    return plans_of(part, parameters, [Phase.TRACK_DOWN])[0]


@pytest.mark.parametrize(
    ("grid", "points", "written"),
    [
        pytest.param(COARSE, 22 / 3, 7.3, id="tenths"),
        pytest.param(Grid(step=0.5), 22 / 3, 7.5, id="quarters of a star"),
        pytest.param(Grid(lowest=1.0), 0.4, 1.0, id="not below the floor"),
        pytest.param(Grid(highest=9.8), 10.0, 9.8, id="not above the ceiling"),
        pytest.param(Grid(step=0.5, highest=9.8), 9.78, 9.8, id="bounds beside steps"),
    ],
)
def test_what_is_written_is_the_next_value_that_may_be(grid, points, written):
    assert rounded(np.array([points]), grid).tolist() == [written]


@pytest.mark.parametrize(
    ("new", "ours", "is_written", "kept"),
    [
        pytest.param(7.33, 7.3, False, 0, id="it would be written alike"),
        pytest.param(7.38, 7.3, True, 0, id="it drifted to the next value"),
        pytest.param(7.38, 7.35, False, 1, id="less than the tolerance"),
        pytest.param(7.33, 7.38, True, 0, id="it was not on the grid"),
    ],
)
def test_drift_is_how_far_the_guess_is_and_not_what_rounding_does(
    new, ours, is_written, kept
):
    plan = inheriting(new, ours, COARSE)

    assert given(plan) == ({"Vesk": round(new, 1)} if is_written else {})
    assert plan.kept == kept


def test_a_value_at_the_border_of_two_steps_does_not_waver():
    once, again = (inheriting(new, 7.3, COARSE, 0.06) for new in (7.349, 7.351))

    assert (len(once), len(again), again.kept) == (0, 0, 1)


def test_what_was_given_beyond_the_bounds_is_brought_within():
    plan = inheriting(10.0, 10.0, Grid(highest=9.8))

    assert given(plan) == {"Vesk": 9.8}


@pytest.mark.parametrize("level", Level)
def test_confidence_grows_with_ratings_and_is_none_without(level):
    part = part_of(random_library(4))
    learned = fit(part)
    unknown = replace(
        part, tracks=replace(part.tracks, heard=np.full(len(part.tracks), np.nan))
    )

    sure, unsure = (predict(own, learned, level).confidence for own in (part, unknown))

    assert ((sure >= 0) & (sure <= 1)).all()
    assert unsure.max() == pytest.approx(0, abs=0.05)
    assert (sure >= unsure - 1e-9).all()
    assert sure.max() > unsure.max() + 0.1


def test_what_is_too_unsure_stays_unrated_and_the_rest_is_as_it_was():
    part = part_of(random_library(4))
    learned = fit(part)
    boldly = RunParameters(6.0, 0.0, parameters_of().constants, learned)
    sure = predict(part, learned, Level.ALBUM).confidence
    least = float(np.median(sure))

    everything, some = (
        given(make_plan(phase, part, [], parameters))
        for parameters in (boldly, replace(boldly, least=least))
        for phase in [Phase.ALBUM_UP]
    )

    assert 0 < len(some) < len(everything)
    assert some.items() <= everything.items()
