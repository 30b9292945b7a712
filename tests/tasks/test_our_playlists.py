"""Playlists of ours are made, kept fresh and removed; no other one is touched."""

import pytest

from engine.classic import Constants
from engine.errors import PlexRefused, PlexUnreachable
from engine.planning.plan import RunParameters
from tasks.commands.ask import ask
from tasks.commands.playlists import keep_fresh, playlists, remove_ours
from tasks.playlists.ours import SUMMARY, TITLES, keep
from tasks.record.listening import asked, playlists_of_ours
from tasks.sync.reconcile import snapshot_of
from tasks.sync.steps import read
from tests.simulator.control import Control
from tests.simulator.plex import Plex
from tests.simulator.synthetic import make_library
from tests.simulator.world import World
from tests.state_machine.plain_runs import infer_plainly
from tests.tasks.first_batches import run_at

__all__ = ["run_at"]

PLAIN = RunParameters(mean=6.0, tolerance=0.0, constants=Constants())


@pytest.fixture
def plex() -> Plex:
    return Plex(make_library(World(), 120, seed=3))


def listed(plex):
    return {one["title"]: one for one in Control(plex).playlists()}


def foreign(plex):
    """Make playlists of a person that look like ours."""
    keys = [item.key for item in plex.world.items() if item.kind == 10][:3]
    control = Control(plex)
    control.add_playlist("Please rate", items=keys)
    control.add_playlist("Mine", items=keys[:1])
    return listed(plex)


def test_asking_as_a_playlist_makes_it_and_remembers_what_was_asked(plex, run_at):
    with run_at(plex) as context:
        found = ask(context, 10, playlist=True)
        known = asked(context.store, [i.guid for i in plex.world.items()])

    made = listed(plex)["Please rate"]
    assert made["items"] == found.keys
    assert made["summary"] == SUMMARY
    assert (len(found.keys), len(known)) == (10, 10)


def test_a_dry_run_changes_and_remembers_nothing(plex, run_at):
    with run_at(plex) as context:
        context.is_live = False
        found = ask(context, 10, playlist=True)
        kept = playlists(context, [], ["gems", "forgotten"]).ours

        assert playlists_of_ours(context.store) == {}
        assert asked(context.store, [i.guid for i in plex.world.items()]) == {}
    assert listed(plex) == {}
    assert "would be made" in str(found.playlist)
    assert all("would be" in str(one) for one in kept)


def test_it_is_refreshed_after_ratings_and_only_then(plex, run_at):
    with run_at(plex) as context:
        first = ask(context, 5, playlist=True)
    with run_at(plex) as context:
        writes = context.gateway.writes
        again = ask(context, 5, playlist=True)
        unchanged = context.gateway.writes - writes
    for key in first.keys[:2]:
        Control(plex).rate(key, 8.0)
    with run_at(plex) as context:
        third = ask(context, 5, playlist=True)

    assert (again.keys, unchanged) == (first.keys, 0)
    assert "as it should be" in str(again.playlist)
    assert third.keys != first.keys
    assert third.answered == 2
    assert not set(third.keys) & set(first.keys[:2])
    assert listed(plex)["Please rate"]["items"] == third.keys
    assert len(Control(plex).playlists()) == 1


def test_playlists_of_a_person_that_look_like_ours_stay_as_they_are(plex, run_at):
    before = foreign(plex)
    with run_at(plex) as context:
        ask(context, 5, playlist=True)
    with run_at(plex) as context:
        removed = remove_ours(context)

    assert [one.title for one in removed] == ["Please rate"]
    assert listed(plex) == before


