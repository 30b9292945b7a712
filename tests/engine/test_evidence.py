"""Only ratings that persons gave count, each once, beneath its own parents."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evidence import MEAN_WITHOUT_RATINGS, library_mean, tally
from engine.library import Level
from tests.engine.building import (
    album,
    artist,
    library_of,
    part_of,
    parts_of,
    track,
    tracks,
)
from tests.engine.libraries import libraries, libraries_with_twins, renumbered


def counted(part):
    """Tally the tracks beneath each album: title to count and sum."""
    found = tally(part.tracks, part.tracks.items.parent, len(part.albums))
    numbers = zip(found.count.tolist(), found.total.tolist(), strict=True)
    return dict(zip(part.albums.items.title, numbers, strict=True))


def test_ratings_are_counted_and_summed_beneath_each_parent():
    dorn = album("Dorn", *tracks("d", 10.0, 8.0, None))
    part = part_of(artist("Mirel", dorn, album("Aurn", *tracks("a", None)), album("B")))

    assert counted(part) == {"Dorn": (2, 18.0), "Aurn": (0, 0.0), "B": (0, 0.0)}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param({"rating": 8.0}, (1, 8.0), id="a person's"),
        pytest.param({"rating": 0.0}, (1, 0.0), id="a person's 0"),
        pytest.param({"rating": 8.0, "recorded": 5.0}, (1, 8.0), id="taken over"),
        pytest.param({"rating": 8.0, "intended": 5.0}, (1, 8.0), id="faster than us"),
        pytest.param({}, (0, 0.0), id="unrated"),
        pytest.param({"ours": 8.0}, (0, 0.0), id="ours"),
        pytest.param({"recorded": 8.0}, (0, 0.0), id="removed"),
        pytest.param({"rating": 8.0, "intended": 8.0}, (0, 0.0), id="just arrived"),
        pytest.param(
            {"rating": 8.0, "intended": 5.0, "before": 8.0}, (0, 0.0), id="not arrived"
        ),
    ],
)
def test_only_a_persons_rating_counts(facts, expected):
    part = part_of(artist("Mirel", album("Dorn", track("Vesk", **facts))))

    assert counted(part) == {"Dorn": expected}


def test_ratings_shared_by_a_guid_count_once_beneath_each_parent():
    part = part_of(
        artist(
            "Mirel",
            album("Dorn", track("a", 9.0, guid="x"), track("b", 9.0, guid="x")),
            album("Aurn", track("c", 9.0, guid="x"), track("d", 1.0)),
        )
    )

    assert counted(part) == {"Dorn": (1, 9.0), "Aurn": (2, 10.0)}


@given(libraries_with_twins(), st.randoms(use_true_random=False))
def test_counting_comes_to_what_it_does_by_hand(artists, random):
    part = part_of(*renumbered(artists, random))
    view, by_hand = part.tracks, defaultdict(dict)
    for parent, guid, rating in zip(
        view.items.parent, view.items.guid, view.ownership.manual, strict=True
    ):
        if not np.isnan(rating):
            by_hand[parent][guid] = rating

    found = tally(view, view.items.parent, len(part.albums))

    counts = [by_hand[row] for row in range(len(part.albums))]
    assert found.count.tolist() == [len(ratings) for ratings in counts]
    assert found.total.tolist() == [sum(ratings.values()) for ratings in counts]


def test_evidence_adds_up():
    part = part_of(artist("Mirel", album("Dorn", *tracks("d", 10.0, 8.0), rating=3.0)))
    nobody = np.zeros(2, np.int64)

    both = tally(part.tracks, nobody, 1) + tally(part.albums, nobody[:1], 1)

    assert (both.count.tolist(), both.total.tolist()) == ([3], [21.0])


def test_what_is_assumed_without_any_rating_is_three_stars():
    assert MEAN_WITHOUT_RATINGS / 2 == 3.0


def test_an_empty_library_has_no_mean_and_no_parts():
    part = part_of()

    assert library_mean(part.tracks) is None
    assert parts_of() == {}


def test_a_part_is_all_artists_of_a_letter_with_everything_beneath():
    parts = parts_of(
        artist("Mirel", album("Dorn", track("Vesk"), track("Orl")), album("Loose")),
        artist("moss", album("Fern", track("Trem"))),
        artist("808"),
    )

    held = {
        letter: [sorted(part[level].items.title) for level in Level]
        for letter, part in parts.items()
    }
    assert held == {
        "#": [["808"], [], []],
        "M": [["Mirel", "moss"], ["Dorn", "Fern", "Loose"], ["Orl", "Trem", "Vesk"]],
    }


def test_an_item_speaks_for_its_twins_under_all_letters():
    parts = parts_of(
        artist("Mirel", album("Dorn", track("a", guid="x"), track("b"))),
        artist("Quill", album("Aurn", track("c", guid="x"), track("d"))),
    )

    leads = {letter: part.tracks.is_primary.tolist() for letter, part in parts.items()}

    assert leads == {"M": [True, True], "Q": [False, True]}


def family(part, level):
    """Return every item of a level with its owner and its ancestors, by guid."""
    rows = np.arange(len(part[level]))
    columns = [part[level].ownership.owner]
    for storey in reversed([storey for storey in Level if storey <= level]):
        items = part[storey].items
        columns.append(items.guid[rows])
        rows = items.parent[rows]
    return list(zip(*(column.tolist() for column in columns), strict=True))


def families(parts):
    return sorted(line for p in parts for level in Level for line in family(p, level))


@given(libraries())
def test_every_item_is_in_exactly_one_part_beneath_its_own_parents(artists):
    parts = parts_of(*artists).values()

    assert families(parts) == families([part_of(*artists)])
    for part in parts:
        for level in Level:
            assert (np.diff(part[level].items.key) > 0).all()


@given(libraries())
def test_the_artist_of_an_item_gives_it_its_letter(artists):
    library = library_of(*artists)

    letters = {
        (level, guid): letter
        for level in Level
        for guid, letter in zip(
            library[level].guid, library.letters(level), strict=True
        )
    }

    assert letters == {
        (level, guid): letter
        for letter, part in parts_of(*artists).items()
        for level in Level
        for guid in part[level].items.guid
    }
