"""Tags and old rows are put right, ratings stay; an undo is proven in memory."""

import pytest

from engine.library import Level
from tasks.commands.repair import drill, repair
from tests.simulator.control import Control
from tests.simulator.plex import Plex
from tests.state_machine.accounts import TAG, small_world
from tests.state_machine.plain_runs import infer_plainly
from tests.tasks.first_batches import run_at, state

__all__ = ["run_at"]


@pytest.fixture
def plex() -> Plex:
    return Plex(small_world())


def on_record(context):
    return {row.key for level in Level for row in context.store.shadows(level)}


def ratings(plex):
    return {key: rating for key, (rating, _, _) in state(plex).items()}


def item(plex, key):
    return next(item for item in plex.world.items() if item.key == key)


def test_missing_tags_come_back_and_stray_ones_go(plex, run_at):
    with run_at(plex) as context:
        infer_plainly(context)
        ours = sorted(on_record(context))
    bare = Control(plex).add("New", "Songs", ["One"])["tracks"][0]
    plex.world.remove_tags(item(plex, ours[0]), "mood", [TAG])
    plex.world.remove_tags(item(plex, ours[-1]), "mood", [TAG])
    plex.world.add_tags(item(plex, bare), "mood", [TAG])
    before = ratings(plex)

    with run_at(plex, "repair") as context:
        context.is_live = False
        said = repair(context)
        context.is_live = True
        done = repair(context)
        again = repair(context)

    bearing = {key for key, (_, moods, _) in state(plex).items() if TAG in moods}
    assert (said.tagged, said.untagged) == (done.tagged, done.untagged) == (2, 1)
    assert (again.tagged, again.untagged, again.forgotten) == (0, 0, 0)
    assert {ours[0], ours[-1]} <= bearing
    assert bare not in bearing
    assert ratings(plex) == before


@pytest.mark.parametrize("points", [7.0, 7.3])
def test_what_is_rated_tagged_and_not_on_record_keeps_both(plex, run_at, points):
    with run_at(plex) as context:
        infer_plainly(context)
    bare = Control(plex).add("New", "Songs", ["One"])["tracks"][0]
    plex.world.rate(item(plex, bare), points)
    plex.world.add_tags(item(plex, bare), "mood", [TAG])

    with run_at(plex, "repair") as context:
        done = repair(context)

    assert len(done.left_to_recover) == 1
    assert str(bare) in done.left_to_recover[0]
    assert ratings(plex)[bare] == points
    assert TAG in state(plex)[bare][1]


def test_rows_of_items_that_are_gone_are_forgotten(plex, run_at):
    with run_at(plex) as context:
        infer_plainly(context)
        keys = {row.key for row in context.store.shadows(Level.TRACK)}
    gone = next(key for key in sorted(keys) if len(on_guid(plex, key)) == 1)
    Control(plex).delete([gone])

    with run_at(plex, "repair") as context:
        spared = repair(context)
        done = repair(context, forgets_gone=True)
        left = on_record(context)

    assert (spared.forgotten, done.forgotten) == (0, 1)
    assert gone not in left
    assert left


def on_guid(plex, key):
    guid = item(plex, key).guid
    return [one for one in plex.world.items() if one.guid == guid]


def test_a_drill_says_that_an_undo_would_restore_everything(plex, run_at):
    with run_at(plex) as context:
        infer_plainly(context)
        ours = sorted(on_record(context))
    plex.world.clock.jump(1)
    plex.world.rate(item(plex, ours[0]), 2.0)
    before = state(plex)

    with run_at(plex, "drill") as context:
        writes = context.gateway.writes
        all_of_it, some = drill(context, 1.0), drill(context, 0.2)
        wrote = context.gateway.writes - writes

    assert all_of_it.not_restored == []
    assert all_of_it.yours >= 1
    assert all_of_it.restored + all_of_it.yours == all_of_it.checked
    assert 0 < some.checked < all_of_it.checked
    assert (wrote, state(plex)) == (0, before)


def test_a_drill_names_what_an_undo_would_leave_behind(plex, run_at, monkeypatch):
    with run_at(plex) as context:
        infer_plainly(context)
        monkeypatch.setattr("tasks.commands.repair.OurTags.on", no_tags)
        drilled = drill(context, 1.0)

    assert drilled.not_restored
    assert all("it would keep the tag" in line for line in drilled.not_restored)


def no_tags(_, look):
    return [()] * len(look.key)
