"""A write that arrives when all else is done is ours, and no person's."""

import time

import pytest

from engine.errors import PlexUnreachable
from engine.library import Level
from engine.ownership import Owner
from engine.planning.undo_plan import Selection
from tasks.commands.undo import undo
from tasks.record import in_doubt as stragglers
from tests.tasks.building import told_of
from tests.tasks.stage import bench_for, plan_for, stock, write

TRACK = Level.TRACK
ONCE = {"method": "PUT", "path": "userRating", "times": 1}


@pytest.fixture
def send(plex, bench, order):
    """Send a rating of which nobody hears; it arrives only if a test says so."""

    def send(track, points):
        part = stock(bench)
        plan = plan_for(part, {track: points})
        order("reset_before", ONCE)
        with pytest.raises(PlexUnreachable):
            write(bench, part, plan)
        plex.faults([])
        return part, plan

    return send


def owner_of(bench, track):
    shelf = stock(bench)[TRACK]
    (row,) = shelf.items.rows_of([track])
    return Owner(shelf.standing.owner[row])


def test_what_arrives_twice_is_ours(plex, bench, tracks, send):
    write(bench, *send(tracks[0], 7.33))
    stock(bench)

    plex.rate(tracks[0], 7.33)  # Plex dates it later than what it answered

    assert owner_of(bench, tracks[0]) == Owner.US


def test_what_arrives_over_a_later_value_is_ours(plex, bench, tracks, send):
    part, _ = send(tracks[0], 7.33)
    write(bench, part, plan_for(part, {tracks[0]: 4.0}))
    stock(bench)

    plex.rate(tracks[0], 7.33)

    assert owner_of(bench, tracks[0]) == Owner.US
    assert [row.value for row in bench.store.shadows(TRACK)] == [7.33]


def test_what_arrives_after_an_undo_is_taken_back_by_the_next(
    plex, bench, tracks, send
):
    send(tracks[0], 7.33)
    undo(bench, Selection())
    gone = bench.store.shadows(TRACK), bench.store.intents(TRACK)
    plex.rate(tracks[0], 7.33)

    again = undo(bench, Selection())

    assert gone == ([], [])
    assert again.undone == 1
    assert told_of(plex, tracks[:1], "userRating") == [None]


def test_what_a_killed_process_sent_is_ours_though_another_one_undid_all(
    plex, record, tracks, order
):
    order("reset_before", ONCE)
    with bench_for(plex, record) as bench:
        part = stock(bench)
        with pytest.raises(PlexUnreachable):
            write(bench, part, plan_for(part, {tracks[0]: 7.33}))
    plex.faults([])
    with bench_for(plex, record) as bench:
        undo(bench, Selection())
        plex.rate(tracks[0], 7.33)

        assert owner_of(bench, tracks[0]) == Owner.US


def test_what_arrived_in_time_is_ours_though_nobody_looks_for_days(
    plex, bench, tracks, send, monkeypatch
):
    send(tracks[0], 7.33)
    undo(bench, Selection())
    plex.rate(tracks[0], 7.33)
    now = time.time()
    monkeypatch.setattr(stragglers.time, "time", lambda: now + 3 * 86400)

    owners = [owner_of(bench, tracks[0]) for _ in range(2)]

    assert owners == [Owner.US, Owner.US]
    assert not bench.store.stragglers(TRACK)


def test_a_tag_that_arrives_late_is_no_persons(plex, bench, tracks, order):
    part = stock(bench)
    plan = plan_for(part, {tracks[0]: 7.33})
    order("reset_before", {"method": "PUT", "path": "mood", "times": 1})
    with pytest.raises(PlexUnreachable):
        write(bench, part, plan)
    plex.faults([])
    undo(bench, Selection())
    plex.mood(tracks[0], add="Rating_Inferred", lock=False)

    write(bench, stock(bench), plan)
    undo(bench, Selection())

    assert told_of(plex, tracks[:1], "moods") == [[]]


def test_who_gives_our_value_much_later_takes_it_over(
    plex, bench, tracks, send, monkeypatch
):
    write(bench, *send(tracks[0], 7.33))
    stock(bench)
    monkeypatch.setattr(stragglers, "LATEST_ARRIVAL", 0.0)
    time.sleep(1.1)  # Plex dates by the second

    plex.rate(tracks[0], 7.33)

    assert owner_of(bench, tracks[0]) == Owner.TAKEN_OVER
    assert not bench.store.stragglers(TRACK)


def test_another_value_is_a_persons_at_once(plex, bench, tracks, send):
    write(bench, *send(tracks[0], 7.33))
    stock(bench)

    plex.rate(tracks[0], 8.0)

    assert owner_of(bench, tracks[0]) == Owner.TAKEN_OVER
    assert told_of(plex, tracks[:1], "userRating") == [8.0]
