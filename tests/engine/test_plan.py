"""A plan names what is worth writing: never a person's rating, never mere noise."""

from dataclasses import replace

import numpy as np
import pytest

from engine.classic import Phase
from engine.planning.plan import drift_tolerance, make_plan
from engine.rating_scale import FINEST, Grid
from tests.engine.building import (
    album,
    artist,
    given,
    parameters_of,
    part_of,
    plans_of,
    track,
)

LARGE = 50_000
EXACTLY = parameters_of(tolerance=0.0)
COARSE = Grid(step=0.1)


def inheriting(album_rating, *tracks, tolerance=0.04, grid=FINEST):
    """Plan tracks that would inherit exactly what a person gave their album."""
    part = part_of(artist("Mirel", album("Dorn", *tracks, rating=album_rating)))
    parameters = parameters_of(tolerance=tolerance, track_gravity=0.0)
    parameters = replace(parameters, grid=grid)
    return plans_of(part, parameters, [Phase.TRACK_DOWN])[0]


def planned(*artists, parameters=EXACTLY, phases=Phase):
    return [given(plan) for plan in plans_of(part_of(*artists), parameters, phases)]


@pytest.mark.parametrize(
    ("library_size", "ours", "new", "is_written"),
    [
        pytest.param(LARGE, 7.50, 7.68, False, id="3.75 to 3.84 stars of many"),
        pytest.param(LARGE, 7.50, 7.78, True, id="3.75 to 3.89 stars of many"),
        pytest.param(LARGE, 7.50, 7.32, False, id="3.75 to 3.66 stars of many"),
        pytest.param(LARGE, 7.50, 7.22, True, id="3.75 to 3.61 stars of many"),
        pytest.param(LARGE, 7.50, 7.76, False, id="just inside the tolerance"),
        pytest.param(LARGE, 7.50, 7.77, True, id="just outside the tolerance"),
        pytest.param(1000, 7.50, 7.59, False, id="just inside for a small library"),
        pytest.param(1000, 7.50, 7.60, True, id="exactly the tolerance"),
        pytest.param(7, 7.50, 7.53, False, id="just inside for a tiny library"),
        pytest.param(7, 7.50, 7.54, True, id="exactly the smallest tolerance"),
        pytest.param(7, 7.50, 7.46, True, id="exactly the smallest one, downwards"),
        pytest.param(7, 0.02, 0.0, False, id="close to the bottom of the scale"),
        pytest.param(50_700, 7.50, 7.77, False, id="inside by under a thousandth"),
    ],
)
def test_a_rating_of_ours_is_rewritten_once_it_drifted(
    library_size, ours, new, is_written
):
    tolerance = drift_tolerance(library_size, dynamic=True)

    plan = inheriting(new, track("Vesk", ours=ours), tolerance=tolerance)

    assert given(plan) == ({"Vesk": new} if is_written else {})


@pytest.mark.parametrize(
    ("told", "new", "expected"),
    [
        pytest.param({"ours": 7.50}, 7.51, {"Vesk": 7.51}, id="one step up"),
        pytest.param({"ours": 7.50}, 7.49, {"Vesk": 7.49}, id="one step down"),
        pytest.param({"ours": 7.50}, 7.504, {}, id="less than can be written"),
        pytest.param({"ours": 7.50}, 7.50, {}, id="no change"),
        pytest.param(
            {"rating": 7.48, "recorded": 7.4837}, 7.48, {}, id="recorded too precisely"
        ),
    ],
)
def test_without_tolerance_any_change_that_can_be_written_is(told, new, expected):
    tolerance = drift_tolerance(LARGE, dynamic=False)

    plan = inheriting(new, track("Vesk", **told), tolerance=tolerance)

    assert given(plan) == expected


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({}, id="unrated"),
        pytest.param({"recorded": 7.5}, id="removed by a person"),
        pytest.param({"intended": 7.5}, id="promised, never arrived"),
    ],
)
def test_a_first_rating_is_written_whatever_the_tolerance(facts):
    plan = inheriting(7.5, track("Vesk", **facts), tolerance=5.0)

    assert given(plan) == {"Vesk": 7.5}
    assert np.isnan(plan.before).all()


def test_a_plan_says_what_we_had_given_before():
    plan = inheriting(9.0, track("Vesk", ours=7.5), track("Orl", ours=0.0))

    assert plan.before.tolist() == [7.5, 0.0]


def test_what_moved_too_little_is_counted_as_kept():
    plan = inheriting(
        7.60,
        track("drifted by a step", ours=7.59),
        track("drifted a little more", ours=7.63),
        track("did not move", ours=7.60),
        track("recorded too precisely", 7.60, recorded=7.604),
        track("drifted far", ours=7.0),
        track("a person's", 7.57),
        track("unrated"),
    )

    assert plan.kept == 2
    assert len(plan) == 2


