"""The record is held against Plex: followed, kept, dropped, and missed if lost."""

import time
from dataclasses import replace

import numpy as np
import pytest

from engine.classic import Phase
from engine.errors import PlexUnreachable
from engine.library import Level
from engine.ownership import Owner
from tasks.record.tables import IntentRow, ShadowRow
from tasks.sync.reader import read_library
from tasks.sync.reconcile import (
    LATEST_ARRIVAL,
    remember,
    stand,
)
from tests.tasks.building import batch_of, item_in, sure_of
from tests.tasks.stage import infer, plan_for, stock, write

TRACK = Level.TRACK


def owners_of(bench, keys):
    """Return whose ratings of tracks are, as a look tells without changing."""
    library = read_library(bench.gateway)
    owner = stand(library, remember(bench.store, library, live=False))[TRACK].owner
    return [Owner(owner[row]) for row in library.tracks.rows_of(np.array(keys))]


def promise(bench, part, wishes, now):
    """Promise ratings and send nothing."""
    plan = plan_for(part, wishes)
    look = bench.gateway.look(plan.key)[TRACK]
    for row, points in enumerate(plan.after.tolist()):
        one = look.take(np.array([row]))
        bench.store.intend([batch_of(one, points)], one, "T", "run 1", now)


def test_a_kept_promise_becomes_a_rating_of_ours(plex, bench, tracks):
    infer(bench, {tracks[0]: 7.33})

    (row,) = bench.store.shadows(TRACK)
    known = item_in(plex, tracks[0])
    assert (row.guid, row.key, row.value) == (known["guid"], tracks[0], 7.33)
    assert (row.phase, row.run_id) == (Phase.TRACK_DOWN, "run 1")
    assert row.seen_at == known["lastRatedAt"]
    assert abs(row.written_at - time.time()) < 60
    assert bench.store.intents(TRACK) == []


def test_a_promise_that_plex_kept_without_saying_so_stays_open_and_is_ours(
    bench, tracks, order
):
    part = stock(bench)
    order("reset_after", {"method": "PUT", "path": "userRating"})
    with pytest.raises(PlexUnreachable):
        write(bench, part, plan_for(part, {tracks[0]: 7.33}))

    standing = stock(bench).tracks.standing

    assert list(standing.ours[standing.unsure]) == [7.33]
    assert [row.after for row in bench.store.intents(TRACK)] == [7.33]
    assert bench.store.shadows(TRACK) == []


@pytest.mark.parametrize(
    ("age", "stays"),
    [(0, True), (LATEST_ARRIVAL / 2, True), (LATEST_ARRIVAL + 9, False)],
)
def test_a_broken_promise_is_dropped_when_it_is_old(bench, tracks, age, stays):
    promise(bench, stock(bench), {tracks[0]: 7.33}, now=time.time() - age)

    stock(bench)

    assert len(bench.store.intents(TRACK)) == stays
    assert bench.store.shadows(TRACK) == []


def test_a_promise_that_a_person_overtook_stays_until_it_is_released(
    plex, bench, tracks
):
    promise(bench, stock(bench), {tracks[0]: 7.33}, now=0)
    plex.rate(tracks[0], 3.0)

    stock(bench)

    assert len(bench.store.intents(TRACK)) == 1
    assert owners_of(bench, tracks[:1]) == [Owner.TAKEN_OVER]


def test_a_look_settles_nothing(bench, tracks):
    part = stock(bench)
    write(bench, part, plan_for(part, {tracks[0]: 7.33}))

    assert owners_of(bench, tracks[:1]) == [Owner.WRITTEN]
    assert len(bench.store.intents(TRACK)) == 1


@pytest.mark.parametrize(
    ("points", "owner"),
    [
        (None, Owner.CLEARED),
        (0.0, Owner.TAKEN_OVER),
        (7.33, Owner.TAKEN_OVER),
        (7.36, Owner.TAKEN_OVER),
    ],
)
def test_what_a_person_does_to_a_rating_of_ours_is_noticed(
    plex, bench, tracks, points, owner
):
    infer(bench, dict.fromkeys(tracks, 7.33))
    plex.rate(tracks[0], points)

    assert owners_of(bench, tracks) == [owner, Owner.US, Owner.US]


def test_a_rating_that_nobody_recorded_is_a_persons(plex, bench, tracks):
    plex.rate(tracks[0], 7.33)

    assert owners_of(bench, tracks) == [Owner.PERSON, Owner.NOBODY, Owner.NOBODY]


def test_how_sure_a_rating_was_is_promised_and_kept_with_it(plex, bench, tracks):
    part = stock(bench)
    plan = plan_for(part, dict.fromkeys(tracks, 7.33))
    count = len(tracks)
    columns = {"sd": 1.5, "low": 5.5, "high": 9.0, "good": 0.8, "poor": 0.1}
    sure = {name: np.full(count, value) for name, value in columns.items()}
    ratings = np.arange(count)
    estimates = replace(plan.estimates, **sure, ratings=ratings)

    write(bench, part, replace(plan, estimates=estimates))
    promised = sure_of(bench.store, IntentRow)
    stock(bench)
    kept = sure_of(bench.store, ShadowRow)

    for rows in (promised, kept):
        assert sorted(row["ratings"] for row in rows) == ratings.tolist()
        assert {tuple(row[name] for name in columns) for row in rows} == {
            tuple(columns.values())
        }
        assert {row["confidence"] for row in rows} == {None}
