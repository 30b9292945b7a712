"""A server is tried out on two items, which are given back as they were."""

import numpy as np
import pytest

from engine.capabilities import RATING_ONLY, Capabilities, EditMode
from engine.edits import Edit
from engine.errors import LibraryChanging, PlexRefused, PlexUnreachable
from engine.library import Level
from tasks.commands.edit_check import check_edits
from tasks.commands.undo import Selection, undo
from tasks.record.capabilities import known_capabilities
from tasks.runtime.context import open_run
from tasks.sync.capability_probe import CANARY, probe
from tasks.sync.reconcile import read_and_reconcile
from tests.simulator.items import Kind
from tests.simulator.options import Options
from tests.simulator.world import World
from tests.state_machine.accounts import (
    Served,
    served,
    serving,
    settings_for,
    small_world,
)
from tests.state_machine.plain_runs import infer_plainly
from tests.tasks.trials import bench_at, intended, plex, spoil, state, tried

__all__ = ["bench_at", "plex"]

BATCH, SINGLE, UNSUPPORTED = EditMode.BATCH, EditMode.SINGLE, EditMode.UNSUPPORTED
QUIRKS = {
    "ignore_batch_rating": Capabilities(SINGLE, BATCH),
    "first_id_only": Capabilities(SINGLE, SINGLE),
    "replace_tags": Capabilities(BATCH, UNSUPPORTED, has_conditional_edits=True),
    "lock_fields": Capabilities(SINGLE, UNSUPPORTED),
    "ignore_guard": Capabilities(BATCH, BATCH),
}
"""What is found out about servers that do the right thing wrongly."""


def test_a_good_server_is_trusted_and_left_as_it_was(plex, bench_at):
    before = state(plex)

    with bench_at(plex) as context:
        found = tried(context)

        assert found.capabilities == Capabilities(
            BATCH, BATCH, has_conditional_edits=True
        )
        assert found.marred == ()
        assert intended(context) == []
    assert state(plex) == before


def test_what_was_found_out_is_remembered_for_that_version(plex, bench_at):
    with bench_at(plex) as context:
        assert context.executor.capabilities.is_assumed
        found = tried(context).capabilities

    with bench_at(plex) as later:
        assert later.executor.capabilities == found


@pytest.mark.parametrize(("quirk", "expected"), QUIRKS.items())
def test_a_server_that_misbehaves_is_found_out(plex, bench_at, quirk, expected):
    before = state(plex)
    spoil(plex, quirk)

    with bench_at(plex) as context:
        found = tried(context)

    assert found.capabilities == expected
    harmed = {key for key, now in state(plex).items() if now != before[key]}
    assert harmed == set(found.marred)
    assert bool(harmed) == (quirk == "lock_fields")


def test_a_server_that_keeps_one_decimal_gets_no_more(bench_at):
    with served(small_world(), floats="one-decimal") as plex, bench_at(plex) as context:
        found = tried(context).capabilities
        infer_plainly(context)
        again = infer_plainly(context)

    assert found == Capabilities(BATCH, BATCH, has_conditional_edits=True, step=0.1)
    assert again == []


@pytest.mark.parametrize("quirk", QUIRKS)
def test_ratings_are_written_and_taken_back_as_far_as_the_server_can(
    plex, bench_at, quirk
):
    before = state(plex)
    spoil(plex, quirk)
    with bench_at(plex) as context:
        able = tried(context).capabilities
        started = state(plex)
        planned = infer_plainly(context)
        inferred = state(plex)
        again = infer_plainly(context)
        undo(context, Selection())

    affected_items = [
        key for key, (_, moods, _) in inferred.items() if context.tag in moods
    ]
    assert len(planned) > 10
    assert again == []
    assert {r for r, _, _ in inferred.values()}.isdisjoint({None})
    assert bool(affected_items) == (able.tagging is not UNSUPPORTED)
    for key, (points, moods, locks) in before.items():
        if points is not None:
            assert inferred[key][0] == points
        assert set(moods) <= set(inferred[key][1])
        assert locks == inferred[key][2] or quirk == "lock_fields"
    assert state(plex) == started


