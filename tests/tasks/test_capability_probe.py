"""The first batch shows how a server may be written to."""

from dataclasses import replace

import numpy as np
import pytest

from engine.edits import ASSUMED, RATING_ONLY, Capabilities, Edit, EditMode
from engine.errors import PlexRefused
from engine.library import Level
from tasks.commands.health import check_edits
from tasks.record.runs import known_capabilities
from tasks.sync.capability_probe import probe
from tasks.sync.reconcile import reconcile
from tasks.sync.steps import read
from tests.simulator.options import Options
from tests.simulator.plex import Plex
from tests.simulator.world import World
from tests.state_machine.accounts import (
    Served,
    add_track,
    serving,
    settings_for,
    small_world,
)
from tests.state_machine.plain_runs import infer_plainly, undo_plainly
from tests.tasks.first_batches import (
    TAG,
    changed,
    kept,
    moody,
    planned,
    plex,
    run_at,
    spoil,
    state,
    tried,
    with_floats,
)

__all__ = ["plex", "run_at"]

BATCH, SINGLE, UNSUPPORTED = EditMode.BATCH, EditMode.SINGLE, EditMode.UNSUPPORTED
QUIRKS = {
    "ignore_batch_rating": Capabilities(SINGLE, BATCH),
    "first_id_only": Capabilities(SINGLE, SINGLE),
    "replace_tags": Capabilities(BATCH, UNSUPPORTED, has_conditional_edits=True),
    "lock_fields": Capabilities(SINGLE, UNSUPPORTED),
    "ignore_guard": Capabilities(BATCH, BATCH),
}
"""What is found out about servers that do the right thing wrongly."""


def test_a_good_server_is_trusted_and_keeps_two_ratings_as_planned(plex, run_at):
    before = state(plex)

    with run_at(plex) as context:
        snapshot = reconcile(context, read(context))
        plans = planned(context, snapshot)
        found = probe(context, snapshot.everything, plans)
        wished = {k: a for p in plans for k, a in zip(p.key, p.after, strict=True)}

        assert found.capabilities == Capabilities(
            BATCH, BATCH, has_conditional_edits=True
        )
        assert found.damaged == ()
        intents = [row for level in Level for row in context.store.intents(level)]
        acknowledged = {row.key for row in intents if row.state == 1}
    after = state(plex)
    assert 1 < len(changed(before, after)) <= 3
    assert acknowledged == changed(before, after)
    for key in acknowledged:
        rating, moods, locks = after[key]
        assert (rating, locks) == (pytest.approx(wished[key]), before[key][2])
        assert sorted(moods) == sorted([*before[key][1], TAG])


def test_what_was_found_out_is_remembered_for_that_version(plex, run_at):
    with run_at(plex) as context:
        assert context.executor.capabilities.is_assumed
        found = tried(context).capabilities

    with run_at(plex) as later:
        assert later.executor.capabilities == found


@pytest.mark.parametrize(("quirk", "expected"), QUIRKS.items())
def test_a_server_that_misbehaves_is_found_out(plex, run_at, quirk, expected):
    before = state(plex)
    spoil(plex, quirk)
    with run_at(plex) as context:
        found = tried(context)
        started = state(plex)
        planned = infer_plainly(context)
        inferred = state(plex)
        again = infer_plainly(context)
        undo_plainly(context)

    assert found.capabilities == expected
    harmed = {key for key in started if kept(started[key]) != kept(before[key])}
    assert harmed == set(found.damaged)
    assert bool(harmed) == (quirk == "lock_fields")
    is_tagging = expected.tagging is not UNSUPPORTED
    assert tagged(started) == (changed(before, started) if is_tagging else set())
    assert bool(tagged(inferred)) == is_tagging
    assert len(planned) > 10
    assert again == []
    assert None not in {points for points, *_ in inferred.values()}
    for key, (points, moods, locks) in before.items():
        assert inferred[key][0] == points or points is None
        assert set(moods) <= set(inferred[key][1])
        assert locks == inferred[key][2] or quirk == "lock_fields"
    for key, left in state(plex).items():
        assert (left[0], kept(left)) == (before[key][0], kept(started[key]))


def tagged(state):
    return {key for key, (_, moods, _) in state.items() if TAG in moods}


def test_a_server_that_keeps_one_decimal_gets_no_more(run_at):
    with run_at(moody(floats="one-decimal")) as context:
        found = tried(context).capabilities
        infer_plainly(context)
        again = infer_plainly(context)

    assert found == Capabilities(BATCH, BATCH, has_conditional_edits=True, step=0.1)
    assert again == []


