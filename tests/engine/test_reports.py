"""A report counts what was done and ranks artists, each of them once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.classic import Phase
from engine.library import Level
from engine.reports.confidence import mean_of
from engine.reports.run_report import (
    LetterResult,
    Outcome,
    PhaseCount,
    Ranked,
    Summary,
    ranking,
    summarize,
    taken_over,
)
from tests.engine.building import (
    album,
    applied,
    artist,
    parameters_of,
    part_of,
    parts_of,
    plans_of,
    track,
    tracks,
)

EXACTLY = parameters_of(tolerance=0.0)


def names(ranked):
    return [line.name for line in ranked]


def ranked(ratings, *count):
    part = part_of(*(artist(name) for name in ratings))
    held = [np.nan if r is None else r for r in ratings.values()]
    return ranking(part, np.array(held, np.float64), *count)


def summary(*, dry_run=False):
    counts = dict.fromkeys(("artists", "albums", "tracks", "manual_tracks"), 0)
    means = {"drift_tolerance": 0.0, "prior_before": 6.0, "prior_after": 6.0}
    return Summary(run_id="r", library="Music", dry_run=dry_run, **counts, **means)


@pytest.mark.parametrize(
    ("ratings", "count", "best", "worst"),
    [
        ({"A": 5.0, "B": 9.0, "C": 1.0, "D": 7.0, "E": 3.0}, 2, "BD", "CE"),
        pytest.param({"A": 1.0, "B": 2.0, "C": 3.0}, 2, "CB", "A", id="none twice"),
        pytest.param(dict.fromkeys("DACB", 5.0), 2, "AB", "CD", id="equal: by name"),
        pytest.param({"A": None, "B": 0.0, "C": 4.0}, 1, "C", "B", id="0 is a rating"),
    ],
)
def test_the_best_come_best_first_and_the_worst_worst_first(
    ratings, count, best, worst
):
    top, bottom = ranked(ratings, count)

    assert (names(top), names(bottom)) == (list(best), list(worst))


def test_ten_are_named_at_either_end():
    top, bottom = ranked({f"{n:02}": n / 3 for n in range(30)})

    assert names(top) == [f"{n:02}" for n in range(29, 19, -1)]
    assert names(bottom) == [f"{n:02}" for n in range(10)]


@given(st.lists(st.none() | st.floats(0, 10), max_size=25), st.integers(1, 12))
def test_no_artist_is_named_at_both_ends(ratings, count):
    top, bottom = ranked({f"{n}": r for n, r in enumerate(ratings)}, count)

    named = names(top) + names(bottom)
    assert len(set(named)) == len(named) <= 2 * count
    assert all(high.rating >= low.rating for high in top for low in bottom)


def test_a_line_tells_of_the_artists_own_albums_and_tracks():
    dorn = album("Dorn", *tracks("d", 8.0, 0.0, None), track("inferred", ours=6.0))
    quill = artist("Quill", album("Aurn", *tracks("q", 3.0)))
    part = part_of(quill, artist("Mirel", dorn, album("Fern"), rating=9.0))

    top, _ = ranking(part, np.array([5.0, 9.0]))

    assert top == [
        Ranked("Mirel", 9.0, albums=2, rated_tracks=2, is_manual=True),
        Ranked("Quill", 5.0, albums=1, rated_tracks=1, is_manual=False),
    ]


def test_albums_are_ranked_under_their_artists_name():
    dorn = album("Dorn", *tracks("d", 8.0, None), rating=3.0)
    part = part_of(artist("Mirel", dorn, album("Aurn")))

    best, worst = ranking(part, np.array([3.0, 7.0]), 1, Level.ALBUM)

    assert best == [Ranked("Mirel – Aurn", 7.0, 1, rated_tracks=0, is_manual=False)]
    assert worst == [Ranked("Mirel – Dorn", 3.0, 1, rated_tracks=1, is_manual=True)]


@pytest.mark.parametrize(
    ("ratings", "mean"),
    [([2.0, np.nan, 4.0], 3.0), ([0.0, 4.0], 2.0), ([np.nan], None), ([], None)],
)
def test_the_mean_is_of_what_is_rated_be_it_a_0(ratings, mean):
    assert mean_of(np.array(ratings, np.float64)) == mean


def test_ratings_that_persons_took_over_are_counted_at_every_level():
    tracks = track("Vesk", 2.0, recorded=6.0), track("Orl", ours=6.0), track("T", 2.0)
    dorn = album("Dorn", *tracks, rating=3.0, recorded=6.0)
    aurn = album("Aurn", recorded=6.0)
    part = part_of(artist("Mirel", dorn, aurn, rating=1.0, recorded=6.0))

    assert taken_over(part) == 3


def test_the_counts_of_letters_add_up():
    about = summary()

    about.count("A", "1 album-up", PhaseCount(5, 4, 3, 2))
    about.count("B", "1 album-up", PhaseCount(50, 40, 30, 20))
    about.count("B", "2 artist-up", PhaseCount(1, 1, 0, 0))

    assert about.phases == {
        "1 album-up": PhaseCount(55, 44, 33, 22),
        "2 artist-up": PhaseCount(1, 1, 0, 0),
    }
    assert about.letters["B"]["1 album-up"] == PhaseCount(50, 40, 30, 20)
    assert (about.planned, about.written) == (56, 45)
    assert (about.kept_by_drift, about.cleared) == (33, 22)


HOUSE = [
    artist("Mirel", album("Dorn", track("Vesk", 10.0), track("Orl", recorded=3.0))),
    artist("Quill", album("Aurn", track("Glin", ours=2.0))),
]


def outcome_of(artists, **facts):
    parts = parts_of(*artists).items()
    return Outcome({letter: plans_of(part, EXACTLY) for letter, part in parts}, **facts)


def test_a_dry_run_tells_what_a_live_one_would_come_to():
    outcome = outcome_of(HOUSE)
    before = part_of(*HOUSE)
    plans = [plan for plans in outcome.plans.values() for plan in plans]
    after = part_of(*applied(HOUSE, plans))

    dry = summarize(summary(dry_run=True), before, before, outcome)
    live = summarize(summary(), before, after, outcome)

    assert (dry.mean_before, dry.mean_after) == (6.0, 23 / 3)
    assert (live.mean_before, live.mean_after) == (6.0, 23 / 3)
    assert dry.top == live.top
    assert (dry.planned, dry.written, dry.failed, dry.cleared) == (6, 0, 0, 1)
    assert (live.planned, live.cleared) == (6, 1)
    assert dry.failed_ratings == {}


def test_what_was_seen_in_plex_is_counted_where_it_was_planned():
    part = part_of(*HOUSE)
    outcome = outcome_of(HOUSE, seen={("M", Phase.TRACK_DOWN): 1})

    live = summarize(summary(), part, part, outcome)

    assert live.letters["M"]["4 track-down"] == PhaseCount(1, 1, 0, 1)
    assert live.letters["Q"]["4 track-down"] == PhaseCount(1, 0, 0, 0)
    assert live.written == 1


def test_only_what_neither_arrived_nor_had_a_reason_has_failed():
    results = {"M": LetterResult(released=4), "Q": LetterResult()}
    seen = {("M", Phase.ALBUM_UP): 1, ("M", Phase.ARTIST_UP): 1}
    overtaken = track("Orl", 9.0, intended=6.0)
    after = part_of(
        artist("Mirel", album("Dorn", track("Vesk", 10.0), overtaken)),
        artist("Quill", album("Aurn", track("another"))),
    )
    outcome = outcome_of(HOUSE, results=results, seen=seen)

    live = summarize(summary(), part_of(*HOUSE), after, outcome)

    assert (live.planned, live.written, live.failed) == (6, 2, 2)
    assert (live.taken_over, live.gone) == (5, 1)


def test_what_failed_is_counted_by_letter_and_the_reason_named():
    part, failures = part_of(*HOUSE), {"Q": "the server is away"}
    seen = {("M", phase): 1 for phase in Phase}

    live = summarize(
        summary(), part, part, outcome_of(HOUSE, seen=seen, failures=failures)
    )

    assert live.failed_letters == failures
    planned = sum(counted.planned for counted in live.letters["Q"].values())
    assert live.failed_ratings["Q"] == planned
    assert sum(live.failed_ratings.values()) == live.failed
