"""What is promised, kept, taken back and found again is recorded, whole or not."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import select

from engine.classic import Constants, Phase
from engine.errors import ShadowUnreadable
from engine.library import Level
from tasks.record import runs as recorded_runs
from tasks.record.rows import IntentState
from tasks.record.runs import begin_run, finish_run
from tasks.record.store import ShadowStore
from tasks.record.tables import RunRow
from tests.tasks.building import MINE, batch_of, look_at, shadow

TRACK = Level.TRACK
GENTLE = Constants(confidence=5.5, album_gravity=0.1)
HARSH = Constants(confidence=1.0)


def promise(store, look, after=7.33, now=10.0, tag="T", run="run 1"):
    batch = batch_of(look, after)
    store.record_intents([batch], look, tag, run, now)
    return batch


def intents(store, level=TRACK):
    return {row.guid: (row.before, row.after) for row in store.intents(level)}


def values(store, level=TRACK):
    return {row.guid: row.value for row in store.shadows(level)}


def marks(store, level=TRACK):
    rows = store.marks(level)
    return {
        row.key: (row.guid, row.tag, row.had_tag, row.mood_locked, row.rating_locked)
        for row in rows
    }


def test_a_promise_says_what_was_there_and_what_will_be_when_and_by_whom(store):
    look = look_at("a", "b", "c", rating=[np.nan, 0.0, 6.1], first=2**40)
    promise(store, look, now=1_700_000_000.25, run="run 9")

    assert intents(store) == {"a": (None, 7.33), "b": (0.0, 7.33), "c": (6.1, 7.33)}
    row = store.intents(TRACK)[0]
    assert (row.key, row.phase, row.run_id) == (2**40, Phase.TRACK_DOWN, "run 9")
    assert (row.since, row.state) == (1_700_000_000.25, IntentState.OPEN)


def test_only_what_plex_accepted_is_acknowledged(store):
    accepted = promise(store, look_at("a", "b"))
    promise(store, look_at("c", first=3))

    store.acknowledge(accepted, 20.0)

    known = {row.guid: (row.state, row.since) for row in store.intents(TRACK)}
    accepted = (IntentState.ACKNOWLEDGED, 20.0)
    assert known == {"a": accepted, "b": accepted, "c": (IntentState.OPEN, 10.0)}


def test_a_new_promise_replaces_the_old_one(store):
    store.acknowledge(promise(store, look_at("a")), 20.0)

    promise(store, look_at("a", rating=7.33), after=8.0)

    assert intents(store) == {"a": (7.33, 8.0)}
    assert store.intents(TRACK)[0].state == IntentState.OPEN


def test_a_promise_that_fails_is_none(store):
    impossible = look_at("a", mood_locked=[None])

    with pytest.raises(ShadowUnreadable):
        store.record_intents(
            [batch_of(look_at("a"), 7.33)], impossible, None, "run 1", 10.0
        )

    assert intents(store) == {}
    assert marks(store) == {}


def test_a_promise_seen_in_plex_becomes_a_rating_of_ours(store):
    promise(store, look_at("a", "b"))

    store.confirm(TRACK, [shadow("a", 7.33, key=5, seen_at=2**40)])

    (row,) = store.shadows(TRACK)
    assert (row.guid, row.key, row.value, row.seen_at) == ("a", 5, 7.33, 2**40)
    assert (row.written_at, row.fingerprint) == (40.0, "print of a")
    assert intents(store) == {"b": (None, 7.33)}


def test_a_rating_seen_again_replaces_the_old_one(store):
    store.confirm(TRACK, [shadow("a", 7.33), shadow("b", 5.0)])

    store.confirm(TRACK, [shadow("a", 8.0)])
    store.confirm(TRACK, [])

    assert values(store) == {"a": 8.0, "b": 5.0}


def test_a_promise_can_be_withdrawn_without_touching_what_was_kept(store):
    store.confirm(TRACK, [shadow("a", 6.0)])
    promise(store, look_at("a", "b", rating=[6.0, np.nan]))

    store.discard_intents(TRACK, ["a"])

    assert intents(store) == {"b": (None, 7.33)}
    assert values(store) == {"a": 6.0}
    assert set(marks(store)) == {1, 2}


def test_what_is_forgotten_leaves_no_trace_and_all_else_stays(store):
    promise(store, look_at("a", "b", "b"))
    store.confirm(TRACK, [shadow("b", 7.33), shadow("c", 7.33)])
    promise(store, look_at("b", "b", first=2), after=8.0)

    store.forget(TRACK, ["b"])

    assert intents(store) == {"a": (None, 7.33)}
    assert values(store) == {"c": 7.33}
    assert set(marks(store)) == {1}


def test_levels_are_kept_apart(store):
    promise(store, look_at("a"))
    store.confirm(Level.ALBUM, [shadow("a", 5.0)])

    store.forget(Level.ARTIST, ["a"])
    store.discard_intents(Level.ALBUM, ["a"])

    assert intents(store) == {"a": (None, 7.33)}
    assert values(store, Level.ALBUM) == {"a": 5.0}
    assert values(store) == intents(store, Level.ALBUM) == {}


def test_some_of_many_can_be_asked_for(store):
    guids = [f"guid {n}" for n in range(700)]
    store.confirm(TRACK, [shadow(guid, 5.0) for guid in guids])
    asked = [*guids[:600], "unknown"]

    assert {row.guid for row in store.shadows(TRACK, asked)} == set(guids[:600])
    assert store.shadows(TRACK, []) == []
    assert len(store.shadows(TRACK)) == 700


@pytest.mark.parametrize(
    "guid", ["local://1", 'it\'s "so"', "%s;--", "夜の森 🎷", "x" * 255, ""]
)
def test_any_guid_can_be_recorded(store, guid):
    promise(store, look_at(guid))
    store.confirm(TRACK, [shadow(guid, 7.33)])

    assert values(store) == {guid: 7.33}
    assert intents(store) == {}


def test_a_promise_or_a_rating_of_any_level_is_enough_for_a_record(store):
    assert not store.knows()
    promise(store, look_at("a"))
    assert store.knows()
    assert store.knows("run 1")
    assert not store.knows("run 2")
    store.forget(TRACK, ["a"])
    assert not store.knows()
    store.confirm(Level.ARTIST, [shadow("a", 5.0)])
    assert store.knows()


def test_a_record_outlives_its_program(address):
    with ShadowStore.open(address, MINE, create=True) as store:
        promise(store, look_at("a"))

    with ShadowStore.open(address, MINE, create=True) as store:
        assert intents(store) == {"a": (None, 7.33)}


def runs(store):
    with store.database.reading() as connection:
        of_library = RunRow.library_id == store.library_id
        rows = connection.execute(select(RunRow).where(of_library)).all()
    return {row.id: row for row in rows}


def test_a_run_that_was_begun_before_keeps_to_its_first_parameters(store):
    given = begin_run(store, "run 1", 6.4321, GENTLE, now=100.5)

    again = begin_run(store, "run 1", 7.0, HARSH, now=200.0)
    another = begin_run(store, "run 2", 7.0, HARSH, now=200.0)

    assert given == again == (6.4321, GENTLE)
    assert runs(store)["run 1"].started_at == 100.5
    assert another == (7.0, HARSH)


def test_runs_of_two_libraries_may_bear_one_name(address, store):
    begin_run(store, "run 1", 6.4321, GENTLE, now=100.5)

    with ShadowStore.open(address, replace(MINE, uuid="2"), create=True) as other:
        assert begin_run(other, "run 1", 7.0, HARSH, now=200.0) == (7.0, HARSH)


@pytest.mark.parametrize("times", [1, 2])
def test_what_came_of_a_run_is_recorded_with_that_run_only(store, times):
    begin_run(store, "run 1", 6.0, GENTLE, now=100.0)
    begin_run(store, "run 2", 6.0, GENTLE, now=200.0)

    for attempt in range(times):
        finish_run(store, "run 1", json.dumps({"attempt": attempt}), now=300.0)

    recorded = runs(store)
    assert json.loads(recorded["run 1"].summary) == {"attempt": times - 1}
    assert recorded["run 1"].finished_at == 300.0
    assert recorded["run 2"].summary is recorded["run 2"].finished_at is None


def test_only_the_latest_runs_of_a_library_are_remembered(address, store, monkeypatch):
    monkeypatch.setattr(recorded_runs, "KEPT", 3)
    with ShadowStore.open(address, replace(MINE, uuid="2"), create=True) as other:
        begin_run(other, "run 0", 6.0, GENTLE, now=1.0)

        for number in range(5):
            begin_run(store, f"run {number}", 6.0, GENTLE, now=100.0 + number)

        assert runs(store).keys() == {"run 2", "run 3", "run 4"}
        assert runs(other).keys() == {"run 0"}
