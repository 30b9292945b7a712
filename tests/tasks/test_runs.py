"""A run that is tried again keeps to what it took as given."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from engine.classic import Constants
from tasks.record import runs as recorded_runs
from tasks.record.runs import begin_run, finish_run
from tasks.record.store import ShadowStore
from tasks.record.tables import RunRow
from tests.tasks.building import MINE

GENTLE = Constants(confidence=5.5, album_gravity=0.1)
HARSH = Constants(confidence=1.0)


def runs(store):
    with store.database.reading() as session:
        rows = session.scalars(
            select(RunRow).where(RunRow.library_id == store.library_id)
        ).all()
    return {row.id: row for row in rows}


def test_a_new_run_takes_what_is_given(store):
    given = begin_run(store, "run 1", 6.4321, GENTLE, now=100.5)

    assert given == (6.4321, GENTLE)
    assert runs(store)["run 1"].started_at == 100.5


def test_a_run_that_was_begun_before_keeps_to_its_first_parameters(store):
    begin_run(store, "run 1", 6.4321, GENTLE, now=100.5)

    again = begin_run(store, "run 1", 7.0, HARSH, now=200.0)

    assert again == (6.4321, GENTLE)
    assert runs(store)["run 1"].started_at == 100.5


def test_every_run_has_beliefs_of_its_own(store):
    begin_run(store, "run 1", 6.4321, GENTLE, now=100.5)

    assert begin_run(store, "run 2", 7.0, HARSH, now=200.0) == (7.0, HARSH)


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
