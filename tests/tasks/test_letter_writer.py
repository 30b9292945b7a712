"""A letter is written so that at any moment we know what Plex may hold."""

import pytest

from engine.classic import Phase
from engine.errors import LibraryHeld, PlexUnreachable, RunStopped
from engine.library import Level
from tasks.record.rows import IntentState
from tasks.runtime.context import Step
from tasks.sync import letter_writer as writing
from tasks.sync.record_lookup import recorded
from tests.tasks.building import told_of
from tests.tasks.setup import context_for, plan_for, snapshot, write

TAG = "Rating_Inferred"
ONCE = {"method": "PUT", "times": 1}
IMPATIENT = 0.25
OUTLASTED = 0.5
"""Seconds that a hanging connection hangs: longer than we wait."""
BREAKS = ["reset_before", "reset_after", "timeout_before", "timeout_after", "status"]


@pytest.fixture
def hasty(plex, record):
    """A bench that loses patience soon, and writes one item at a time."""
    with context_for(plex, record, timeout=IMPATIENT, cooldown_batch=1) as context:
        yield context


def intents(context):
    """Return what is promised of tracks, and whether Plex accepted it."""
    return {
        row.key: (row.before, row.after, row.state == IntentState.ACKNOWLEDGED)
        for row in recorded(context.store, Level.TRACK).expected
    }


def edits(plex, what="userRating"):
    """Return the requests that rate, or else tag."""
    puts = [entry["path"] for entry in plex.log() if entry["method"] == "PUT"]
    return [path for path in puts if what in path]


def test_a_letter_is_rated_tagged_and_counted(plex, context, tracks):
    part = snapshot(context)
    wishes = dict(zip(tracks, [7.33, 5, 0], strict=True))

    result = write(context, part, plan_for(part, wishes))

    assert told_of(plex, tracks, "userRating") == [7.33, 5, 0]
    assert told_of(plex, tracks, "moods") == [[TAG]] * 3
    assert (result.written, result.taken_over, result.gone) == (3, 0, 0)
    assert intents(context) == {k: (None, v, True) for k, v in wishes.items()}


@pytest.mark.parametrize(
    ("fault", "arrived"), [("reset_before", None), ("reset_after", 7.33)]
)
def test_a_promise_is_recorded_before_plex_is_asked(
    plex, context, tracks, order, fault, arrived
):
    part = snapshot(context)
    order(fault, {"method": "PUT", "path": "userRating" if arrived else ""})

    with pytest.raises(PlexUnreachable):
        write(context, part, plan_for(part, dict.fromkeys(tracks, 7.33)))

    assert told_of(plex, tracks, "userRating") == [arrived] * 3
    assert intents(context) == dict.fromkeys(tracks, (None, 7.33, False))


@pytest.mark.parametrize(
    ("fault", "spared"),
    [(fault, 1) for fault in BREAKS] + [("reset_after", 0), ("reset_after", 2)],
)
def test_a_second_attempt_completes_what_the_first_one_began(
    plex, hasty, tracks, order, fault, spared
):
    part = snapshot(hasty)
    plan = plan_for(part, dict.fromkeys(tracks, 7.33))
    order(fault, {**ONCE, "from": spared}, seconds=OUTLASTED, code=503)
    with pytest.raises(PlexUnreachable):
        write(hasty, part, plan)

    result = write(hasty, part, plan)

    assert result.written == 3
    assert told_of(plex, tracks, "userRating") == [7.33] * 3
    assert told_of(plex, tracks, "moods") == [[TAG]] * 3
    assert [accepted for *_, accepted in intents(hasty).values()] == [True] * 3


def test_what_was_acknowledged_is_not_sent_again(plex, hasty, tracks, order):
    part = snapshot(hasty)
    plan = plan_for(part, dict.fromkeys(tracks, 7.33))
    order("timeout_after", {**ONCE, "from": 2}, seconds=OUTLASTED)
    with pytest.raises(PlexUnreachable):
        write(hasty, part, plan)
    plex.clear_log()

    write(hasty, part, plan)

    sent = [key for path in edits(plex) for key in tracks if f"id={key}&" in path]
    assert sent == tracks[1:]


def test_what_is_done_already_is_done_without_a_request(plex, context, tracks):
    part = snapshot(context)
    plan = plan_for(part, dict.fromkeys(tracks, 7.33))
    write(context, part, plan)
    plex.clear_log()

    result = write(context, part, plan)

    assert result.written == 3
    assert edits(plex) == []


@pytest.mark.parametrize(("size", "requests"), [(25, 1), (2, 2), (1, 3), (0, 1)])
def test_requests_are_no_larger_than_a_burst(plex, record, tracks, size, requests):
    with context_for(plex, record, cooldown_batch=size) as context:
        part = snapshot(context)
        plex.clear_log()

        write(context, part, plan_for(part, dict.fromkeys(tracks, 7.33)))

    assert len(edits(plex)) == requests
    assert len(edits(plex, "mood")) == 1


def test_phases_are_written_in_their_order(plex, context, songs):
    part = snapshot(context)
    plans = [
        plan_for(part, {songs["album"]: 7.0}, Phase.ALBUM_UP),
        plan_for(part, {songs["artist"]: 6.5}, Phase.ARTIST_UP),
        plan_for(part, {songs["tracks"][0]: 6.0}, Phase.TRACK_DOWN),
    ]
    plex.clear_log()

    write(context, part, *plans)

    levels = [path.partition("type=")[2].partition("&")[0] for path in edits(plex)]
    assert levels == ["9", "8", "10"]
    assert told_of(plex, [songs["album"], songs["artist"]], "userRating") == [7.0, 6.5]


def test_nothing_to_write_asks_nothing(plex, context):
    part = snapshot(context)
    plex.clear_log()

    write(context, part)

    assert plex.log() == []


def test_whoever_watches_is_told_of_every_batch(context, tracks):
    part = snapshot(context)
    told = []
    context.watch = told.append
    wishes = dict(zip(tracks, [7.33, 7.33, 5], strict=True))

    write(context, part, plan_for(part, wishes))

    assert told == [Step("X", "4 track-down", 1), Step("X", "4 track-down", 2)]


@pytest.mark.parametrize("seconds", [3.0, 0.0], ids=["", "after a second look"])
def test_a_run_that_is_stopped_leaves_nothing_half_done(
    plex, hasty, tracks, monkeypatch, seconds
):
    monkeypatch.setattr(writing, "STATES_LAST", {False: seconds, True: 10.0})
    part = snapshot(hasty)
    hasty.watch = lambda _: hasty.cancellation.cancel()

    with pytest.raises(RunStopped):
        write(hasty, part, plan_for(part, dict.fromkeys(tracks, 7.33)))

    assert told_of(plex, tracks, "userRating") == [7.33, None, None]
    assert told_of(plex, tracks, "moods") == [[TAG], [], []]
    assert intents(hasty) == {tracks[0]: (None, 7.33, True)}


def test_who_lost_the_library_writes_no_more(plex, context, tracks):
    part = snapshot(context)

    def lost():
        raise LibraryHeld("Another run holds it.")

    context.ensure_lease = lost
    with pytest.raises(LibraryHeld):
        write(context, part, plan_for(part, dict.fromkeys(tracks, 7.33)))

    assert told_of(plex, tracks, "userRating") == [None] * 3
    assert intents(context) == {}
