"""Writing spares what a person did meanwhile, and all that an item had before."""

import numpy as np
import pytest

from engine.edits import Edit
from engine.errors import PlexUnreachable
from engine.evidence import split
from engine.library import Level
from engine.planning.batch_sharing import Pool
from tasks.plex.client import PlexGateway
from tasks.sync import letter_writer as writing
from tasks.sync.letter_writer import write_letter
from tasks.sync.reconcile import reconcile
from tasks.sync.steps import read
from tests.tasks.building import item_in, settings_of, told_of
from tests.tasks.setup import context_for, infer, plan_for, snapshot, write

TAG = "Rating_Inferred"
EDIT = {"method": "PUT"}


def intended(context):
    return {row.key for row in context.store.intents(Level.TRACK)}


@pytest.mark.parametrize("points", [0.0, 3.0, 7.33])
def test_a_rating_that_a_person_gives_after_the_reading_wins(
    plex, context, tracks, points
):
    part = snapshot(context)
    plex.rate(tracks[1], points)

    result = write(context, part, plan_for(part, dict.fromkeys(tracks, 7.33)))

    assert told_of(plex, tracks, "userRating") == [7.33, points, 7.33]
    assert item_in(plex, tracks[1])["moods"] == []
    assert (result.written, result.taken_over) == (2, 1)
    assert intended(context) == {tracks[0], tracks[2]}


def test_a_rating_that_a_person_gives_while_a_letter_is_long_in_writing_wins(
    plex, record, tracks, monkeypatch
):
    monkeypatch.setattr(writing, "STATES_LAST", {False: 0.0, True: 10.0})
    with context_for(plex, record, cooldown_batch=1) as context:
        part = snapshot(context)
        context.watch = lambda _: plex.rate(tracks[2], 3.0)

        write(context, part, plan_for(part, dict.fromkeys(tracks, 7.33)))

    changes = [c for c in plex.journal() if c["ratingKey"] == tracks[2]]
    given = [c["after"] for c in changes if c["what"] == "rating"]
    assert set(given) == {3.0}


@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
def test_a_rating_that_a_person_gives_between_two_attempts_wins(
    plex, context, tracks, order, fault
):
    part = snapshot(context)
    plan = plan_for(part, dict.fromkeys(tracks, 7.33))
    order(fault, {**EDIT, "times": 1})
    with pytest.raises(PlexUnreachable):
        write(context, part, plan)
    plex.rate(tracks[1], 3.0)

    result = write(context, part, plan)

    assert told_of(plex, tracks, "userRating") == [7.33, 3.0, 7.33]
    assert result.taken_over == 1


@pytest.mark.parametrize("points", [3.0, 7.33], ids=["changes", "confirms"])
def test_a_rating_of_ours_that_a_person_takes_over_before_it_is_replaced_stays(
    plex, context, tracks, points
):
    infer(context, dict.fromkeys(tracks, 7.33))
    part = snapshot(context)
    plex.rate(tracks[1], points)

    result = write(context, part, plan_for(part, dict.fromkeys(tracks, 8.0)))

    assert told_of(plex, tracks, "userRating") == [8.0, points, 8.0]
    assert result.taken_over == 1


def test_an_item_that_is_gone_is_counted_and_no_obstacle(plex, context, tracks):
    part = snapshot(context)
    plex.delete([tracks[1]])

    result = write(context, part, plan_for(part, dict.fromkeys(tracks, 7.33)))

    assert told_of(plex, [tracks[0], tracks[2]], "userRating") == [7.33, 7.33]
    assert (result.written, result.gone) == (2, 1)
    assert intended(context) == {tracks[0], tracks[2]}


def test_a_plan_of_which_all_is_gone_writes_nothing(plex, context, songs):
    part = snapshot(context)
    plex.delete([songs["artist"]])
    plex.clear_log()

    result = write(context, part, plan_for(part, dict.fromkeys(songs["tracks"], 7.33)))

    assert (result.written, result.gone) == (0, 3)
    assert plex.counts()["writes"] == 0


@pytest.mark.parametrize("mood_locked", [True, False])
@pytest.mark.parametrize("rating_locked", [True, False])
def test_moods_and_locks_stay_as_they_were(
    plex, context, tracks, mood_locked, rating_locked
):
    key = tracks[0]
    plex.mood(key, add="Calm", lock=mood_locked)
    lock_rating(plex, key, locked=rating_locked, mood_locked=mood_locked)
    before = item_in(plex, key)["locks"]
    part = snapshot(context)

    write(context, part, plan_for(part, dict.fromkeys(tracks, 7.33)))

    after = item_in(plex, key)
    locks = ["mood"] * mood_locked + ["userRating"] * rating_locked
    assert after["locks"] == before == locks
    assert after["moods"] == ["Calm", TAG]
    assert after["userRating"] == 7.33
    assert item_in(plex, tracks[1])["locks"] == []


def lock_rating(plex, key, *, locked, mood_locked):
    """Let a person lock the rating of an item and take the rating itself back."""
    locks = {"mood_locked": mood_locked, "rating_locked": locked}
    with PlexGateway(settings_of(plex, inferred_tag="")) as person:
        person.edit(Edit(Level.TRACK, np.array([key]), rates=True, points=5, **locks))
    plex.rate(key, None)


def test_without_a_tag_moods_are_left_alone(plex, record, tracks):
    plex.mood(tracks[0], add="Calm")

    with context_for(plex, record, inferred_tag="") as context:
        infer(context, dict.fromkeys(tracks, 7.33))

    assert item_in(plex, tracks[0])["moods"] == ["Calm"]
    assert item_in(plex, tracks[0])["locks"] == ["mood"]
    assert item_in(plex, tracks[1])["moods"] == []


def test_a_twin_under_another_letter_is_tagged_too_and_counted_once(
    plex, context, twins
):
    taken = reconcile(context, read(context))
    part = split(taken.library, taken.everything)["S"]

    pool = Pool({"S": [plan_for(part, {twins[0]: 7.33})]})
    result = write_letter(context, "S", taken.everything, part, pool)

    assert told_of(plex, twins, "userRating") == [7.33, 7.33]
    assert told_of(plex, twins, "moods") == [[TAG], [TAG]]
    assert result.written == 1


def test_a_rating_that_a_person_gives_a_twin_wins(plex, context, twins):
    part = snapshot(context)
    plex.rate(twins[1], 3.0)

    result = write(context, part, plan_for(part, {twins[0]: 7.33}))

    assert told_of(plex, twins, "userRating") == [3.0, 3.0]
    assert (result.written, result.taken_over) == (0, 1)
