"""The first batch of a run is ours and undone like the rest, even if it breaks off."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.edits import ASSUMED
from engine.errors import LibraryChanging, PlexUnreachable
from engine.library import Level
from engine.planning.first_batch import becomes_half_star, coarse_readings, tells_step
from engine.rating_scale import same
from tasks.plex.parsing import texts
from tasks.sync import first_batch
from tasks.sync.tags import try_tag_on_one_item
from tests.state_machine.plain_runs import infer_plainly, undo_plainly
from tests.tasks.building import look_at
from tests.tasks.first_batches import (
    TAG,
    moody,
    plex,
    run_at,
    spoil,
    state,
    tried,
)

__all__ = ["plex", "run_at"]


def rate_after_it(monkeypatch, plex, context, points):
    """Let a person rate, or clear, each item that was rated alone."""
    rate_one = context.gateway.rate_one

    def meanwhile(key, given):
        rate_one(key, given)
        plex.world.clock.tick()
        plex.world.rate(plex.world.find(key), points)

    monkeypatch.setattr(context.gateway, "rate_one", meanwhile)


def test_a_person_who_rates_the_very_items_comes_first(plex, run_at, monkeypatch):
    with run_at(plex) as context:
        rate_after_it(monkeypatch, plex, context, 10.0)
        with pytest.raises(LibraryChanging):
            tried(context)
        monkeypatch.undo()
        infer_plainly(context)
        undo_plainly(context)

    tens = [r for r, _, _ in state(plex).values() if r == 10.0]
    assert len(tens) == 1


@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
@pytest.mark.parametrize("turn", range(7))
@pytest.mark.parametrize(
    ("floats", "ends"), [("exact", True), ("exact", False), ("one-decimal", True)]
)
def test_a_first_batch_that_breaks_off_is_ours_and_taken_back(
    run_at, floats, fault, turn, ends
):
    plex = moody(floats=floats)
    before = state(plex)
    with run_at(plex) as context:
        spoil(plex, fault, **{"from": turn, "times": 1})
        with suppress(PlexUnreachable):
            tried(context)
        plex.faults.set([])
        if not ends:
            infer_plainly(context)
            undo_plainly(context)
    if ends:  # the process died, and another one comes
        with run_at(plex, "run 2") as context:
            infer_plainly(context)
            again = infer_plainly(context)
            undo_plainly(context)
        assert again == []

    assert state(plex) == before


def test_a_rating_that_is_cleared_meanwhile_stays_open_and_breaks_nothing(
    plex, run_at, monkeypatch
):
    before = state(plex)
    with run_at(plex) as context:
        rate_after_it(monkeypatch, plex, context, None)
        tried(context)
        monkeypatch.undo()
        infer_plainly(context)
        again = infer_plainly(context)
        undo_plainly(context)

    assert again == []
    assert state(plex) == before


@pytest.mark.parametrize("turn", range(6))
def test_who_rates_while_the_first_batch_is_held_comes_first(
    plex, run_at, monkeypatch, turn
):
    with run_at(plex) as context:
        held: list[int] = []
        before_write = context.before_write

        def hold():
            before_write()
            held.append(turn)
            if len(held) == turn + 1:
                for key in unrated:
                    plex.world.rate(plex.world.find(key), 10.0)
                monkeypatch.setattr(first_batch, "STATES_LAST", -1.0)

        unrated = [key for key, (points, *_) in state(plex).items() if points is None]
        monkeypatch.setattr(context, "before_write", hold)
        with suppress(LibraryChanging):
            tried(context)

    if len(held) > turn:
        assert {state(plex)[key][0] for key in unrated} == {10.0}


def test_a_second_first_batch_knows_a_server_whose_dates_stay(run_at):
    plex = moody(keeps_date=True)
    found = []
    for number in (1, 2):
        plex.world.clock.tick()
        with run_at(plex, f"run {number}") as context:
            context.executor.capabilities = ASSUMED
            found.append(tried(context).capabilities)
            undo_plainly(context)

    assert [able.has_conditional_edits for able in found] == [True, True]


@pytest.mark.parametrize("quirk", ["ignore_batch_rating", "first_id_only"])
def test_undo_finds_out_how_an_unknown_server_takes_ratings_back(plex, run_at, quirk):
    before = state(plex)
    with run_at(plex) as context:
        infer_plainly(context)
    spoil(plex, quirk)

    with run_at(plex, "run 2") as context:
        context.executor.capabilities = ASSUMED
        done = undo_plainly(context)

    assert done.failed == 0
    assert state(plex) == before


@given(st.integers(0, 1000))
def test_whatever_a_server_makes_of_a_rating_is_expected(hundredths):
    points = np.array([hundredths / 100])
    rounded, below, above = np.round(points, 1), *coarse_readings(points)

    assert below - 1e-9 <= points <= above + 1e-9
    assert same(rounded, points) or rounded in (below, above)
    assert tells_step(points) or same(points, rounded)
    if not becomes_half_star(points) and tells_step(points):
        assert below % 1 != 0
        assert above % 1 != 0


def test_the_first_item_with_moods_shows_that_tags_replace_them(plex, run_at):
    for item in list(plex.world.items())[2:]:
        plex.world.remove_tags(item, "mood", ["Wistful"])
    before = state(plex)
    spoil(plex, "replace_tags")

    with run_at(plex) as context:
        able = replace(ASSUMED, is_assumed=False)
        context.executor.capabilities = able
        infer_plainly(context)

        assert context.tag == ""
    after = state(plex)
    assert {k: {*moods} - {TAG} for k, (_, moods, _) in after.items()} == {
        k: {*moods} for k, (_, moods, _) in before.items()
    }


def test_an_item_that_is_deleted_when_it_is_tagged_shows_nothing(
    plex, run_at, monkeypatch
):
    with run_at(plex) as context:
        context.executor.capabilities = ASSUMED
        look = replace(look_at("a"), moods=texts([("Calm",)]))
        nothing = look.take(np.empty(0, np.int64))
        monkeypatch.setattr(
            context.gateway, "fetch_items", lambda _: {Level.TRACK: nothing}
        )

        try_tag_on_one_item(context, Level.TRACK, look, lambda *_: None)

        assert not context.executor.capabilities.is_tagging_seen


def test_who_rates_the_item_that_is_tagged_alone_comes_first(plex, run_at):
    with run_at(plex) as context:
        context.executor.capabilities = replace(ASSUMED, is_assumed=False)
        rated = []

        def rate() -> None:
            tagged = [i for i in plex.world.items() if TAG in i.tags.get("mood", [])]
            if tagged and not rated:
                plex.world.clock.tick()
                plex.world.rate(tagged[0], 10.0)
                rated.append(tagged[0])

        edit = context.gateway.edit
        context.gateway.edit = lambda *args, **named: (edit(*args, **named), rate())
        infer_plainly(context, retries=1)

    assert state(plex)[rated[0].key][0] == 10.0