def test_what_a_person_removed_is_given_again_and_counted():
    tracks = track("Vesk", recorded=6.0), track("Orl", recorded=7.0), track("Trem")
    nothing_above = part_of(artist("Mirel", album("Dorn", *tracks)))

    plan = inheriting(7.0, *tracks)
    (empty,) = plans_of(nothing_above, EXACTLY, [Phase.TRACK_DOWN])

    assert given(plan) == {"Vesk": 7.0, "Orl": 7.0, "Trem": 7.0}
    assert (plan.cleared, len(empty), empty.cleared) == (2, 0, 0)


def test_a_computed_0_is_given():
    plan = inheriting(0.0, track("Vesk"), track("Orl", ours=3.0))

    assert given(plan) == {"Vesk": 0.0, "Orl": 0.0}


def test_a_0_that_stays_0_is_not_given_again():
    plan = inheriting(0.0, track("Vesk", ours=0.0))

    assert len(plan) == 0


@pytest.mark.parametrize("rating", [0.0, 7.0, 10.0])
@pytest.mark.parametrize("recorded", [None, 5.0])
def test_what_persons_gave_is_in_no_plan(rating, recorded):
    facts = {"rating": rating, "recorded": recorded}
    house = artist("Mirel", album("Dorn", track("Vesk", **facts), **facts), **facts)

    assert planned(house) == [{}, {}, {}, {}]


@pytest.mark.parametrize(
    ("ours", "written", "handed_down"),
    [
        pytest.param(7.03, {}, 7.03, id="as it stands, if it is kept"),
        pytest.param(3.0, {"Dorn": 7.0}, 7.0, id="as it is written"),
    ],
)
def test_a_rating_is_handed_down(ours, written, handed_down):
    house = artist("Mirel", album("Dorn", track("Vesk", 10), track("Orl"), ours=ours))

    up, _, _, down = planned(house, parameters=parameters_of(tolerance=0.04))

    assert (up, down) == (written, {"Orl": handed_down})


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param({"ours": 4.0}, 4.0, id="what we gave"),
        pytest.param({"rating": 4.0}, 4.0, id="what a person gave"),
        pytest.param({"rating": 4.0, "recorded": 7.0}, 4.0, id="taken over"),
        pytest.param({"rating": 4.0, "intended": 4.0}, 4.0, id="promised, and there"),
        pytest.param(
            {"rating": 4.0, "intended": 8.0, "before": 4.0}, 4.0, id="never arrived"
        ),
    ],
)
def test_a_phase_alone_takes_what_plex_holds_above(facts, expected):
    parameters = parameters_of(album_gravity=0.0)
    house = artist("Mirel", album("Dorn", track("Vesk")), **facts)

    alone = planned(house, parameters=parameters, phases=[Phase.ALBUM_DOWN])

    assert alone == [{"Dorn": expected}]


@pytest.mark.parametrize(
    ("album_rating", "expected"),
    [
        pytest.param(7.50, 7.50, id="as it was, if nothing moved"),
        pytest.param(7.53, 7.50, id="as it was, if little moved"),
        pytest.param(9.00, 9.00, id="anew, if much moved"),
    ],
)
def test_a_rating_that_plex_never_acknowledged_is_written_again(album_rating, expected):
    plan = inheriting(album_rating, track("Vesk", 7.5, intended=7.5))
    seen = inheriting(7.5, track("Vesk", 7.5, intended=7.5, arrived=True))

    assert given(plan) == {"Vesk": expected}
    assert (plan.kept, len(seen)) == (0, 0)


def test_a_plan_for_an_item_that_is_gone_gives_its_rating_to_nobody_else():
    mirel = artist("Mirel", album("Dorn", track("Vesk")), ours=6.0)
    with_quill = part_of(mirel, artist("Quill", critic=10.0))
    earlier = plans_of(with_quill, EXACTLY, [Phase.ARTIST_UP])

    plan = make_plan(Phase.ALBUM_DOWN, part_of(mirel), earlier, EXACTLY)

    assert given(plan) == {"Dorn": 6.0}


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
    plan = inheriting(new, track("Vesk", ours=ours), grid=COARSE)

    assert given(plan) == ({"Vesk": round(new, 1)} if is_written else {})
    assert plan.kept == kept


def test_a_value_at_the_border_of_two_steps_does_not_waver():
    vesk = track("Vesk", ours=7.3)
    once, again = (
        inheriting(new, vesk, grid=COARSE, tolerance=0.06) for new in (7.349, 7.351)
    )

    assert (len(once), len(again), again.kept) == (0, 0, 1)


def test_what_was_given_beyond_the_bounds_is_brought_within():
    plan = inheriting(10.0, track("Vesk", ours=10.0), grid=Grid(highest=9.8))

    assert given(plan) == {"Vesk": 9.8}
