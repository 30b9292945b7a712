"""A plan can be read: every change by name, letter after letter."""

import pytest

from engine.planning.change_list import SAMPLED, by_letter, changes, what_is_left
from tests.engine.building import (
    album,
    artist,
    parameters_of,
    part_of,
    parts_of,
    plans_of,
    track,
)

HOUSE = [
    artist("Pulp", album("Hits", track("Babies", 10.0), track("Razzmatazz"))),
    artist("Abba", album("Arrival", track("Tiger"))),
]


def listed():
    parts = parts_of(*HOUSE).items()
    plans = {letter: plans_of(part, parameters_of()) for letter, part in parts}
    return list(changes(part_of(*HOUSE), plans))


def test_every_planned_rating_is_listed_with_what_it_stands_under():
    names = {(c.artist, c.album, c.track) for c in listed()}

    assert names == {
        ("Abba", "", ""),
        ("Abba", "Arrival", ""),
        ("Abba", "Arrival", "Tiger"),
        ("Pulp", "", ""),
        ("Pulp", "Hits", ""),
        ("Pulp", "Hits", "Razzmatazz"),
    }


def test_letters_come_in_order_and_phases_within_them():
    order = [(change.letter, change.phase) for change in listed()]

    assert order == sorted(order)


def test_an_unrated_item_had_nothing_before():
    assert {change.before for change in listed()} == {None}


def test_what_is_to_be_written_is_told_in_points():
    album_up = next(c for c in listed() if c.album == "Hits" and not c.track)

    assert album_up.after == pytest.approx((3 * 6.0 + 10.0) / 4)


GIVEN_BEFORE = [
    artist("Pulp", album("Hits", track("Babies", 10.0), track("Razzmatazz", ours=2.0))),
    artist(
        "Abba", album("Arrival", *[track(f"Tiger {n}") for n in range(9)]), ours=6.0
    ),
]


def summed_up(*house):
    parts = parts_of(*house)
    plans = {letter: plans_of(part, parameters_of()) for letter, part in parts.items()}
    return {one.letter: one for one in by_letter(part_of(*house), parts, plans)}


def test_every_letter_has_its_counts_and_a_sample():
    abba = summed_up(*GIVEN_BEFORE)["A"]

    assert (abba.planned, abba.unchanged, abba.cleared) == (10, 1, 0)
    assert abba.phases == {"3 album-down": 1, "4 track-down": 9}
    assert len(abba.sample) == SAMPLED
    assert {change.letter for change in abba.sample} == {"A"}


def test_a_changed_rating_is_not_counted_as_unchanged():
    pulp = summed_up(*GIVEN_BEFORE)["P"]

    assert (pulp.planned, pulp.unchanged) == (3, 0)


def test_what_is_written_rated_by_a_person_or_gone_is_not_left():
    plan = plans_of(part_of(*HOUSE), parameters_of())[-1]
    written = track("Tiger", ours=6.0)
    after = part_of(
        artist("Pulp", album("Hits", track("Babies", 10.0), track("Razzmatazz", 4.0))),
        artist("Abba", album("Arrival", written)),
    )
    anew = part_of(artist("Abba", album("Arrival", track("Tiger"))))

    assert set(plan.guid) == {"Razzmatazz", "Tiger"}
    assert set(what_is_left(part_of(*HOUSE), plan).guid) == {"Razzmatazz", "Tiger"}
    assert set(what_is_left(after, plan).guid) == set()
    assert set(what_is_left(anew, plan).guid) <= {"Tiger"}
