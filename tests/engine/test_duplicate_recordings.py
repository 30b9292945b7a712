"""One recording on two albums is one opinion; filler is none."""

from dataclasses import replace

import numpy as np
import pytest

from engine.classic import Constants, Phase
from engine.hierarchical.evidence_filters import (
    Filler,
    doubles_of,
    duplicate_rating,
    filler_of,
    with_doubles,
    without_filler,
)
from engine.hierarchical.fitting import TREE_ONLY, fit
from engine.library import Level
from engine.planning.plan import RunParameters, make_plan
from tests.engine.parts import NAN, items_of, library_of, part_of

ALBUMS = ("one", "best of", "Live at home", "hits")
TRACKS = (
    # title, album, rating, seconds
    ("Song", 0, 8, 200),
    ("Song", 1, NAN, 201),
    ("Song", 2, NAN, 200),
    ("Song", 3, NAN, 200),
    ("Song (Remix)", 1, NAN, 200),
    ("Other", 0, 4, 100),
    ("Other", 1, NAN, 130),
    ("Other", 1, NAN, 0),
    ("Live and Let Die", 0, 2, 90),
    ("Live and Let Die", 1, NAN, 90),
)


def music():
    title, album, rating, seconds = map(list, zip(*TRACKS, strict=True))
    duration = 1000 * np.array(seconds)
    return part_of(
        library_of(
            items_of(Level.ARTIST, ["Band", "Various Artists"], [-1, -1]),
            items_of(Level.ALBUM, list(ALBUMS), [0, 0, 0, 1]),
            items_of(Level.TRACK, title, album, rating, duration=duration),
        )
    )


def test_only_what_is_the_same_beyond_doubt_is_a_double():
    assert doubles_of(music()).tolist() == [0, 0, 2, 3, 4, 5, 6, 7, 8, 9]


def test_an_unrated_track_hears_its_double_and_stays_unrated():
    part = with_doubles(music())

    assert duplicate_rating(part)[1] == 8
    assert np.flatnonzero(~np.isnan(duplicate_rating(part))).tolist() == [1]
    assert np.isnan(part.tracks.ownership.manual[1])


@pytest.mark.parametrize(
    ("title", "seconds", "is_filler"),
    [
        ("Intro", 100, True),
        ("The INTRO (part 1)", 100, True),
        ("Introduction", 100, False),
        ("Skit #2", 100, True),
        ("Phone call", 100, True),
        ("Song", 29, True),
        ("Song", 30, False),
        ("Song", 0, False),
        ("", 100, False),
    ],
)
def test_filler_is_short_or_named_as_such(title, seconds, is_filler):
    rules = Filler(shortest=30, words=("intro", "skit", "phone call"))
    duration = 1000 * np.array([seconds])

    found = filler_of(items_of(Level.TRACK, [title], [0], duration=duration), rules)

    assert found.tolist() == [is_filler]
    assert not filler_of(music().tracks.items, Filler()).any()


def test_a_rating_of_filler_is_no_evidence_but_still_a_persons():
    part = without_filler(music(), Filler(words=("other",)))
    parameters = RunParameters(6.0, 0.0, Constants())

    plan = make_plan(Phase.TRACK_DOWN, part, [], parameters)

    assert np.isnan(part.tracks.evidence[5])
    assert part.tracks.ownership.manual[5] == 4
    assert part.tracks.items.key[5] not in plan.key
    assert fit(part, TREE_ONLY).ratings == 2


def test_what_filler_says_is_not_heard_by_its_double_either():
    part = music()
    seconds = part.tracks.items.duration.copy()
    seconds[:2] = 20_000
    items = replace(part.tracks.items, duration=seconds)
    part = replace(part, tracks=replace(part.tracks, items=items))

    heard = with_doubles(without_filler(part, Filler(shortest=30)))

    assert np.isnan(heard.tracks.evidence[:2]).all()
