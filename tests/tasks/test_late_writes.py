"""A write that arrives after all, when it was made again already, is nobody else's."""

import time

import pytest

from engine.errors import PlexUnreachable
from engine.library import Level
from engine.ownership import Owner
from tasks import remembering
from tests.tasks.building import told_of
from tests.tasks.stage import bench_for, plan_for, stock, write

ONCE = {"method": "PUT", "path": "userRating", "times": 1}


@pytest.fixture
def owner_of(bench):
    """Tell who owns a track after it was written twice and something came late."""

    def owner_of(track, arrive):
        part = stock(bench)
        plan = plan_for(part, {track: 7.33})
        with pytest.raises(PlexUnreachable):
            write(bench, part, plan)
        write(bench, part, plan)
        stock(bench)
        arrive()
        shelf = stock(bench)[Level.TRACK]
        return shelf.standing.owner[shelf.items.rows_of(plan.key)]

    return owner_of


def test_what_arrives_twice_is_ours(plex, tracks, order, owner_of):
    order("reset_before", ONCE)

    # The first write was only delayed: Plex gives the same once more, dated later.
    owner = owner_of(tracks[0], lambda: plex.rate(tracks[0], 7.33))

    assert owner == Owner.US


def test_who_confirms_our_value_much_later_takes_it_over(
    plex, tracks, order, owner_of, monkeypatch
):
    monkeypatch.setattr(remembering, "LATEST_ARRIVAL", 0.0)
    order("reset_before", ONCE)

    def confirm():
        time.sleep(1.1)  # Plex dates by the second
        plex.rate(tracks[0], 7.33)

    assert owner_of(tracks[0], confirm) == Owner.TAKEN_OVER


def test_another_value_is_a_persons_at_once(plex, tracks, order, owner_of):
    order("reset_before", ONCE)

    assert owner_of(tracks[0], lambda: plex.rate(tracks[0], 8.0)) == Owner.TAKEN_OVER
    assert told_of(plex, tracks[:1], "userRating") == [8.0]


def test_what_arrives_twice_is_ours_though_another_process_comes_to_see_it(
    plex, record, tracks, order
):
    order("reset_before", ONCE)
    with bench_for(plex, record) as bench:
        part = stock(bench)
        plan = plan_for(part, {tracks[0]: 7.33})
        with pytest.raises(PlexUnreachable):
            write(bench, part, plan)
        write(bench, part, plan)

    with bench_for(plex, record) as bench:
        stock(bench)
        plex.rate(tracks[0], 7.33)
        shelf = stock(bench)[Level.TRACK]

    assert shelf.standing.owner[shelf.items.rows_of(plan.key)] == Owner.US
