"""The hierarchical model runs as the classic one does: exactly, sparingly, undoably."""

import json

import pytest

from engine.classic import Constants
from engine.errors import SettingsInvalid
from engine.hierarchical.fitting import fit
from engine.library import Identity
from tasks.config.settings import load_settings
from tasks.record.runs import begin_run, first_fit
from tasks.record.store import ShadowStore
from tests.engine.parts import part_of, random_library
from tests.flows.listener import items, ratings, tagged
from tests.flows.test_faults import under_one_artist
from tests.simulator.process import Simulator
from tests.tasks.building import ENOUGH

CLASSIC_WRITES = 1361
"""Requests with which the classic model writes the 7,500 tracks of seed 1, in
steps of 0.01 stars."""


MUSIC = [part_of(random_library(seed, albums_rated=0.5)) for seed in (4, 5)]


@pytest.fixture
def store(tmp_path):
    """A record of its own."""
    address = f"sqlite:///{tmp_path / 'plexbayes.db'}"
    mine = Identity("server", "uuid", "1", "Music")
    with ShadowStore.open(address, mine, create=True) as opened:
        yield opened


def is_a_tenth_but_no_half_star(points):
    """Whether a value is as the model writes it: where it would be 7, 6.98 or 7.02."""
    is_beside = abs(abs(points - round(points)) - 0.02) < 1e-6
    return is_beside or (abs(10 * points - round(10 * points)) < 1e-6 and points % 1)


def test_every_unrated_track_gets_a_value_of_its_own(plex, listener_of):
    listener = listener_of(plex, MODEL="hierarchical")
    before = plex.dump()

    rehearsal = listener.run("infer", "--dry-run")
    untouched = plex.dump()
    ran = listener.run("infer", "--verbose")
    after = plex.dump()
    again = listener.run("infer")
    verified = listener.run("verify")

    assert untouched == before
    assert rehearsal.status == ran.status == again.status == verified.status == 0
    assert ratings(before).items() <= ratings(after).items()
    assert set(ratings(after)) == set(items(after))
    assert tagged(after) == set(ratings(after)) - set(ratings(before))
    given = [ratings(after)[key] for key in tagged(after)]
    assert all(is_a_tenth_but_no_half_star(points) for points in given)
    albums = {}
    for track in after["tracks"]:
        if track["ratingKey"] in tagged(after):
            of_album = albums.setdefault(track["parentRatingKey"], set())
            of_album.add(track["userRating"])
    assert max(map(len, albums.values())) > 1
    assert rehearsal.summary["planned"] == ran.summary["written"] == len(given)
    assert again.summary["planned"] == 0
    sure = "sd > 0 and low <= value and value <= high and good + poor <= 1.000001"
    recorded = listener.query(f"select {sure}, ratings >= 0 from shadow")  # noqa: S608 (no one else's words)
    assert recorded == [(1, 1)] * len(given)
    bands = ran.summary["sureness"]["bands"]
    assert sum(band["guesses"] for band in bands) == len(given)
    assert "How sure the guesses are" in ran.out


def test_a_run_may_use_the_other_model_and_can_be_taken_back(plex, listener):
    before = plex.dump()

    ran = listener.run("infer", "--model", "hierarchical")
    fits = listener.query("select fit is not null from run")
    differs = listener.run("verify")
    listener.run("infer", "--accept-large-change")
    fits += listener.query("select fit is not null from run order by started_at desc")
    agrees = listener.run("verify")
    listener.run("undo", "--yes")

    assert ran.status == 0
    assert fits[:2] == [(1,), (0,)]
    assert (differs.status, agrees.status) == (5, 0)
    assert ratings(plex.dump()) == ratings(before)


