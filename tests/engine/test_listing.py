"""A plan can be read: every change by name, letter after letter."""

import pytest

from engine.listing import changes
from tests.engine.building import (
    album,
    artist,
    beliefs_of,
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
    plans = {letter: plans_of(part, beliefs_of()) for letter, part in parts}
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
