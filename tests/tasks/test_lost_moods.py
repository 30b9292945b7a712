"""On a server whose tags replace moods, an item gets its moods back, however late."""

import time
from contextlib import suppress
from dataclasses import replace

import pytest

from engine.edits import ASSUMED
from engine.errors import PlexUnreachable, RunStopped
from engine.planning.undo_plan import Selection
from engine.reports.run_report import LettersFailed
from tasks.commands.undo import undo
from tasks.machine import Machine
from tasks.record.plex_changes import recorded_moods
from tasks.record.rows import LATEST_ARRIVAL
from tests.simulator.options import Options
from tests.simulator.plex import Plex
from tests.state_machine.plain_runs import infer_plainly
from tests.tasks.first_batches import TAG, plex, run_at, state, tried

__all__ = ["plex", "run_at"]

REPLACES = {"do": "replace_tags"}


def moods(plex):
    return {key: {*own} - {TAG} for key, (_, own, _) in state(plex).items()}


def own_moods(before):
    return {key: {*own} for key, (_, own, _) in before.items()}


def at_risk(context):
    return [one for own in recorded_moods(context.store).values() for one in own]


def break_off(plex, fault, turn):
    """Make one request go wrong, and all that come after it."""
    match = {"path": "metadata", "from": turn}
    plex.faults.set([REPLACES, {"do": fault, "match": match}])


@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
@pytest.mark.parametrize("turn", range(6))
@pytest.mark.parametrize("is_retried", [False, True])
def test_an_unreachable_server_costs_no_moods(
    plex, run_at, monkeypatch, fault, turn, is_retried
):
    before = state(plex)
    with run_at(plex) as context:
        break_off(plex, fault, turn)
        with suppress(PlexUnreachable):
            tried(context)
        plex.faults.set([REPLACES])
        if is_retried:
            infer_plainly(context)
            assert moods(plex) == own_moods(before)
    with run_at(plex, "run 2") as context:
        undo(context, Selection())
        assert state(plex) == before

        later = Machine(now=lambda: time.time() + LATEST_ARRIVAL + 1)
        monkeypatch.setattr(context.store, "machine", later)
        undo(context, Selection())
        assert at_risk(context) == []


@pytest.mark.parametrize("turn", range(4))
def test_a_letter_that_is_cut_off_while_it_tags_costs_no_moods(plex, run_at, turn):
    before = state(plex)
    with run_at(plex) as context:
        context.executor.capabilities = replace(ASSUMED, is_assumed=False)
        spoiled = {"do": "status", "match": {"path": "metadata", "from": turn}}
        plex.faults.set([REPLACES, spoiled])
        with suppress(PlexUnreachable, LettersFailed):
            infer_plainly(context)
        plex.faults.set([REPLACES])
        infer_plainly(context)

        assert moods(plex) == own_moods(before)
        undo(context, Selection())
    assert state(plex) == before


def test_a_tag_that_arrives_after_an_undo_costs_no_moods(plex, run_at):
    before = state(plex)
    with run_at(plex) as context:
        plex.faults.set(
            [REPLACES, {"do": "reset_before", "match": {"path": "mood", "times": 1}}]
        )
        with suppress(PlexUnreachable):
            tried(context)
        plex.faults.set([REPLACES])
        tagged = {one.key for one in at_risk(context)}
        undo(context, Selection())
        for key in tagged:
            item = plex.world.find(key)
            plex.world.remove_tags(item, "mood", ["Wistful"])
            plex.world.add_tags(item, "mood", [TAG])

        undo(context, Selection())

    assert tagged
    assert state(plex) == before


def test_moods_that_a_tag_leaves_alone_are_not_kept_on_record(plex, run_at):
    with run_at(plex) as context:
        infer_plainly(context)

        assert context.tag == TAG
        assert at_risk(context) == []


def test_who_takes_a_mood_away_meanwhile_is_not_given_it_back(plex, run_at):
    with run_at(plex) as context:
        infer_plainly(context)
        (key, *_) = [key for key, (_, own, _) in state(plex).items() if TAG in own]
        plex.world.remove_tags(plex.world.find(key), "mood", ["Wistful"])
        undo(context, Selection())

    assert moods(plex)[key] == set()


def test_a_run_that_is_stopped_while_it_tags_gives_lost_moods_back(
    plex, run_at, monkeypatch
):
    before = state(plex)
    with run_at(plex) as context:
        plex.faults.set([REPLACES])
        edit = context.gateway.edit

        def stopped(*args, **named):
            edit(*args, **named)
            context.cancellation.cancel()

        monkeypatch.setattr(context.gateway, "edit", stopped)
        with pytest.raises(RunStopped):
            tried(context)

    assert state(plex) == before


def test_where_no_edit_is_safe_moods_stay_on_record_and_a_run_goes_on(plex, run_at):
    with run_at(plex) as context:
        break_off(plex, "reset_after", 1)
        with suppress(PlexUnreachable):
            tried(context)
    other = Plex(plex.world, Options(ignored_filters=frozenset({"id"})))
    with run_at(other, "run 2") as context:
        before, risked = moods(plex), {one.key for one in at_risk(context)}
        assert infer_plainly(context)

        assert {one.key for one in at_risk(context)} == risked
    assert risked
    assert moods(plex) == before
