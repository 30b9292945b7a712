"""What is known of tracks becomes numbers, and names for many are nobody."""

import numpy as np
import pytest

from engine.hierarchical.features import (
    FeatureEncoder,
    common_genres,
    scales_of,
    sheet_of,
)
from engine.hierarchical.fitting import COLUMNS
from engine.hierarchical.grouping import branches_of
from engine.library import Level
from tests.engine.parts import NAN, facts_of, items_of, library_of, part_of


def music():
    """Return a band with two albums, and many artists with two, one nameless."""
    return part_of(
        library_of(
            items_of(Level.ARTIST, ["Band", "Various Artists"], [-1, -1]),
            items_of(
                Level.ALBUM,
                ["one", "two", "hits", "", "empty"],
                [0, 0, 1, 1, 0],
                critic=np.array([6.0, NAN, 8.0, NAN, 4.0]),
                facts=facts_of(
                    [NAN] * 5,
                    year=[1990, NAN, 2000, NAN, 1980],
                    genre=["Rock;Pop", "", "Jazz", "", "Rock"],
                ),
            ),
            items_of(
                Level.TRACK,
                list("abcdef"),
                [0, 0, 1, 2, 3, 3],
                [8, 6, NAN, 4, 2, NAN],
                duration=np.array([1000, 500, 0, 10_000, 10_000, 10_000]),
                facts=facts_of(
                    [0, 3, 1, 0, 7, NAN], number=[1, 2, NAN, 1, 4, 5], year=[NAN] * 6
                ),
            ),
        )
    )


@pytest.fixture(scope="module")
def sheet():
    """What is known of the tracks, then of the album without any."""
    part = music()
    return sheet_of(part, branches_of(part))


@pytest.fixture(scope="module")
def columns(sheet):
    """The same by name."""
    return dict(zip(COLUMNS, sheet.values, strict=True))


def test_albums_of_a_name_for_many_are_branches_of_their_own():
    tree = branches_of(music())

    own = tree.branch[tree.album]

    assert own[0] == own[1] == own[2] == 0
    assert len(set(own[3:].tolist())) == 3
    assert tree.is_nobody.tolist() == [False, True]


def test_plays_count_for_the_track_its_album_and_its_artist(columns):
    once, thrice, often = np.log1p([1, 3, 7])

    assert columns["plays"][:5] == pytest.approx([0, thrice, once, 0, often])
    album = [thrice / 2, thrice / 2, once, 0, often]
    assert columns["plays of the album"][:5] == pytest.approx(album)
    artist = [(thrice + once) / 3] * 3
    assert columns["plays of the artist"][:3] == pytest.approx(artist)
    assert columns["never played"][:5].tolist() == [1, 0, 0, 1, 0]
    assert np.isnan(columns["plays"][5:]).all()


def test_years_and_critics_come_from_the_album_and_lengths_from_the_track(columns):
    assert columns["year"][[0, 1, 3, 6]].tolist() == [1990, 1990, 2000, 1980]
    assert columns["critic"][[0, 1, 3, 6]].tolist() == [6, 6, 8, 4]
    assert columns["duration"][:2].tolist() == [0, 0]  # a second or less
    assert np.isnan(columns["duration"][2])


def test_columns_are_standardised_and_what_is_unknown_is_average(sheet):
    reader = FeatureEncoder(sheet, scales_of(sheet, ("plays",)), ())

    numbers = reader.rows(np.arange(len(sheet)))

    assert numbers[:, 0].tolist() == [1] * 7
    assert numbers[:5, 1].mean() == pytest.approx(0)
    assert numbers[:5, 1].std() == pytest.approx(1)
    assert numbers[5:, 1].tolist() == [0, 0]


def test_a_track_has_the_genres_of_its_album(sheet):
    genres = common_genres(sheet, np.array([0, 1, 3, 4]), least=1, most=9)

    numbers = FeatureEncoder(sheet, (), genres).rows(np.array([0, 2, 3, 6]))

    assert genres == ("pop", "rock", "jazz")
    assert numbers[:, 1:].tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 1], [0, 1, 0]]


def test_means_over_albums_are_the_means_of_their_rows(sheet):
    genres = common_genres(sheet, np.arange(6), least=1, most=9)
    reader = FeatureEncoder(sheet, scales_of(sheet, tuple(COLUMNS)), genres)

    means = reader.means(sheet.album, 5)

    numbers = reader.rows(np.arange(len(sheet)))
    for album in range(5):
        own = numbers[sheet.album == album].mean(axis=0)
        assert means[album] == pytest.approx(own)
