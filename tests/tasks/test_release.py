"""What a person took over is given up: our tag goes, and all else stays."""

import pytest

from engine.edits import ASSUMED, Capabilities
from engine.errors import PlexUnreachable
from engine.library import Level
from tests.tasks.building import item_in, told_of
from tests.tasks.setup import context_for, infer, snapshot, write

TAG = "Rating_Inferred"
EDIT = {"method": "PUT"}


def recorded(context):
    """Return the guids of which anything at all is recorded."""
    store = context.store
    rows = [
        *store.shadows(Level.TRACK),
        *store.intents(Level.TRACK),
        *store.marks(Level.TRACK),
    ]
    return {row.guid for row in rows}


def guids(plex, keys):
    return set(told_of(plex, keys, "guid"))


@pytest.mark.parametrize("points", [0.0, 3.0, 7.33])
def test_a_rating_that_a_person_took_over_loses_our_tag(plex, context, tracks, points):
    infer(context, dict.fromkeys(tracks, 7.33))
    plex.rate(tracks[0], points)

    result = write(context, snapshot(context))

    released = item_in(plex, tracks[0])
    assert result.released == 1
    assert (released["userRating"], released["moods"]) == (points, [])
    assert item_in(plex, tracks[1])["moods"] == [TAG]
    assert recorded(context) == guids(plex, tracks[1:])

    plex.clear_log()
    assert write(context, snapshot(context)).released == 0
    assert plex.counts()["writes"] == 0


@pytest.mark.parametrize(
    ("locked", "came_later"), [(True, False), (False, False), (True, True)]
)
def test_a_released_item_keeps_its_other_moods_and_its_lock(
    plex, context, tracks, locked, came_later
):
    if came_later:
        infer(context, dict.fromkeys(tracks, 7.33))
    plex.mood(tracks[0], add="Calm", lock=locked)
    infer(context, dict.fromkeys(tracks, 7.33))
    plex.rate(tracks[0], 3.0)

    write(context, snapshot(context))

    assert item_in(plex, tracks[0])["moods"] == ["Calm"]
    assert item_in(plex, tracks[0])["locks"] == ["mood"] * locked


def test_a_tag_that_a_person_had_set_before_us_stays(plex, context, tracks):
    plex.mood(tracks[0], add=TAG)
    infer(context, dict.fromkeys(tracks, 7.33))
    plex.rate(tracks[0], 3.0)

    write(context, snapshot(context))

    assert item_in(plex, tracks[0])["moods"] == [TAG]
    assert item_in(plex, tracks[0])["locks"] == ["mood"]
    assert recorded(context) == guids(plex, tracks[1:])


def test_it_is_the_tag_of_then_that_goes(plex, context, record, tracks):
    infer(context, dict.fromkeys(tracks, 7.33))
    plex.rate(tracks[0], 3.0)

    with context_for(plex, record, inferred_tag="Guessed") as later:
        write(later, snapshot(later))

    assert item_in(plex, tracks[0])["moods"] == []


def test_where_no_tag_was_given_none_is_taken(plex, record, tracks):
    plex.mood(tracks[0], add=TAG, lock=False)
    with context_for(plex, record, inferred_tag="") as context:
        infer(context, dict.fromkeys(tracks, 7.33))
        plex.rate(tracks[0], 3.0)
        plex.clear_log()

        result = write(context, snapshot(context))

    assert result.released == 1
    assert plex.counts()["writes"] == 0
    assert item_in(plex, tracks[0])["moods"] == [TAG]


@pytest.mark.parametrize(("size", "requests"), [(25, 1), (2, 2), (1, 3)])
def test_many_are_released_in_few_requests(plex, record, tracks, size, requests):
    with context_for(plex, record, cooldown_batch=size) as context:
        infer(context, dict.fromkeys(tracks, 7.33))
        for key in tracks:
            plex.rate(key, 3.0)
        part = snapshot(context)
        plex.clear_log()
        context.executor.capabilities = Capabilities()

        result = write(context, part)

    assert result.released == 3
    assert plex.counts()["writes"] == requests


def test_on_a_server_that_was_never_tried_each_is_released_by_itself(
    plex, record, tracks
):
    with context_for(plex, record) as context:
        infer(context, dict.fromkeys(tracks, 7.33))
        for key in tracks:
            plex.rate(key, 3.0)
        part = snapshot(context)
        plex.clear_log()
        context.executor.capabilities = ASSUMED

        write(context, part)

    assert plex.counts()["writes"] == 3


@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
def test_a_release_that_breaks_off_is_completed_by_the_next_attempt(
    plex, context, tracks, order, fault
):
    infer(context, dict.fromkeys(tracks, 7.33))
    plex.rate(tracks[0], 3.0)
    part = snapshot(context)
    order(fault, {**EDIT, "times": 1})

    with pytest.raises(PlexUnreachable):
        write(context, part)
    still_recorded = recorded(context)
    result = write(context, part)

    assert still_recorded == guids(plex, tracks)
    assert result.released == 1
    assert item_in(plex, tracks[0])["moods"] == []
    assert recorded(context) == guids(plex, tracks[1:])


def test_an_item_that_is_gone_can_be_released(plex, context, tracks):
    infer(context, dict.fromkeys(tracks, 7.33))
    plex.rate(tracks[0], 3.0)
    part, expected = snapshot(context), guids(plex, tracks[1:])
    plex.delete([tracks[0]])

    result = write(context, part)

    assert result.released == 1
    assert recorded(context) == expected


@pytest.mark.parametrize("rekeyed", [None, 0, 1])
def test_all_items_that_share_a_rating_are_released_together(
    plex, context, twins, rekeyed
):
    infer(context, {twins[0]: 7.33})
    if rekeyed is not None:
        twins[rekeyed] = plex.rekey([twins[rekeyed]])[twins[rekeyed]]
    plex.rate(twins[0], 3.0)

    result = write(context, snapshot(context))

    assert result.released == 1
    assert told_of(plex, twins, "moods") == [[], []]


def test_a_twin_may_be_deleted(plex, context, twins):
    infer(context, {twins[0]: 7.33})
    plex.delete([twins[0]])

    snapshot(context)

    assert recorded(context) == guids(plex, twins[1:])
