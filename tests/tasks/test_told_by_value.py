"""Without tag and record, inferred ratings are known by their values alone."""

import pytest

from engine.errors import RecordLost, RecordOutdated
from engine.library import Level
from engine.planning.undo_plan import Selection
from tasks.commands.recover import recover
from tasks.commands.undo import undo
from tasks.commands.verify import verify
from tests.simulator.control import Control
from tests.simulator.options import Options
from tests.simulator.plex import Plex
from tests.simulator.synthetic import make_library
from tests.simulator.world import World
from tests.state_machine.accounts import TAG
from tests.state_machine.plain_runs import infer_plainly
from tests.tasks.first_batches import run_at, state

__all__ = ["run_at"]

FLOATS = ("exact", "float32", "one-decimal")


def library(floats="exact", seed=1):
    return Plex(make_library(World(), 60, seed=seed), Options(float_mode=floats))


def ratings(plex):
    return {key: rating for key, (rating, _, _) in state(plex).items()}


def on_record(context):
    return {row.guid for level in Level for row in context.store.shadows(level)}


def without_tags(plex):
    for item in plex.world.items():
        plex.world.remove_tags(item, "mood", [TAG])


@pytest.mark.parametrize("floats", FLOATS)
@pytest.mark.parametrize("seed", range(3))
def test_every_inferred_rating_is_found_by_its_value_and_no_manual_one(
    run_at, floats, seed
):
    plex = library(floats, seed)
    before = ratings(plex)
    with run_at(plex) as context:
        infer_plainly(context)
        given = on_record(context)
    without_tags(plex)

    with run_at(plex, "recover", state="lost.db") as context:
        context.is_live = False
        said = recover(context)
        context.is_live = True
        recover(context, by_value=True)
        found = on_record(context)
        undo(context, Selection())

    assert found == given
    assert said.by_value == len(given)
    assert sum(int(line.rpartition(": ")[2]) for line in said.values) == len(given)
    assert ratings(plex) == before


@pytest.mark.parametrize("floats", FLOATS)
def test_no_inferred_rating_is_a_half_star(run_at, floats):
    plex = library(floats)
    before = ratings(plex)
    with run_at(plex, rating_ceiling=4.5, rating_floor=2.5) as context:
        infer_plainly(context)

    given = {k: v for k, v in ratings(plex).items() if before[k] is None}
    assert given
    assert all(abs(value - round(value)) > 0.015 for value in given.values())
    assert all(5.0 <= value <= 9.0 for value in given.values())


def test_half_stars_of_ours_from_before_are_rewritten_once(run_at, monkeypatch):
    plex = Plex(World())
    songs = Control(plex).add("Abba", "Arrival", ["Tiger", "Money", "Knowing"])
    plex.world.rate(plex.world.find(songs["tracks"][0]), 8.0)
    with monkeypatch.context() as earlier, run_at(plex) as context:
        earlier.setattr("engine.planning.plan.told_apart", lambda points, *_: points)
        infer_plainly(context)
        known = context.store.shadows(Level.TRACK)
    halves = {row.key for row in known if row.value == 8.0}

    with run_at(plex, "next") as context:
        infer_plainly(context)
        writes = context.gateway.writes
    with run_at(plex, "last") as context:
        infer_plainly(context)
        again = context.gateway.writes

    held = ratings(plex)
    assert halves == set(songs["tracks"][1:])
    assert {held[key] for key in halves} == {8.1}  # no rating showed finer steps
    assert (writes > 0, again) == (True, 0)


@pytest.mark.parametrize("verb", [infer_plainly, lambda c: undo(c, Selection())])
def test_without_tags_a_lost_record_stops_a_run_and_an_undo(run_at, verb):
    plex = library()
    with run_at(plex, inferred_tag="") as context:
        infer_plainly(context)
    before = state(plex)

    with (
        run_at(plex, "next", state="lost.db", inferred_tag="") as context,
        pytest.raises(RecordLost, match="recover"),
    ):
        verb(context)

    assert state(plex) == before


def test_without_tags_an_old_record_stops_a_run(run_at):
    plex = library()
    with run_at(plex, inferred_tag="") as context:
        infer_plainly(context)
        for level in Level:
            guids = [row.guid for row in context.store.shadows(level)]
            context.store.forget(level, guids[: len(guids) // 2])

    with (
        run_at(plex, "next", inferred_tag="") as context,
        pytest.raises(RecordOutdated, match="recover"),
    ):
        infer_plainly(context)


def test_that_odd_ratings_are_ones_own_is_remembered(run_at):
    plex = library()
    items = list(plex.world.items())
    for item in items[:15]:
        plex.world.rate(item, 7.3)
    before = {item.key: 7.3 for item in items[:15]}

    with run_at(plex, inferred_tag="") as context:
        looks = verify(context).looks_ours.count
        with pytest.raises(RecordLost):
            infer_plainly(context)
        recover(context, by_value=False)
        infer_plainly(context)
        remembered = verify(context).looks_ours.count
        undo(context, Selection())

    held = ratings(plex)
    assert looks >= 10
    assert remembered == 0
    assert {key: held[key] for key in before} == before


def test_where_only_whole_points_are_kept_nothing_can_be_told(run_at):
    plex = library()
    with run_at(plex, inferred_tag="", write_precision=0.5) as context:
        infer_plainly(context)
        given = on_record(context)
    with run_at(plex, "recover", state="lost.db") as context:
        said = recover(context)

    assert given
    assert said.by_value == 0


@pytest.mark.parametrize("levels", [("artist", "album"), ("track",), ()])
def test_only_the_chosen_levels_are_tagged_and_everything_is_undone(run_at, levels):
    plex = library()
    before = state(plex)
    with run_at(plex, inferred_tag_levels=levels) as context:
        infer_plainly(context)
        verdict = verify(context).verdict
    held = state(plex)
    with run_at(plex, "next", inferred_tag_levels=levels) as context:
        infer_plainly(context)
        writes = context.gateway.writes
        undo(context, Selection())

    kinds = {item.key: item.kind.label for item in plex.world.items()}
    rated = {k for k, now in held.items() if now[0] != before[k][0]}
    tagged = {key for key, (_, moods, _) in held.items() if TAG in moods}
    assert tagged == {key for key in rated if kinds[key] in levels}
    assert verdict == "IN SYNC"
    assert writes == 0
    assert ratings(plex) == {key: now[0] for key, now in before.items()}
    assert not any(TAG in moods for _, moods, _ in state(plex).values())
