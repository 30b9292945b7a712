"""What to rate next: the artist whose ratings would teach most, no track twice."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.asking import to_ask
from engine.hierarchical.evidence_filters import Filler
from engine.library import Level
from tests.engine.building import Told, album, artist, part_of, track, tracks
from tests.engine.libraries import libraries, libraries_with_twins
from tests.engine.parts import items_of, library_of
from tests.engine.parts import part_of as read_part

COUNTS = st.integers(0, 30)
SEEDS = st.integers(0, 2**64)
SIZES = st.lists(
    st.lists(st.lists(st.booleans(), max_size=5), max_size=3), min_size=1, max_size=5
)
"""Of each artist's albums, which tracks are rated."""


def titles(part, rows):
    return part.tracks.items.title[rows].tolist()


def artists_of(part, rows):
    return part.albums.items.parent[part.tracks.items.parent[rows]].tolist()


def told(sizes) -> list[Told]:
    """Tell a library, no two tracks of which are the same."""
    return [
        artist(
            f"artist {a}",
            *(
                album(
                    f"album {a}.{b}",
                    *(
                        track(f"song {a}.{b}.{c}", 8 if is_rated else None)
                        for c, is_rated in enumerate(songs)
                    ),
                )
                for b, songs in enumerate(albums)
            ),
        )
        for a, albums in enumerate(sizes)
    ]


@given(libraries_with_twins(), COUNTS, SEEDS)
def test_nothing_is_asked_that_is_answered_or_asked_already(artists, count, seed):
    part = part_of(*artists)
    view = part.tracks

    rows = to_ask(part, count, seed)

    by_person = ~np.isnan(view.ownership.manual) | view.ownership.unread
    assert len(rows) <= count
    assert not np.isin(view.shared[rows], view.shared[by_person]).any()
    assert len(np.unique(view.shared[rows])) == len(rows)


@given(libraries(), COUNTS, SEEDS)
def test_the_same_seed_asks_the_same_and_fewer_are_the_first_of_more(
    artists, count, seed
):
    part = part_of(*artists)

    rows = to_ask(part, count, seed)

    assert rows.tolist() == to_ask(part, 30, seed)[:count].tolist()


@given(SIZES, SEEDS)
def test_each_is_of_the_artist_with_many_tracks_and_few_ratings(sizes, seed):
    part = part_of(*told(sizes))
    of = artists_of(part, np.arange(len(part.tracks)))
    size = Counter(of)
    ratings = Counter(artists_of(part, ~np.isnan(part.tracks.ownership.manual)))
    able = {own for own in size if size[own] > 1 and size[own] > ratings[own]}

    for own in artists_of(part, to_ask(part, 100, seed)):
        worth = {one: size[one] ** 2 / (1 + ratings[one]) ** 2 for one in able}
        assert worth[own] == max(worth.values())
        ratings[own] += 1
        able = {one for one in able if size[one] > ratings[one]}

    assert not able


@given(SIZES, SEEDS)
def test_every_album_of_an_artist_has_its_turn_before_any_has_a_second(sizes, seed):
    part = part_of(*told(sizes))
    parent = part.tracks.items.parent
    rated = ~np.isnan(part.tracks.ownership.manual)
    rows = to_ask(part, 100, seed)

    for own in set(artists_of(part, rows)):
        albums = parent[rows[np.array(artists_of(part, rows)) == own]].tolist()
        once = len(set(albums))
        turns = [album in parent[rated] for album in albums[:once]]
        assert sorted(albums[:once]) == sorted(set(albums))
        assert turns == sorted(turns)


@given(SEEDS)
def test_five_tracks_of_one_artist_and_three_of_another(seed):
    part = part_of(
        artist("Few", album("a", *tracks("few", None, None, None))),
        artist("Many", album("b", *tracks("many", *5 * [None]))),
    )

    names = [title[:-2] for title in titles(part, to_ask(part, 9, seed))]

    # 5, 3, 5/2, 5/3, 3/2, 5/4, 1 or 1, squared
    assert names[:6] == ["many", "few", "many", "many", "few", "many"]
    assert sorted(names[6:]) == ["few", "many"]