@pytest.mark.parametrize("change", ["summary", "smart"])
def test_what_a_person_made_of_ours_is_theirs(plex, run_at, change):
    with run_at(plex) as context:
        ask(context, 5, playlist=True)
    (playlist,) = plex.world.playlists.all()
    if change == "summary":
        playlist.summary = "My own words"
    else:
        Control(plex).add_playlist("S", rule="type=10&userRating>>=1")
        playlist.rule = plex.world.playlists.all()[-1].rule
    before = listed(plex)

    with run_at(plex) as context:
        assert remove_ours(context) == []
        assert playlists_of_ours(context.store) == {}

    assert listed(plex) == before


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("do", ["reset_before", "reset_after"])
def test_a_run_that_ends_between_two_requests_changes_nothing_foreign(
    plex, run_at, method, do
):
    before = foreign(plex)
    match = {"method": method, "path": "/playlists"}
    plex.faults.set([{"do": do, "match": match}])
    with run_at(plex) as context, pytest.raises((PlexUnreachable, PlexRefused)):
        keep(context, "ask", [item.key for item in plex.world.items()][-4:-2])
    plex.faults.set([])

    with run_at(plex) as context:
        ask(context, 5, playlist=True)
    with run_at(plex) as context:
        remove_ours(context)

    left = Control(plex).playlists()
    for one in before.values():
        assert one in left
    assert all(one["summary"] != SUMMARY for one in left)
    assert len(left) <= len(before) + 1


def test_making_one_that_is_tried_again_makes_no_second_one(plex, run_at):
    keys = [item.key for item in plex.world.items() if item.kind == 10][:5]
    match = {"method": "PUT", "path": "/playlists", "times": 3}
    plex.faults.set([{"do": "status", "code": 503, "match": match}])
    with run_at(plex) as context:
        for _ in range(3):
            with pytest.raises(PlexUnreachable):
                keep(context, "ask", keys)
        kept = keep(context, "ask", keys)

    assert [one["items"] for one in Control(plex).playlists()] == [keys]
    assert kept is not None
    assert listed(plex)["Please rate"]["summary"] == SUMMARY


def test_a_long_one_is_made_in_pieces(plex, run_at):
    keys = [item.key for item in plex.world.items() if item.kind == 10] * 3
    with run_at(plex) as context:
        keep(context, "ask", keys)

    assert listed(plex)["Please rate"]["items"] == keys


def test_runs_never_make_again_what_a_person_deleted(plex, run_at):
    with run_at(plex) as context:
        infer_plainly(context)
    with run_at(plex, "make") as context:
        playlists(context, [], ["gems"])
    (playlist,) = plex.world.playlists.all()
    plex.world.playlists.delete(playlist)

    with run_at(plex, "later") as context:
        assert keep_fresh(context, snapshot_of(context, read(context)), PLAIN) == []
        assert playlists_of_ours(context.store) == {}
    assert Control(plex).playlists() == []


def test_gems_and_forgotten_favourites_are_kept_fresh_by_runs(plex, run_at):
    with run_at(plex) as context:
        infer_plainly(context)
    with run_at(plex, "make") as context:
        made = playlists(context, [], ["gems", "forgotten"]).ours
    shown = listed(plex)
    gems = shown[TITLES["gems"]]["items"]
    for key in gems[:3]:
        Control(plex).rate(key, 2.0)
    with run_at(plex, "later", max_rewritten=1) as context:
        infer_plainly(context)
        snapshot = snapshot_of(context, read(context))
        keep_fresh(context, snapshot, PLAIN)
    later = listed(plex)[TITLES["gems"]]["items"]

    assert {one.title for one in made} >= {TITLES["gems"]}
    assert len(gems) > 3
    assert not set(gems[:3]) & set(later)


def test_a_run_asks_nothing_about_playlists_while_there_is_none_of_ours(plex, run_at):
    with run_at(plex) as context:
        infer_plainly(context)
        reads = context.gateway.reads
        assert keep_fresh(context, snapshot_of(context, read(context)), PLAIN) == []
        with_listings = context.gateway.reads - reads
        reads = context.gateway.reads
        read(context)

        assert context.gateway.reads - reads == with_listings
    paths = [entry["path"] for entry in plex.log.as_json()]
    assert not [path for path in paths if path.startswith("/playlists")]
