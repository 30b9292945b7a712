"""The record is held against Plex: followed, kept, dropped, and missed if lost."""

import time
from dataclasses import replace

import numpy as np
import pytest

from engine.classic import Phase
from engine.errors import PlexUnreachable
from engine.library import Level
from engine.ownership import Owner
from tasks.record.rows import LATEST_ARRIVAL
from tasks.record.tables import IntentRow, ShadowRow
from tasks.sync.reconcile import snapshot_of
from tasks.sync.record_lookup import recorded
from tasks.sync.steps import read_library
from tests.tasks.building import batch_of, item_in, sure_of
from tests.tasks.setup import infer, plan_for, snapshot, write

TRACK = Level.TRACK


def owners_of(context, keys):
    """Return whose ratings of tracks are, as a look tells without changing."""
    library = read_library(context.gateway)
    owner = snapshot_of(context, library)[TRACK].owner
    return [Owner(owner[row]) for row in library.tracks.rows_of(np.array(keys))]


def promise(context, part, wishes, now):
    """Promise ratings and send nothing."""
    plan = plan_for(part, wishes)
    look = context.gateway.fetch_items(plan.key)[TRACK]
    for row, points in enumerate(plan.after.tolist()):
        one = look.take(np.array([row]))
        context.store.record_intents([batch_of(one, points)], one, "T", "run 1", now)


def test_a_kept_promise_becomes_a_rating_of_ours(plex, context, tracks):
    infer(context, {tracks[0]: 7.33})

    (row,) = context.store.shadows(TRACK)
    known = item_in(plex, tracks[0])
    assert (row.guid, row.key, row.value) == (known["guid"], tracks[0], 7.33)
    assert (row.phase, row.run_id) == (Phase.TRACK_DOWN, "run 1")
    assert row.seen_at == known["lastRatedAt"]
    assert abs(row.written_at - time.time()) < 60
    assert recorded(context.store, TRACK).expected == []


def test_a_promise_that_plex_kept_without_saying_so_stays_open_and_is_ours(
    context, tracks, order
):
    part = snapshot(context)
    order("reset_after", {"method": "PUT", "path": "userRating"})
    with pytest.raises(PlexUnreachable):
        write(context, part, plan_for(part, {tracks[0]: 7.33}))

    ownership = snapshot(context).tracks.ownership

    assert list(ownership.ours[ownership.unsure]) == [7.33]
    assert [row.after for row in recorded(context.store, TRACK).expected] == [7.33]
    assert context.store.shadows(TRACK) == []


@pytest.mark.parametrize(
    ("age", "stays"),
    [(0, True), (LATEST_ARRIVAL / 2, True), (LATEST_ARRIVAL + 9, False)],
)
def test_a_broken_promise_is_dropped_when_it_is_old(context, tracks, age, stays):
    promise(context, snapshot(context), {tracks[0]: 7.33}, now=time.time() - age)

    snapshot(context)

    assert len(recorded(context.store, TRACK).expected) == stays
    assert context.store.shadows(TRACK) == []


def test_a_promise_that_a_person_overtook_stays_until_it_is_released(
    plex, context, tracks
):
    promise(context, snapshot(context), {tracks[0]: 7.33}, now=0)
    plex.rate(tracks[0], 3.0)

    snapshot(context)

    assert len(recorded(context.store, TRACK).expected) == 1
    assert owners_of(context, tracks[:1]) == [Owner.TAKEN_OVER]


def test_a_look_settles_nothing(context, tracks):
    part = snapshot(context)
    write(context, part, plan_for(part, {tracks[0]: 7.33}))

    assert owners_of(context, tracks[:1]) == [Owner.WRITTEN]
    assert len(recorded(context.store, TRACK).expected) == 1


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
    plex, context, tracks, points, owner
):
    infer(context, dict.fromkeys(tracks, 7.33))
    plex.rate(tracks[0], points)

    assert owners_of(context, tracks) == [owner, Owner.US, Owner.US]


def test_a_rating_that_nobody_recorded_is_a_persons(plex, context, tracks):
    plex.rate(tracks[0], 7.33)

    assert owners_of(context, tracks) == [Owner.PERSON, Owner.NOBODY, Owner.NOBODY]


def test_how_sure_a_rating_was_is_promised_and_kept_with_it(plex, context, tracks):
    part = snapshot(context)
    plan = plan_for(part, dict.fromkeys(tracks, 7.33))
    count = len(tracks)
    columns = {"sd": 1.5, "low": 5.5, "high": 9.0, "good": 0.8, "poor": 0.1}
    sure = {name: np.full(count, value) for name, value in columns.items()}
    ratings = np.arange(count)
    estimates = replace(plan.estimates, **sure, ratings=ratings)

    write(context, part, replace(plan, estimates=estimates))
    intended = sure_of(context.store, IntentRow)
    snapshot(context)
    kept = sure_of(context.store, ShadowRow)

    for rows in (intended, kept):
        assert sorted(row["ratings"] for row in rows) == ratings.tolist()
        assert {tuple(row[name] for name in columns) for row in rows} == {
            tuple(columns.values())
        }
        assert {row["confidence"] for row in rows} == {None}
