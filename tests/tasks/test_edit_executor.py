"""Few requests where the server can be trusted, and no harm where it cannot."""

import numpy as np
import pytest

from engine.edits import ASSUMED, Capabilities, Edit, EditMode
from engine.errors import PlexRefused, PlexUnreachable, RequestTooLong
from engine.library import Level
from tasks.plex.edits import EditExecutor, Throttle
from tests.tasks.building import item_in, told_of
from tests.tasks.setup import context_for, plan_for, snapshot, write

TAG = "Rating_Inferred"
BATCH, SINGLE, UNSUPPORTED = EditMode.BATCH, EditMode.SINGLE, EditMode.UNSUPPORTED
GUARDED = Capabilities(has_conditional_edits=True)


@pytest.fixture
def executor_of(gateway):
    """Write as a server's abilities allow, with rests that take no time."""

    def executor_of(capabilities=ASSUMED, burst=0):
        clock = iter(range(10**6))
        throttle = Throttle(burst, 1.0, "fixed", lambda: next(clock), lambda _: None)
        return EditExecutor(gateway, throttle, capabilities), throttle

    return executor_of


def given(keys, points=7.33, **change):
    keys = np.array(keys)
    return Edit(Level.TRACK, keys, rates=True, points=points, adds=(TAG,), **change)


@pytest.mark.parametrize(
    ("rating", "tagging", "requests"),
    [
        pytest.param(BATCH, BATCH, 1, id="everything together"),
        pytest.param(BATCH, SINGLE, 1 + 3, id="tags one by one"),
        pytest.param(BATCH, UNSUPPORTED, 1, id="no tags"),
        pytest.param(SINGLE, BATCH, 3 + 1, id="ratings one by one"),
        pytest.param(SINGLE, SINGLE, 3 + 3, id="everything one by one"),
        pytest.param(SINGLE, UNSUPPORTED, 3, id="ratings one by one, no tags"),
    ],
)
def test_rating_and_tag_are_given_and_taken_as_the_server_is_able(
    plex, executor_of, tracks, rating, tagging, requests
):
    executor, _ = executor_of(Capabilities(rating, tagging))
    plex.clear_log()

    executor.apply(given(tracks))

    moods = [] if tagging is UNSUPPORTED else [TAG]
    assert plex.counts()["writes"] == requests
    assert told_of(plex, tracks, "userRating") == [7.33] * 3
    assert told_of(plex, tracks, "moods") == [moods] * 3
    assert told_of(plex, tracks, "locks") == [[]] * 3

    executor.apply(Edit(Level.TRACK, np.array(tracks), rates=True, drops=(TAG,)))

    assert told_of(plex, tracks, "userRating") == [None] * 3
    assert told_of(plex, tracks, "moods") == [[]] * 3


def test_one_by_one_an_item_that_is_gone_is_no_obstacle(plex, executor_of, tracks):
    plex.delete([tracks[1]])

    executor_of(Capabilities(SINGLE, SINGLE))[0].apply(given(tracks))

    assert told_of(plex, [tracks[0], tracks[2]], "userRating") == [7.33] * 2


@pytest.mark.parametrize("code", [400, 413, 414, 431])
def test_what_is_too_long_for_the_server_is_halved(
    plex, executor_of, tracks, order, code
):
    ids = ",".join(map(str, tracks))
    order("status", {"method": "PUT", "path": f"id={ids}"}, code=code)
    executor, _ = executor_of()
    plex.clear_log()

    executor.apply(given(tracks))

    assert told_of(plex, tracks, "userRating") == [7.33] * 3
    assert executor.at_once == 1
    assert plex.counts()["writes"] == 1 + 3


def test_what_is_refused_even_for_one_item_is_refused(executor_of, tracks, order):
    order("status", {"method": "PUT"}, code=400)

    with pytest.raises(RequestTooLong):
        executor_of()[0].apply(given(tracks))


@pytest.mark.parametrize(
    ("code", "fault"),
    [(401, PlexRefused), (403, PlexRefused)]
    + [(code, PlexUnreachable) for code in (429, 500, 520)],
)
def test_other_answers_are_not_halved(plex, executor_of, tracks, order, code, fault):
    order("status", {"method": "PUT"}, code=code)
    plex.clear_log()

    with pytest.raises(fault):
        executor_of()[0].apply(given(tracks))

    assert plex.counts()["writes"] == 1


@pytest.mark.parametrize(
    ("rating", "tagging"),
    [(BATCH, BATCH), (SINGLE, SINGLE), (SINGLE, BATCH), (BATCH, SINGLE)],
)
def test_a_burst_counts_items_and_not_requests(executor_of, tracks, rating, tagging):
    executor, throttle = executor_of(Capabilities(rating, tagging), burst=4)

    for _ in range(4):
        executor.apply(given(tracks))
        throttle.rest_if_due()

    assert throttle.rested == 2 * 1.0


def test_a_guarded_edit_spares_what_was_rated_since(plex, executor_of, tracks):
    plex.rate(tracks[0], 5.0)
    seen_at = item_in(plex, tracks[0])["lastRatedAt"]
    plex.rate(tracks[1], 5.0)
    plex.rate(tracks[1], 4.0)  # at least a second later

    executor_of(GUARDED)[0].apply(given(tracks, rated_until=seen_at))

    assert told_of(plex, tracks, "userRating") == [7.33, 4.0, 7.33]
    assert told_of(plex, tracks, "moods") == [[TAG], [], [TAG]]


def test_an_edit_of_items_with_an_unknown_date_is_not_guarded(
    plex, executor_of, tracks
):
    plex.rate(tracks[0], 5.0)

    executor_of(GUARDED)[0].apply(given(tracks, rated_until=-1))

    assert told_of(plex, tracks, "userRating") == [7.33, 7.33, 7.33]


@pytest.mark.parametrize("points", [0.0, 3.0, 7.33])
def test_a_rating_given_in_the_very_moment_of_writing_wins(
    plex, record, tracks, points
):
    with context_for(plex, record, GUARDED) as context:
        part = snapshot(context)
        intend = context.store.record_intents

        def meanwhile(*wishes):
            plex.rate(tracks[1], points)
            intend(*wishes)

        context.store.record_intents = meanwhile
        write(context, part, plan_for(part, dict.fromkeys(tracks, 7.33)))
        after = snapshot(context)

    changes = [c for c in plex.journal() if c["ratingKey"] == tracks[1]]
    assert [c["after"] for c in changes if c["what"] == "rating"] == [points]
    assert item_in(plex, tracks[1])["moods"] == []
    manual = after.tracks.ownership.manual[after.tracks.items.rows_of(np.array(tracks))]
    if points != 7.33:
        assert manual[1] == points
    assert np.isnan(manual[[0, 2]]).all()
