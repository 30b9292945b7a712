"""A library finds its items by key, its artists by row, and never changes."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from engine.library import Items, Level
from tests.engine.building import album, artist, library_of, track


@pytest.fixture
def library():
    return library_of(
        artist(
            "Quill",
            album("Aurn", track("Glin", key=71), track("Trem", key=75), key=31),
            key=20,
        ),
        artist(
            "Mirel",
            album("Dorn", track("Vesk", key=79), track("Orl", key=70), key=33),
            album("Fern", key=30),
            key=10,
        ),
    )


def test_items_come_in_the_order_of_their_keys_beneath_rows_of_the_level_above(library):
    titles = [library[level].title.tolist() for level in Level]
    parents = [library[level].parent.tolist() for level in Level]

    assert titles == [
        ["Mirel", "Quill"],
        ["Fern", "Aurn", "Dorn"],
        ["Orl", "Glin", "Trem", "Vesk"],
    ]
    assert parents == [[-1, -1], [0, 1, 0], [2, 1, 1, 2]]


def test_every_item_has_an_artist_and_the_letter_of_its_artist(library):
    artists = [library.artist_row(level).tolist() for level in Level]
    letters = ["".join(library.letters(level)) for level in Level]

    assert artists == [[0, 1], [0, 1, 0], [0, 1, 1, 0]]
    assert letters == ["MQ", "MQM", "MQQM"]


@pytest.mark.parametrize(
    ("keys", "rows"),
    [
        pytest.param([70, 71, 75, 79], [0, 1, 2, 3], id="all in order"),
        pytest.param([79, 70], [3, 0], id="some in another order"),
        pytest.param([71, 71], [1, 1], id="one twice"),
        pytest.param([1, 74, 999], [-1, -1, -1], id="before, between and after all"),
        pytest.param([], [], id="none"),
    ],
)
def test_items_are_found_by_key(library, keys, rows):
    assert library.tracks.rows_of(np.array(keys, np.int64)).tolist() == rows


def test_nothing_is_found_where_nothing_is():
    assert library_of().tracks.rows_of(np.array([7, 8])).tolist() == [-1, -1]


def test_some_items_are_taken_with_all_that_is_known_of_them_and_put_together(library):
    taken, other = (library.tracks.take(np.array(rows)) for rows in ([3, 0], [1]))

    assert (len(taken), taken.title.tolist()) == (2, ["Vesk", "Orl"])
    assert (taken.key.tolist(), taken.parent.tolist()) == ([79, 70], [2, 2])
    assert Items.joined([taken, other]).title.tolist() == ["Vesk", "Orl", "Glin"]


def test_a_library_cannot_be_changed(library):
    with pytest.raises(FrozenInstanceError):
        library.tracks = library.albums


def test_levels_have_plain_words_and_the_numbers_of_plex():
    names = {level.word: int(level) for level in Level}

    assert names == {"artist": 8, "album": 9, "track": 10}
