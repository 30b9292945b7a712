"""A write that arrives when all else is done is ours, and no person's."""

import time

import pytest

from engine.errors import PlexUnreachable
from engine.library import Level
from engine.ownership import Owner
from engine.planning.undo_plan import Selection
from tasks.commands.undo import plan_undo
from tasks.machine import Machine
from tasks.record.rows import LATEST_ARRIVAL
from tasks.sync.reconcile import reconcile
from tasks.sync.record_lookup import recorded
from tasks.sync.steps import read
from tests.state_machine.plain_runs import undo_plainly
from tests.tasks.building import told_of
from tests.tasks.setup import context_for, plan_for, snapshot, write

TRACK = Level.TRACK
ONCE = {"method": "PUT", "path": "userRating", "times": 1}


@pytest.fixture
def send(plex, context, order):
    """Send a rating of which nobody hears; it arrives only if a test says so."""

    def send(track, points):
        part = snapshot(context)
        plan = plan_for(part, {track: points})
        order("reset_before", ONCE)
        with pytest.raises(PlexUnreachable):
            write(context, part, plan)
        plex.faults([])
        return part, plan

    return send


def owner_of(context, track):
    view = snapshot(context)[TRACK]
    (row,) = view.items.rows_of([track])
    return Owner(view.ownership.owner[row])


@pytest.mark.parametrize("ahead", [0, -7200, 7200])
def test_what_arrives_twice_is_ours(plex, context, tracks, send, ahead):
    write(context, *send(tracks[0], 7.33))
    snapshot(context)
    plex.set_clock(ahead)

    plex.rate(tracks[0], 7.33)  # Plex dates it later than what it answered
    owner = owner_of(context, tracks[0])
    plex.set_clock(0)

    assert owner == Owner.US


def test_what_arrives_over_a_later_value_is_ours(plex, context, tracks, send):
    part, _ = send(tracks[0], 7.33)
    write(context, part, plan_for(part, {tracks[0]: 4.0}))
    snapshot(context)

    plex.rate(tracks[0], 7.33)

    assert owner_of(context, tracks[0]) == Owner.US
    assert [row.value for row in context.store.shadows(TRACK)] == [7.33]


def test_what_arrives_after_an_undo_is_taken_back_by_the_next(
    plex, context, tracks, send
):
    send(tracks[0], 7.33)
    undo_plainly(context)
    known = recorded(context.store, TRACK)
    plex.rate(tracks[0], 7.33)

    again = undo_plainly(context)

    assert (known.shadows, known.expected) == ([], [])
    assert again.undone == 1
    assert told_of(plex, tracks[:1], "userRating") == [None]


def test_what_a_killed_process_sent_is_ours_though_another_one_undid_all(
    plex, record, tracks, order
):
    order("reset_before", ONCE)
    with context_for(plex, record) as context:
        part = snapshot(context)
        with pytest.raises(PlexUnreachable):
            write(context, part, plan_for(part, {tracks[0]: 7.33}))
    plex.faults([])
    with context_for(plex, record) as context:
        undo_plainly(context)
        plex.rate(tracks[0], 7.33)

        assert owner_of(context, tracks[0]) == Owner.US


def test_what_arrived_in_time_is_ours_though_nobody_looks_for_days(
    plex, context, tracks, send, monkeypatch
):
    send(tracks[0], 7.33)
    undo_plainly(context)
    plex.rate(tracks[0], 7.33)
    later = Machine(now=lambda: time.time() + 3 * 86400)
    monkeypatch.setattr(context.store, "machine", later)

    owners = [owner_of(context, tracks[0]) for _ in range(2)]

    assert owners == [Owner.US, Owner.US]
    assert not context.store.intents(TRACK)


def test_a_tag_that_arrives_late_is_no_persons(plex, context, tracks, order):
    part = snapshot(context)
    plan = plan_for(part, {tracks[0]: 7.33})
    order("reset_before", {"method": "PUT", "path": "mood", "times": 1})
    with pytest.raises(PlexUnreachable):
        write(context, part, plan)
    plex.faults([])
    undo_plainly(context)
    plex.mood(tracks[0], add="Rating_Inferred", lock=False)

    write(context, snapshot(context), plan)
    undo_plainly(context)

    assert told_of(plex, tracks[:1], "moods") == [[]]


def test_who_gives_our_value_much_later_takes_it_over(
    plex, context, tracks, send, monkeypatch
):
    write(context, *send(tracks[0], 7.33))
    snapshot(context)
    later = Machine(now=lambda: time.time() + 2 * LATEST_ARRIVAL)
    monkeypatch.setattr(context.store, "machine", later)
    plex.set_clock(2 * LATEST_ARRIVAL)

    plex.rate(tracks[0], 7.33)
    owner = owner_of(context, tracks[0])
    plex.set_clock(0)

    assert owner == Owner.TAKEN_OVER
    assert not context.store.intents(TRACK)


def test_another_value_is_a_persons_at_once(plex, context, tracks, send):
    write(context, *send(tracks[0], 7.33))
    snapshot(context)

    plex.rate(tracks[0], 8.0)

    assert owner_of(context, tracks[0]) == Owner.TAKEN_OVER
    assert told_of(plex, tracks[:1], "userRating") == [8.0]


def test_an_undo_that_takes_long_goes_by_the_time_of_each_look(
    plex, context, tracks, send, monkeypatch
):
    send(tracks[0], 7.33)
    undo_plainly(context)  # what was sent is only in doubt now
    plan = plan_undo(context, reconcile(context, read(context)), Selection())
    later = Machine(now=lambda: time.time() + 2 * LATEST_ARRIVAL)
    monkeypatch.setattr(context.store, "machine", later)
    plex.set_clock(2 * LATEST_ARRIVAL)
    plex.rate(tracks[0], 7.33)

    plan.apply(context)
    plex.set_clock(0)

    assert told_of(plex, tracks[:1], "userRating") == [7.33]
