"""Items that share a guid share one rating: they count once and are written once."""

from dataclasses import replace

import numpy as np
from hypothesis import given as drawn
from hypothesis import strategies as st

from engine.classic import Phase
from engine.evidence import library_mean
from tests.engine.building import (
    album,
    applied,
    artist,
    given,
    parameters_of,
    part_of,
    parts_of,
    plans_of,
    track,
)

EXACTLY = parameters_of(tolerance=0.0)


def planned(*artists):
    return [given(plan) for plan in plans_of(part_of(*artists), EXACTLY)]


def song(title, rating=None, **facts):
    return track(title, rating, guid="song", **facts)


def test_twins_are_one_rating_inherited_from_the_album_of_the_lowest_key():
    mirel = artist(
        "Mirel",
        album("Dorn", song("Vesk", key=12), rating=10.0),
        album("Aurn", song("Vesk", key=7), rating=2.0),
    )

    plan = plans_of(part_of(mirel), EXACTLY)[3]

    assert (given(plan), plan.key.tolist()) == ({"song": 3.2}, [7])


def test_twins_count_once_beneath_each_album_and_once_beneath_the_artist():
    mirel = artist(
        "Mirel",
        album("Dorn", song("Vesk", 10.0), song("Vesk, again", 10.0)),
        album("Best of", song("Vesk", 10.0)),
    )

    assert planned(mirel) == [{"Dorn": 7.0, "Best of": 7.0}, {"Mirel": 7.0}, {}, {}]


def test_twins_count_once_in_the_library_mean():
    part = part_of(
        artist("Mirel", album("Dorn", song("Vesk", 10.0), track("Orl", 4.0))),
        artist("Quill", album("Aurn", song("Vesk", 10.0))),
    )

    assert library_mean(part.tracks) == 7.0


def test_albums_that_are_twins_count_once_beneath_their_artist():
    mirel = artist(
        "Mirel",
        album("Dorn", guid="record", rating=10.0),
        album("Dorn, deluxe", guid="record", rating=10.0),
    )

    assert planned(mirel)[1] == {"Mirel": 7.0}


def test_tracks_and_albums_with_one_guid_are_no_twins():
    mirel = artist("Mirel", album("Dorn", song("Vesk", 10.0), guid="song", rating=10.0))

    assert planned(mirel)[1] == {"Mirel": 7.6}


def test_a_rating_of_ours_is_no_evidence_through_its_twin_either():
    mirel = artist(
        "Mirel",
        album("Dorn", song("Vesk", ours=9.0)),
        album("Aurn", song("Vesk", ours=9.0)),
    )

    assert planned(mirel)[:2] == [{}, {"Mirel": 6.0}]


def test_a_person_who_rates_one_twin_rates_them_all():
    mirel = artist(
        "Mirel",
        album("Dorn", song("Vesk", 2.0, recorded=7.0)),
        album("Aurn", song("Vesk", 2.0, recorded=7.0), track("Orl")),
    )

    assert planned(mirel) == [
        {"Dorn": 5.0, "Aurn": 5.0},
        {"Mirel": 5.0},
        {},
        {"Orl": 5.0},
    ]


def test_a_twin_hands_down_what_its_twin_is_given():
    mirel = artist(
        "Mirel",
        album("Dorn", track("Vesk", 10.0), guid="record"),
        album("Dorn, deluxe", track("Orl"), guid="record"),
    )

    assert planned(mirel)[3] == {"Orl": 7.0}


def test_a_rating_that_a_person_removed_from_twins_counts_once():
    removed = song("Vesk", recorded=7.0)
    dorn, aurn = (album(title, removed, rating=6.0) for title in ("Dorn", "Aurn"))
    part = part_of(artist("Mirel", dorn), artist("Quill", aurn))

    (plan,) = plans_of(part, EXACTLY, [Phase.TRACK_DOWN])

    assert (len(plan), plan.cleared) == (1, 1)


def test_twins_under_two_letters_are_settled_by_the_second_run():
    house = [
        artist("Kanye", guid="ye"),
        artist("Ye", album("Donda", track("Moon")), guid="ye"),
    ]

    def plan_all(artists):
        parts = parts_of(*artists).values()
        return [plan for part in parts for plan in plans_of(part, EXACTLY)]

    after_one = applied(house, plan_all(house))
    after_two = applied(after_one, plan_all(after_one))

    assert [given(plan) for plan in plan_all(after_two)] == [{}] * 8


@drawn(st.lists(st.sampled_from("abc"), min_size=1, max_size=9), st.data())
def test_items_that_share_a_rating_are_found_together_and_counted(guids, data):
    twin = np.array([guids.index(guid) for guid in guids])
    view = replace(part_of(artist("A")).artists, shared=twin)
    chosen = data.draw(st.lists(st.integers(0, len(guids) - 1), unique=True))
    rows = np.array(chosen, np.int64)

    wanted = {guids[row] for row in chosen}
    assert sorted(view.together(rows).tolist()) == [
        row for row, guid in enumerate(guids) if guid in wanted
    ]
    assert view.copies(rows).tolist() == [guids.count(guids[row]) for row in chosen]