@pytest.mark.parametrize("rated", [None, 8.0])
def test_a_server_that_ignores_which_items_are_meant_is_never_asked_to_edit(
    run_at, rated
):
    plex = Plex(small_world(), Options(ignored_filters=frozenset({"id"})))
    with run_at(plex) as context:
        for item in plex.world.items() if rated else ():
            plex.world.rate(item, rated)
        manual = state(plex)

        found = tried(context)
        infer_plainly(context)
        undo_plainly(context)

        assert found.capabilities == RATING_ONLY
        assert state(plex) == manual
        assert not [c for c in plex.world.journal.changes if c.what != "rating"]
        with pytest.raises(PlexRefused, match="ignores which items an edit"):
            context.gateway.edit(Edit(Level.TRACK, np.array([1]), drops=("x",)))


def test_where_nothing_is_unrated_nothing_can_be_tried(plex, run_at):
    for item in plex.world.items():
        plex.world.rate(item, 8.0)

    with run_at(plex) as context:
        assert tried(context) is None
        assert context.executor.capabilities.is_assumed


def test_a_guest_is_asked_nothing_and_only_rates(plex, run_at):
    with run_at(plex, plex_token=plex.options.shared_token) as context:
        infer_plainly(context)

        assert context.executor.capabilities == RATING_ONLY
        assert context.tag == ""


def test_what_a_guest_rates_is_known_again_on_a_server_that_keeps_one_decimal(
    run_at,
):
    plex = with_floats(small_world(), "one-decimal")
    with run_at(plex, plex_token=plex.options.shared_token) as context:
        planned = infer_plainly(context)
        again = infer_plainly(context)
        undone = undo_plainly(context)

    assert planned
    assert again == []
    assert (undone.kept, undone.failed) == (0, 0)


def test_the_doctor_tries_edits_on_request_and_says_what_came_of_it(tmp_path):
    with serving(Served(moody().world)) as plex:
        before = state(plex)
        settings = settings_for(plex.url, tmp_path / "plexbayes.db")

        (good,) = check_edits(settings)
        spoil(plex, "ignore_batch_rating")
        (worse,) = check_edits(settings)

    assert (good.state, worse.state) == ("ok", "warning")
    assert "in batches and spares what you rate" in good.said
    assert "each item is rated alone" in worse.said
    assert state(plex) == before


def test_in_an_empty_library_nothing_can_be_tried(run_at):
    with run_at(Plex(World())) as context:
        assert tried(context) is None


def test_after_an_update_what_was_known_of_a_server_holds_until_it_is_tried(
    plex, run_at
):
    spoil(plex, "replace_tags")

    with run_at(plex) as context:
        tried(context)
        server = context.gateway.identity.server
        able = known_capabilities(context.store, server, "another version")

    assert not able.is_step_seen
    assert (able.tagging, able.has_conditional_edits, able.is_assumed) == (
        UNSUPPORTED,
        False,
        True,
    )


@pytest.mark.parametrize("quirk", ["ignore_batch_rating", "first_id_only"])
@pytest.mark.parametrize("left", [0, 1])
def test_where_nothing_can_be_tried_in_a_batch_the_run_writes_one_by_one(
    plex, run_at, quirk, left
):
    before = state(plex)
    items = [i for i in plex.world.items() if before[i.key][0] is None]
    spoil(plex, quirk)
    with run_at(plex) as context:
        infer_plainly(context)
        undo_plainly(context)
        for item in items[left:]:  # somebody else's tags: no first batch there
            plex.world.add_tags(item, "mood", [TAG])
        context.executor.capabilities = ASSUMED
        infer_plainly(context)
        again = infer_plainly(context)

    assert again == []


def test_re_ratings_are_written_one_by_one_where_batches_are_untried(plex, run_at):
    with run_at(plex) as context:
        infer_plainly(context)
        plex.world.clock.tick()
        for item in plex.world.items():  # so every rating of ours has to move
            if item.title in {"Hated", "Loved"}:
                plex.world.rate(item, 10.0)
        spoil(plex, "ignore_batch_rating")
        context.executor.capabilities = ASSUMED
        moved = infer_plainly(context)
        again = infer_plainly(context)

    assert moved
    assert again == []


def test_a_first_batch_of_one_item_does_not_undo_what_was_seen_before(plex, run_at):
    with run_at(plex) as context:
        infer_plainly(context)
        server, version = context.gateway.identity.server, context.gateway.version
        add_track(plex.world.find(1002), plex.world, "Another")
        able = context.executor.capabilities
        context.executor.capabilities = replace(able, is_assumed=True)
        infer_plainly(context)
        recorded = known_capabilities(context.store, server, version)

        assert context.executor.capabilities.rating is SINGLE  # in this run
    assert (recorded.rating, recorded.tagging) == (BATCH, BATCH)
