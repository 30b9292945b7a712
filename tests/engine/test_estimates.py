"""Every planned rating says how sure it is, as far as its model can tell."""

from dataclasses import replace

import numpy as np
import pytest

from engine.classic import Phase
from engine.hierarchical.evidence_filters import with_doubles
from engine.hierarchical.fitting import fit
from engine.hierarchical.model import predict
from engine.library import Level
from engine.planning.batches import batches, filter_writable
from engine.planning.plan import make_plan, plan_part
from engine.rating_scale import Estimates
from tests.engine.building import (
    album,
    artist,
    given,
    parameters_of,
    part_of,
    plans_of,
    track,
)
from tests.engine.looking import Row, look_of, plan_of, record_view_of
from tests.engine.parts import part_of as music_of
from tests.engine.parts import random_library

CLASSIC = parameters_of(tolerance=0.0)
NUMBERS = ("sd", "low", "high", "good", "poor", "confidence")


def ratings_behind(plans):
    """Return how many ratings each planned one rests on, by guid."""
    return {
        guid: int(ratings)
        for plan in plans
        for guid, ratings in zip(plan.guid, plan.estimates.ratings, strict=True)
    }


def test_the_classic_model_says_from_how_many_ratings_each_value_comes():
    mirel = artist(
        "Mirel",
        album("Dorn", track("a", 8.0), track("b", 6.0), track("c")),
        album("Aurn", track("d")),
        album("Vesk", track("e"), rating=9.0),
        album("Praised", track("f"), critic=8.0),
    )
    trem = artist("Trem", album("Orl", track("g")), rating=4.0)

    plans = plans_of(part_of(mirel, trem), CLASSIC)

    expected = {"Mirel": 3, "Dorn": 2, "Aurn": 3, "Praised": 0, "Orl": 1}
    expected |= {"c": 2, "d": 3, "e": 1, "f": 0, "g": 1}
    assert ratings_behind(plans) == expected
    for plan in plans:
        for name in NUMBERS:
            assert np.isnan(getattr(plan.estimates, name)).all()


@pytest.mark.parametrize("seed", range(4))
def test_the_hierarchical_model_says_how_sure_it_is_of_all_that_is_planned(seed):
    part = music_of(random_library(seed, albums_rated=0.2))
    parameters = replace(CLASSIC, fit=fit(part))

    for plan in plan_part(list(Phase), part, parameters):
        found = predict(part, parameters.fit, plan.phase.level)
        rows = part[plan.phase.level].items.rows_of(plan.key)
        for name in ("mean", "ratings", *NUMBERS):
            planned = getattr(plan.estimates, name)
            np.testing.assert_array_equal(planned, getattr(found, name)[rows])


@pytest.mark.parametrize("hierarchical", [False, True])
def test_the_rating_of_a_double_is_no_guess_and_rests_on_one(hierarchical):
    mirel = artist(
        "Mirel",
        album("Dorn", track("Vesk", 9.0, guid="a", duration=200_000), track("b", 3.0)),
        album("Best", track("Vesk", guid="c", duration=200_500)),
    )
    part = with_doubles(part_of(mirel))
    parameters = replace(CLASSIC, fit=fit(part) if hierarchical else None)

    (plan,) = plan_part([Phase.TRACK_DOWN], part, parameters)

    assert (plan.guid.tolist(), plan.after.tolist()) == (["c"], [9.0])
    assert plan.estimates.ratings.tolist() == [1]
    assert np.isnan(plan.estimates.sd).all()


def test_each_request_knows_how_sure_its_own_ratings_are():
    rows = [Row("c", key=1), Row("a", key=2), Row("b", key=3), Row("a", key=4)]
    look, plan = look_of(*rows), plan_of(a=7.0, b=6.0, c=7.0)

    writable = filter_writable(plan, look, record_view_of(*rows))
    low, high = batches(plan.phase, writable, look, 100)

    assert ratings_behind([low]) == {"b": 11}
    assert ratings_behind([high]) == {"a": 10, "c": 12}
    some = plan.take(np.array([0, 2]))
    assert ratings_behind([some]) == {"a": 10, "c": 12}


def test_what_is_known_is_told_by_name_and_what_is_not_is_none():
    plain = Estimates.plain(np.array([7.0]), np.array([3]))
    known = replace(plain, sd=np.array([1.5]))

    assert list(known.known()) == [
        dict.fromkeys(NUMBERS) | {"sd": 1.5, "ratings": 3},
    ]


@pytest.mark.parametrize("level", Level)
def test_confidence_grows_with_ratings_and_is_none_without(level):
    part = music_of(random_library(4))
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
    part = music_of(random_library(4))
    learned = fit(part)
    boldly = replace(CLASSIC, fit=learned)
    sure = predict(part, learned, Level.ALBUM).confidence
    least = float(np.median(sure))

    everything, some = (
        given(make_plan(phase, part, [], parameters))
        for parameters in (boldly, replace(boldly, least=least))
        for phase in [Phase.ALBUM_UP]
    )

    assert 0 < len(some) < len(everything)
    assert some.items() <= everything.items()
