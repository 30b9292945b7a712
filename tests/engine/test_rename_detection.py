"""What we recorded finds its item again after Plex gave it another key or guid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.library import Level
from engine.rename_detection import Move, Name, fingerprints, moves
from tests.engine.building import album, artist, library_of, track

TRACK = Level.TRACK


def view(*tracks):
    return library_of(artist("Mirel", album("Dorn", *tracks)))


def names_of(library, level=TRACK):
    """Record all items of a level under the names that they have now."""
    items = library[level]
    short = fingerprints(library, level, np.arange(len(items)))
    return [
        Name(*name) for name in zip(items.guid, items.key.tolist(), short, strict=True)
    ]


def followed(library, recorded, level=TRACK):
    """Return where the moved ones went: old guid and key to new guid and key."""
    found = moves(library, level, recorded)
    return {
        (move.old.guid, move.old.key): (move.new.guid, move.new.key) for move in found
    }


def test_nothing_moves_in_an_unchanged_library():
    library = view(track("Vesk", guid="v", key=7), track("Orl", guid="o", key=8))

    assert moves(library, TRACK, names_of(library)) == []


def test_an_item_with_a_new_key_is_found_by_its_guid():
    before = view(track("Vesk", guid="v", key=7))
    after = view(track("Vesk, remastered", guid="v", key=31))

    assert followed(after, names_of(before)) == {("v", 7): ("v", 31)}


def test_an_item_with_a_new_guid_is_found_by_what_it_is():
    before = view(track("Vesk", guid="v", key=7, duration=200_000))
    after = view(track("Vesk", guid="w", key=31, duration=200_000))

    assert followed(after, names_of(before)) == {("v", 7): ("w", 31)}


def test_a_move_keeps_what_the_item_is_known_by():
    before = view(track("Vesk", guid="v", key=7))
    after = view(track("Vesk", guid="w", key=31))
    (name,) = names_of(before)

    assert moves(after, TRACK, [name]) == [Move(name, Name("w", 31, name.fingerprint))]


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(view(), id="it was deleted"),
        pytest.param(view(track("Orl", guid="o")), id="another title"),
        pytest.param(view(track("Vesk", guid="w", duration=9)), id="another duration"),
        pytest.param(
            library_of(artist("Mirel", album("Aurn", track("Vesk", guid="w")))),
            id="on another album",
        ),
        pytest.param(
            library_of(artist("Quill", album("Dorn", track("Vesk", guid="w")))),
            id="by another artist",
        ),
    ],
)
def test_an_item_that_is_no_longer_there_does_not_move(after):
    before = view(track("Vesk", guid="v", duration=1))

    assert moves(after, TRACK, names_of(before)) == []


def test_the_guid_decides_even_against_all_appearances():
    before = view(track("Vesk", guid="v", key=7), track("Orl", guid="o", key=8))
    after = view(track("Orl", guid="v", key=7), track("Vesk", guid="o", key=8))

    assert moves(after, TRACK, names_of(before)) == []


def test_an_item_that_is_recorded_already_is_not_found_again():
    before = view(track("Vesk", guid="v", key=7), track("Vesk", guid="w", key=8))
    after = view(track("Vesk", guid="w", key=8))

    assert moves(after, TRACK, names_of(before)) == []


def test_what_was_recorded_without_a_description_is_only_found_by_guid():
    after = view(track("Vesk", guid="w", key=31), track("Orl", guid="o", key=32))
    recorded = [Name("v", 7, ""), Name("o", 8, "")]

    assert followed(after, recorded) == {("o", 8): ("o", 32)}


def test_items_that_look_alike_are_paired_in_the_order_of_their_keys():
    before = view(track("Vesk", guid="a", key=9), track("Vesk", guid="b", key=5))
    after = view(track("Vesk", guid="x", key=32), track("Vesk", guid="y", key=31))

    assert followed(after, names_of(before)) == {
        ("b", 5): ("y", 31),
        ("a", 9): ("x", 32),
    }


def test_of_items_that_look_alike_those_too_many_are_not_found():
    before = view(track("Vesk", guid="a", key=5), track("Vesk", guid="b", key=9))
    after = view(track("Vesk", guid="x", key=31))

    assert followed(after, names_of(before)) == {("a", 5): ("x", 31)}


def test_items_that_came_to_share_a_rating_are_found_once():
    before = view(track("Vesk", guid="a", key=5), track("Vesk", guid="b", key=9))
    after = view(track("Vesk", guid="x", key=31), track("Vesk", guid="x", key=32))

    assert followed(after, names_of(before)) == {("a", 5): ("x", 31)}


def test_of_items_that_share_a_rating_the_lowest_key_is_taken():
    before = view(track("Vesk", guid="v", key=5))
    after = view(track("Vesk", guid="v", key=32), track("Vesk", guid="v", key=31))

    assert followed(after, names_of(before)) == {("v", 5): ("v", 31)}


def test_an_item_that_kept_its_key_among_those_that_share_its_rating_stays():
    before = view(track("Vesk", guid="v", key=32))
    after = view(track("Vesk", guid="v", key=31), track("Vesk", guid="v", key=32))

    assert moves(after, TRACK, names_of(before)) == []


def test_items_that_share_a_rating_are_paired_in_the_order_of_their_keys():
    before = view(track("Vesk", guid="v", key=6), track("Vesk", guid="v", key=5))
    after = view(track("Vesk", guid="v", key=32), track("Vesk", guid="v", key=31))

    assert followed(after, names_of(before)) == {
        ("v", 5): ("v", 31),
        ("v", 6): ("v", 32),
    }


def test_an_item_leaves_the_key_to_the_one_that_kept_it():
    before = view(track("Vesk", guid="v", key=5), track("Vesk", guid="v", key=32))
    after = view(track("Vesk", guid="v", key=31), track("Vesk", guid="v", key=32))

    assert followed(after, names_of(before)) == {("v", 5): ("v", 31)}


@pytest.mark.parametrize("level", Level)
def test_every_level_is_followed(level):
    before = library_of(
        artist("Mirel", album("Dorn", track("Vesk", guid="v"), guid="d"))
    )
    after = library_of(
        artist(
            "Mirel",
            album("Dorn", track("Vesk", guid="V", key=3), guid="D", key=2),
            guid="M",
            key=1,
        )
    )

    (move,) = moves(after, level, names_of(before, level))

    assert (move.new.guid, move.new.key) == {8: ("M", 1), 9: ("D", 2), 10: ("V", 3)}[
        level
    ]


def test_a_title_that_cannot_be_encoded_is_followed_like_any_other():
    before = view(track("Vesk \ud800", guid="v", key=7))
    after = view(track("Vesk \ud800", guid="w", key=8))

    assert followed(after, names_of(before)) == {("v", 7): ("w", 8)}


def test_titles_do_not_run_into_each_other():
    split_late = library_of(artist("ab", album("c", track("d"))))
    split_early = library_of(artist("a", album("bc", track("d"))))

    late, early = names_of(split_late)[0], names_of(split_early)[0]

    assert late.fingerprint != early.fingerprint


TITLED = st.lists(st.sampled_from(["Vesk", "Orl", "Trem"]), max_size=6)


@given(TITLED, TITLED, st.integers(0, 3))
def test_nothing_is_found_twice(titles_before, titles_after, shared):
    before = view(
        *(track(t, guid=f"{n}", key=n + 1) for n, t in enumerate(titles_before))
    )
    after = view(
        *(
            track(t, guid=f"{n + shared}", key=n + 50)
            for n, t in enumerate(titles_after)
        )
    )

    found = moves(after, TRACK, names_of(before))

    assert len({move.new.key for move in found}) == len(found)
    assert len({move.old for move in found}) == len(found)
