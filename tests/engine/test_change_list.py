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


def planned(*house):
    """Return a library, its parts, and the plans of each letter."""
    parts = parts_of(*house)
    plans = {letter: plans_of(part, parameters_of()) for letter, part in parts.items()}
    return part_of(*house), parts, plans


def test_every_planned_rating_is_listed_in_order_with_what_it_stands_under():
    everything, _, plans = planned(*HOUSE)

    listed = list(changes(everything, plans))

    assert [(c.letter, c.phase, c.artist, c.album, c.track) for c in listed] == [
        ("A", "2 artist-up", "Abba", "", ""),
        ("A", "3 album-down", "Abba", "Arrival", ""),
        ("A", "4 track-down", "Abba", "Arrival", "Tiger"),
        ("P", "1 album-up", "Pulp", "Hits", ""),
        ("P", "2 artist-up", "Pulp", "", ""),
        ("P", "4 track-down", "Pulp", "Hits", "Razzmatazz"),
    ]
    assert {change.before for change in listed} == {None}
    assert listed[3].after == pytest.approx((3 * 6.0 + 10.0) / 4)


GIVEN_BEFORE = [
    artist("Pulp", album("Hits", track("Babies", 10.0), track("Razzmatazz", ours=2.0))),
    artist(
        "Abba", album("Arrival", *[track(f"Tiger {n}") for n in range(9)]), ours=6.0
    ),
]


def test_every_letter_has_its_counts_and_a_sample():
    abba, pulp = by_letter(*planned(*GIVEN_BEFORE))

    assert (abba.letter, abba.planned, abba.unchanged, abba.cleared) == ("A", 10, 1, 0)
    assert abba.phases == {"3 album-down": 1, "4 track-down": 9}
    assert len(abba.sample) == SAMPLED
    assert {change.letter for change in abba.sample} == {"A"}
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