@given(SEEDS)
def test_ratings_so_far_count_and_so_do_albums_without_any(seed):
    part = part_of(
        artist("A", album("a", *tracks("a", 8, 6, None, None))),
        artist(
            "B",
            album("heard", *tracks("heard", 4, None)),
            album("new", *tracks("new", None, None)),
        ),
        artist("C", album("c", *tracks("c", None))),
    )

    asked = [title[:-2] for title in titles(part, to_ask(part, 9, seed))]

    # A: 4/3, 4/4; B: 4/2, 4/3, 4/4; C has one track only.
    assert asked[0] == "new"
    assert sorted(asked[1:3]) == ["a", "heard"]
    assert sorted(asked[3:]) == ["a", "new"]


@pytest.mark.parametrize(
    "name",
    ["Various Artists", "various artists", "VA", "[Unknown Artist]", "Unknown", ""],
)
def test_what_is_no_artist_is_not_asked_for(name):
    assert not len(
        to_ask(part_of(artist(name, album("a", *tracks("t", None, None)))), 5, 0)
    )


def test_ratings_of_ours_are_asked_for_and_unreadable_ones_are_not():
    part = part_of(
        artist(
            "A",
            album(
                "a",
                track("ours", ours=7.33),
                track("unreadable", np.inf),
                track("rated", 8),
            ),
        )
    )

    assert titles(part, to_ask(part, 5, 0)) == ["ours"]


def test_a_recording_on_two_albums_is_one_and_filler_is_none():
    part = part_of(
        artist(
            "A",
            album(
                "first",
                track("Song", guid="1", duration=200_000),
                track("Intro", duration=30_000),
                track("Other", guid="3", duration=100_000),
            ),
            album(
                "best of",
                track("Song", guid="2", duration=201_000),
                track("Other", 6, guid="4", duration=100_000),
            ),
        ),
        artist("B", album("one", track("One"), track("Skit", duration=20_000))),
    )
    filler = Filler(shortest=25, words=("intro",))

    assert titles(part, to_ask(part, 9, 0, filler)) == ["Song"]
    assert set(titles(part, to_ask(part, 9, 0))) == {"Song", "Intro", "One", "Skit"}


def test_a_rating_of_filler_is_no_rating_so_far():
    part = part_of(
        artist("A", album("a", track("Intro", 2), *tracks("a", None, None, None))),
        artist("B", album("b", *tracks("b", None, None))),
    )

    asked = titles(part, to_ask(part, 2, 0, Filler(words=("intro",))))

    # Three tracks without a rating, and two.
    assert [title[0] for title in asked] == ["a", "b"]


def test_one_rating_answers_whatever_hangs_together():
    def song(title, guid):
        return track(title, guid=guid, duration=200_000)

    part = part_of(
        artist(
            "A",
            album("a", song("y", "3"), song("x", "1")),
            album("b", song("y", "2"), song("x", "4")),
        ),
        artist("B", album("c", song("x", "1"), song("z", "5"))),
        artist("C", album("d", song("x", "1"), song("y", "2"))),
    )

    # Guids 1 and 4 are one recording, and so are 2 and 3.
    assert sorted(titles(part, to_ask(part, 9, 0))) == ["x", "y", "z"]


def test_what_a_person_wants_left_alone_still_counts_as_a_track():
    part = read_part(
        library_of(
            items_of(Level.ARTIST, ["A", "B"], [-1, -1]),
            items_of(Level.ALBUM, ["a", "b"], [0, 1]),
            items_of(Level.TRACK, list("tuvwx"), [0, 0, 0, 1, 1]),
        )
    )
    off = np.array([True, True, False, False, False])
    part = replace(part, tracks=replace(part.tracks, hands_off=off))

    asked = titles(part, to_ask(part, 9, 0))

    assert asked[0] == "v"
    assert sorted(asked) == ["v", "w", "x"]