def test_bounds_precision_and_least_confidence_hold_for_all_that_is_written(
    plex, listener_of
):
    bounds = {"RATING_FLOOR": 2.5, "RATING_CEILING": 3.5, "WRITE_PRECISION": 0.25}
    before = ratings(plex.dump())
    listener = listener_of(plex, MODEL="hierarchical", MIN_CONFIDENCE=0.2, **bounds)

    ran = listener.run("infer")

    after = plex.dump()
    given = {k: v for k, v in ratings(after).items() if k not in before}
    assert ran.status == 0
    steps = {5.02, 5.5, 5.98, 6.02, 6.5, 6.98}
    assert {5.02, 6.98} <= set(given.values()) <= steps
    assert 0 < len(given) < len(items(after)) - len(before)


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("MODEL", "guessing", "classic or hierarchical"),
        ("WRITE_PRECISION", 1.5, "stars, 0 to 1"),
        ("MIN_CONFIDENCE", -0.1, "from 0 to 1"),
        ("RATING_FLOOR", 0, "above 0"),
        ("RATING_CEILING", 5, "below 5"),
        ("RATING_CEILING", 1.5, "below RATING_FLOOR"),
    ],
)
def test_a_wrong_choice_is_refused_by_name(tmp_path, key, value, allowed):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(ENOUGH | {"RATING_FLOOR": 2, key: value}))

    with pytest.raises(SettingsInvalid) as refused:
        load_settings(path)

    assert key in str(refused.value)
    assert allowed in str(refused.value)


@pytest.mark.long
@pytest.mark.parametrize("plex", [{"synthetic": 7500, "seed": 1}], indirect=True)
def test_values_of_their_own_cost_few_requests(plex, listener_of):
    listener = listener_of(plex, MODEL="hierarchical")

    ran = listener.run("infer")

    assert ran.status == 0
    assert plex.counts()["writes"] <= 1.1 * CLASSIC_WRITES


@pytest.mark.parametrize("first", [fit(MUSIC[0]), None], ids=["fit", "none"])
def test_a_run_that_is_tried_again_keeps_its_first_fit_or_goes_on_without(store, first):
    begin_run(store, "run 1", 6.0, Constants(), 100.0, first)

    begin_run(store, "run 1", 6.0, Constants(), 200.0, fit(MUSIC[1]))

    assert first_fit(store, "run 1") == first


def test_skits_tell_nothing_and_a_recording_is_rated_once(plex, listener_of):
    recording = {"title": "Vesk", "duration": 200_000}
    skit = {"title": "Intro (skit)", "duration": 40_000}
    plex.add("Mirel", "Dorn", [recording, skit, "Orl"])
    plex.add("Mirel", "Best of", [recording, "Trem"])
    keys = {
        (track["parentRatingKey"], track["title"]): track["ratingKey"]
        for track in plex.dump()["tracks"]
    }
    dorn, best = sorted(album for album, title in keys if title == "Vesk")
    plex.rate(keys[dorn, "Vesk"], 9.0)
    plex.rate(keys[dorn, "Intro (skit)"], 1.0)
    before = ratings(plex.dump())
    listener = listener_of(plex, TWINS=True, EXCLUDE_WORDS="intro, skit")

    ran = listener.run("infer")

    after = ratings(plex.dump())
    assert ran.status == 0
    assert (after[keys[dorn, "Vesk"]], after[keys[best, "Vesk"]]) == (9.0, 9.02)
    assert after[keys[dorn, "Intro (skit)"]] == 1.0
    assert after[dorn] == after[best] == after[keys[dorn, "Orl"]]
    ours = {key for (key,) in listener.query("select key from shadow")}
    assert keys[best, "Vesk"] in ours
    assert ours.isdisjoint(before)


@pytest.mark.long
def test_a_letter_that_failed_is_finished_as_in_an_undisturbed_run(listener_of):
    library = {"synthetic": 400, "seed": 5}
    with Simulator.start(**library) as calm, Simulator.start(**library) as plex:
        listener_of(calm, MODEL="hierarchical").run("infer")
        listener = listener_of(plex, MODEL="hierarchical")
        listener.acquaint()
        _, keys = under_one_artist(plex.dump())
        fault = {"match": {"method": "PUT", "ratingKeys": keys}, "do": "status"}
        plex.faults([fault | {"code": 500}])

        failed = listener.run("infer")
        plex.faults([])
        finished, again = listener.run("infer"), listener.run("infer")
        rated = ratings(plex.dump())
        listener.plex.rate(keys[-1], 10.0)
        drifted, once_more = listener.run("infer"), listener.run("infer")

        assert (failed.status, finished.status, again.status) == (3, 0, 0)
        assert again.summary["planned"] == once_more.summary["planned"] == 0
        assert rated == ratings(calm.dump())
        assert drifted.summary["kept_by_drift"] > 0
