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


def vesk(guid, key, title="Vesk", duration=0):
    return track(title, guid=guid, key=key, duration=duration)


def names_of(library, level=TRACK):
    """Record all items of a level under the names that they have now."""
    items = library[level]
    short = fingerprints(library, level, np.arange(len(items)))
    columns = (items.guid, items.key.tolist(), short)
    return [Name(*name) for name in zip(*columns, strict=True)]


def followed(library, recorded, level=TRACK):
    """Return where the moved ones went: old guid and key to new guid and key."""
    return {
        (move.old.guid, move.old.key): (move.new.guid, move.new.key)
        for move in moves(library, level, recorded)
    }


A5, B9, V5 = vesk("a", 5), vesk("b", 9), vesk("v", 5)
V7, O8 = vesk("v", 7), vesk("o", 8, "Orl")
V31, V32, X31 = vesk("v", 31), vesk("v", 32), vesk("x", 31)
UNENCODABLE = "Vesk \ud800"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param([V7, O8], [V7, O8], {}, id="unchanged"),
        pytest.param(
            [V7],
            [vesk("v", 31, "Vesk, remastered")],
            {("v", 7): ("v", 31)},
            id="a new key is found by the guid",
        ),
        pytest.param(
            [vesk("v", 7, duration=200_000)],
            [vesk("w", 31, duration=200_000)],
            {("v", 7): ("w", 31)},
            id="a new guid is found by what the item is",
        ),
        pytest.param(
            [vesk("v", 7, UNENCODABLE)],
            [vesk("w", 8, UNENCODABLE)],
            {("v", 7): ("w", 8)},
            id="a title that cannot be encoded",
        ),
        pytest.param([V7], [], {}, id="deleted"),
        pytest.param([V7], [O8], {}, id="another title"),
        pytest.param([V7], [vesk("w", 7, duration=9)], {}, id="another duration"),
        pytest.param(
            [V7, O8],
            [vesk("v", 7, "Orl"), vesk("o", 8)],
            {},
            id="the guid decides against all appearances",
        ),
        pytest.param(
            [V7, vesk("w", 8)], [vesk("w", 8)], {}, id="recorded already: not found"
        ),
        pytest.param(
            [vesk("a", 9), vesk("b", 5)],
            [vesk("x", 32), vesk("y", 31)],
            {("b", 5): ("y", 31), ("a", 9): ("x", 32)},
            id="those that look alike, in the order of their keys",
        ),
        pytest.param(
            [A5, B9], [X31], {("a", 5): ("x", 31)}, id="too many that look alike"
        ),
        pytest.param(
            [A5, B9],
            [X31, vesk("x", 32)],
            {("a", 5): ("x", 31)},
            id="those that came to share a rating, once",
        ),
        pytest.param(
            [V5], [V32, V31], {("v", 5): ("v", 31)}, id="of one rating the lowest key"
        ),
        pytest.param([V32], [V31, V32], {}, id="who kept the key stays"),
        pytest.param(
            [vesk("v", 6), V5],
            [V32, V31],
            {("v", 5): ("v", 31), ("v", 6): ("v", 32)},
            id="those that share a rating, in the order of their keys",
        ),
        pytest.param(
            [V5, V32],
            [V31, V32],
            {("v", 5): ("v", 31)},
            id="the key is left to the one that kept it",
        ),
    ],
)
def test_what_is_recorded_is_followed(before, after, expected):
    assert followed(view(*after), names_of(view(*before))) == expected


@pytest.mark.parametrize("where", [("Mirel", "Aurn"), ("Quill", "Dorn")])
def test_an_item_is_not_found_on_another_album_or_by_another_artist(where):
    above, record = where
    after = library_of(artist(above, album(record, vesk("w", 31))))

    assert moves(after, TRACK, names_of(view(V7))) == []


def test_a_move_keeps_what_the_item_is_known_by():
    (name,) = names_of(view(V7))

    found = moves(view(vesk("w", 31)), TRACK, [name])

    assert found == [Move(name, Name("w", 31, name.fingerprint))]


def test_what_was_recorded_without_a_description_is_only_found_by_guid():
    after = view(vesk("w", 31), vesk("o", 32, "Orl"))
    recorded = [Name("v", 7, ""), Name("o", 8, "")]

    assert followed(after, recorded) == {("o", 8): ("o", 32)}


@pytest.mark.parametrize("level", Level)
def test_every_level_is_followed(level):
    def house(artist_guid, album_guid, track_guid, **key):
        dorn = album("Dorn", track("Vesk", guid=track_guid, **key), guid=album_guid)
        return library_of(artist("Mirel", dorn, guid=artist_guid))

    recorded = names_of(house("m", "d", "v"), level)

    (move,) = moves(house("M", "D", "V", key=3), level, recorded)

    assert move.old.guid == {8: "m", 9: "d", 10: "v"}[level]
    assert move.new.guid == move.old.guid.upper()


def test_titles_do_not_run_into_each_other():
    (late,) = names_of(library_of(artist("ab", album("c", track("d")))))
    (early,) = names_of(library_of(artist("a", album("bc", track("d")))))

    assert late.fingerprint != early.fingerprint


TITLED = st.lists(st.sampled_from(["Vesk", "Orl", "Trem"]), max_size=6)


@given(TITLED, TITLED, st.integers(0, 3))
def test_nothing_is_found_twice(titles_before, titles_after, shared):
    before = [vesk(f"{n}", n + 1, title) for n, title in enumerate(titles_before)]
    after = [vesk(f"{n + shared}", n + 50, t) for n, t in enumerate(titles_after)]

    found = moves(view(*after), TRACK, names_of(view(*before)))

    assert len({move.new.key for move in found}) == len(found)
    assert len({move.old for move in found}) == len(found)
