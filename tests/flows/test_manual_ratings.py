"""What a person rates is a person's, whatever we wrote there before."""

from typing import Any

import pytest

from tests.flows.expecting import inferred
from tests.flows.listener import items, ratings, tagged
from tests.oracle import global_mean
from tests.simulator.process import Simulator

TAG = "Rating_Inferred"


def inferred_tracks(plex: Simulator) -> list[dict[str, Any]]:
    """Return the tracks that bear our tag and share their rating with no other."""
    tracks = plex.dump()["tracks"]
    guids = [track["guid"] for track in tracks]
    return [t for t in tracks if TAG in t["moods"] and guids.count(t["guid"]) == 1]


def test_what_a_person_changes_or_confirms_is_taken_over_in_the_same_run(
    plex, listener
):
    listener.run("infer")
    changed, confirmed = inferred_tracks(plex)[:2]
    given = {changed["ratingKey"]: 1.0, confirmed["ratingKey"]: confirmed["userRating"]}
    for key, points in given.items():
        plex.rate(key, points)
    by_hand = plex.dump()
    for key, item in items(by_hand).items():
        if TAG in item["moods"] and key not in given:
            item["userRating"] = None

    ran = listener.run("infer")

    after = items(plex.dump())
    recorded = {guid for (guid,) in listener.query("select guid from shadow")}
    for track in (changed, confirmed):
        item = after[track["ratingKey"]]
        assert item["userRating"] == given[track["ratingKey"]]
        assert item["moods"] == [m for m in track["moods"] if m != TAG]
        assert item["locks"] == track["locks"]
        assert track["guid"] not in recorded
    assert ran.summary["taken_over"] == 2
    assert ran.summary["prior_before"] == pytest.approx(global_mean(by_hand))
    assert len(recorded) > 100


def test_a_removed_rating_is_given_again_and_reported(plex, listener):
    listener.run("infer")
    track = inferred_tracks(plex)[0]
    plex.rate(track["ratingKey"], None)

    ran = listener.run("infer")

    assert ran.summary["cleared"] == ran.summary["written"] == 1
    assert ratings(plex.dump())[track["ratingKey"]] == track["userRating"]


def test_a_rating_of_zero_is_a_rating(plex, listener):
    unrated = next(t for t in plex.dump()["tracks"] if t["userRating"] is None)
    plex.rate(unrated["ratingKey"], 0.0)

    listener.run("infer")

    after = items(plex.dump())[unrated["ratingKey"]]
    assert after["userRating"] == 0.0
    assert TAG not in after["moods"]


def test_new_ratings_of_tracks_move_exactly_what_stands_above_them(plex, listener):
    listener.configure(DRY_RUN=False, DYNAMIC_PRECISION=False)
    listener.run("infer")
    before = plex.dump()
    track = inferred_tracks(plex)[0]
    plex.rate(track["ratingKey"], 10.0)
    with Simulator.start(synthetic=120) as untouched:
        untouched.rate(track["ratingKey"], 10.0)
        expected = inferred(untouched)

    listener.run("infer", "--phases", "1-2")

    after = ratings(plex.dump())
    upwards = {i["ratingKey"] for i in [*before["artists"], *before["albums"]]}
    moved = {
        key: after[key]
        for key in upwards & set(expected)
        if after[key] != ratings(before)[key]
    }
    assert track["parentRatingKey"] in moved
    assert moved == pytest.approx({key: expected[key] for key in moved}, abs=0.011)


def test_items_that_were_scanned_anew_stay_ours(plex, listener):
    listener.run("infer")
    tracks = [t for t in inferred_tracks(plex) if "local://" not in t["guid"]][:5]
    plex.rekey([track["ratingKey"] for track in tracks])

    ran = listener.run("infer")

    assert ran.summary["taken_over"] == ran.summary["planned"] == 0
    assert ran.summary["manual_tracks"] == len(
        [t for t in plex.dump()["tracks"] if TAG not in t["moods"]]
    )


def test_a_lost_record_stops_the_run_before_guesses_pass_for_ratings(plex, listener):
    listener.run("infer")
    before = plex.dump()
    listener.state.unlink()

    ran = listener.run("infer")

    assert ran.status == 1
    assert "bear the tag of inferred ratings" in ran.err
    assert plex.dump() == before
    assert tagged(before)