@pytest.mark.parametrize("rated", [None, 8.0])
def test_a_server_that_ignores_which_items_are_meant_is_never_asked_to_edit(
    bench_at, rated
):
    ignoring = Options(ignored_filters=frozenset({"id"}))
    with serving(Served(small_world(), ignoring)) as plex, bench_at(plex) as context:
        for item in plex.world.items() if rated else ():
            plex.world.rate(item, rated)
        manual = state(plex)

        found = tried(context)
        infer_plainly(context)
        undo(context, Selection())

        assert found.capabilities == RATING_ONLY
        assert state(plex) == manual
        assert not [c for c in plex.world.journal.changes if c.what != "rating"]
        with pytest.raises(PlexRefused, match="ignores which items an edit"):
            context.gateway.edit(Edit(Level.TRACK, np.array([1]), drops=("x",)))


def test_where_nothing_is_unrated_nothing_can_be_tried(plex, bench_at):
    for item in plex.world.items():
        plex.world.rate(item, 8.0)

    with bench_at(plex) as context:
        assert tried(context) is None
        assert context.executor.capabilities.is_assumed


def test_a_person_who_rates_the_very_items_comes_first(plex, bench_at, monkeypatch):
    with bench_at(plex) as context:
        snapshot = read_and_reconcile(context)
        rate_one = context.gateway.rate_one

        def meanwhile(key, points):
            rate_one(key, points)
            item = plex.world.find(key)
            plex.world.clock.tick()
            plex.world.rate(item, 10.0)

        monkeypatch.setattr(context.gateway, "rate_one", meanwhile)
        with pytest.raises(LibraryChanging):
            probe(context, snapshot.everything)
        monkeypatch.undo()
        infer_plainly(context)
        undo(context, Selection())

    tens = [r for r, _, _ in state(plex).values() if r == 10.0]
    assert len(tens) == 1


def test_the_canary_is_nowhere_afterwards(plex, bench_at):
    with bench_at(plex) as context:
        spoil(plex, "reset_after", **{"from": 0, "times": 1})
        with pytest.raises(PlexUnreachable):
            tried(context)
        affected_items = [
            i for i in plex.world.items() if CANARY in i.tags.get("mood", [])
        ]
        plex.faults.set([])
        tried(context)

    left = [i for i in plex.world.items() if CANARY in i.tags.get("mood", [])]
    assert (len(affected_items), left) == (2, [])
    assert {item.kind for item in affected_items} == {Kind.TRACK}


def test_a_guest_is_asked_nothing_and_only_rates(plex, bench_at):
    token = plex.options.shared_token
    with bench_at(plex, plex_token=token) as context:
        infer_plainly(context)

        assert context.executor.capabilities == RATING_ONLY
        assert context.tag == ""


def test_what_a_guest_rates_is_known_again_on_a_server_that_keeps_one_decimal(
    bench_at,
):
    with served(small_world(), floats="one-decimal") as plex:
        token = plex.options.shared_token
        with bench_at(plex, plex_token=token) as context:
            planned = infer_plainly(context)
            again = infer_plainly(context)
            undone = undo(context, Selection())

    assert planned
    assert again == []
    assert (undone.kept, undone.failed) == (0, 0)


def test_the_doctor_tries_edits_on_request_and_says_what_came_of_it(plex, tmp_path):
    before = state(plex)
    settings = settings_for(plex.url, tmp_path / "plexbayes.db")

    (good,) = check_edits(settings)
    spoil(plex, "ignore_batch_rating")
    (worse,) = check_edits(settings)

    assert (good.state, worse.state) == ("ok", "warning")
    assert "in batches and spares what you rate" in good.said
    assert "each item is rated alone" in worse.said
    assert state(plex) == before


def test_in_an_empty_library_nothing_can_be_tried(tmp_path):
    with served(World()) as plex:
        settings = settings_for(plex.url, tmp_path / "plexbayes.db")
        with open_run(settings, "run", live=True) as context:
            assert (probe(context), tried(context)) == (None, None)


def test_after_an_update_what_was_known_of_a_server_holds_until_it_is_tried(
    plex, bench_at
):
    spoil(plex, "replace_tags")

    with bench_at(plex) as context:
        tried(context)
        server = context.gateway.identity.server
        able = known_capabilities(context.store, server, "another version")

    assert (able.tagging, able.has_conditional_edits, able.is_assumed) == (
        UNSUPPORTED,
        False,
        True,
    )
