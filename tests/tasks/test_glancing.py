"""A glance is enough if nothing has changed since there was nothing to write."""

import json
import time
from dataclasses import replace

import pytest

from engine.classic import Constants
from engine.library import Level
from engine.reports import Summary
from engine.reversal import Selection
from tasks import glancing
from tasks.glancing import glance, keep, unchanged
from tasks.plex import glances
from tasks.remembering import take_stock
from tasks.shadow.runs import begin_run, finish_run
from tasks.undoing import undo
from tasks.workbench import workbench
from tests.simulator.items import Kind
from tests.simulator.options import Options
from tests.simulator.world import OWNER
from tests.stories.household import (
    Served,
    add_track,
    serving,
    settings_for,
    small_world,
)
from tests.stories.runs import infer_plainly
from tests.tasks.trials import plex

__all__ = ["plex"]

LATELY = time.time()


@pytest.fixture
def infer(plex, tmp_path):
    """Run once, as the flow does; say whether the library was read."""

    def infer(**wishes):
        settings = settings_for(plex.url, tmp_path / "plexbayes.db", **wishes)
        infer.runs += 1
        plex.world.clock.tick()
        with workbench(settings, f"run {infer.runs}", live=True) as bench:
            sight = glance(bench)
            infer.summary = unchanged(bench, sight)
            if infer.summary:
                return False
            begin_run(bench.store, bench.run_id, 6.0, Constants(), float(infer.runs))
            everything = take_stock(bench).everything
            planned = infer_plainly(bench)
            done = summary(bench, len(planned))
            finish_run(bench.store, bench.run_id, json.dumps(done), LATELY)
            keep(bench, sight, everything, Summary(**done))
            return True

    infer.runs = 0
    return infer


def summary(bench, planned):
    """Return what the report of a run would hold."""
    stays = dict.fromkeys(glancing.STAYS, 3)
    about = {"run_id": bench.run_id, "library": "Music", "dry_run": False}
    rest = {"phases": {}, "top": [], "bottom": []}
    return about | stays | rest | {"planned": planned}


@pytest.fixture
def quiet(infer):
    """Have a run that wrote everything, and one that had nothing to write."""
    assert infer()
    assert infer()
    return infer


def item(plex, title):
    return next(one for one in plex.world.items() if one.title == title)


def test_an_unchanged_library_is_not_read(plex, quiet):
    before = plex.log.noted

    assert not quiet()

    paths = [entry.path for entry in plex.log.entries() if entry.n > before]
    assert len(paths) <= 16
    assert not any("sort=id" in path for path in paths)
    assert quiet.summary.tracks == 3
    assert quiet.summary.unchanged_since == LATELY


CHANGES = {
    "a rating": lambda plex: plex.world.rate(item(plex, "Kick"), 9.0, OWNER),
    "a rating that was changed": lambda plex: plex.world.rate(
        item(plex, "Loved"), 3.0, OWNER
    ),
    "a rating that was taken back": lambda plex: plex.world.rate(
        item(plex, "Loved"), None, OWNER
    ),
    "a rating of an album": lambda plex: plex.world.rate(
        item(plex, "First"), 9.0, OWNER
    ),
    "a track more": lambda plex: add_track(
        item(plex, "First"), plex.world, "New", added_at=int(plex.world.clock())
    ),
    "a track less": lambda plex: plex.world.delete(item(plex, "Low")),
    "a critic": lambda plex: plex.world.set_fact(item(plex, "Second"), "critic", 9.0),
    "a title": lambda plex: plex.world.set_fact(item(plex, "Low"), "title", "High"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_changes_is_read(plex, quiet, change):
    assert not quiet()
    plex.world.clock.tick()

    change(plex)

    assert quiet()


def test_one_rating_for_another_is_no_glance_alike(plex, quiet):
    plex.world.rate(item(plex, "Loved"), None, OWNER)
    plex.world.rate(item(plex, "Hated"), 0.0, OWNER)

    assert quiet()


def test_other_settings_read_anew(quiet):
    assert quiet(confidence_c=4.0)


def test_every_few_runs_read_anyhow(quiet):
    read = [quiet(full_read_every=3) for _ in range(7)]

    assert read == [True, False, False, True, False, False, True]


def test_after_a_week_all_is_read(quiet, monkeypatch):
    monkeypatch.setattr(glancing.time, "time", lambda: LATELY + glancing.LONGEST + 1)

    assert quiet()


def test_whoever_wants_it_reads_always(quiet):
    assert quiet(full_read_every=1)


def test_after_an_undo_all_is_read(plex, quiet, tmp_path):
    settings = settings_for(plex.url, tmp_path / "plexbayes.db")
    with workbench(settings, "undo", live=True) as bench:
        undo(bench, Selection(artist="Abel"))

    assert quiet()


def test_what_plays_tell_counts_for_the_model_that_listens(plex, infer):
    for _ in range(2):
        infer(model="hierarchical")
    assert not infer(model="hierarchical")

    plex.world.clock.tick()
    track = item(plex, "Kick")
    mine = plex.world.remember(track)
    mine.view_count, mine.last_viewed_at = 3, int(plex.world.clock())

    assert infer(model="hierarchical")


def test_what_changed_a_moment_ago_is_not_settled(plex, quiet, monkeypatch):
    monkeypatch.setattr(glancing.time, "time", lambda: plex.world.clock() + 1)

    assert quiet()


def test_a_server_that_does_not_filter_is_read_always(plex, quiet, tmp_path):
    settings = settings_for(plex.url, tmp_path / "plexbayes.db")
    with workbench(settings, "look", live=False) as bench:
        sight, everything = glance(bench), take_stock(bench).everything
    tracks = sight.levels[Level.TRACK]
    blind = sight.levels | {Level.TRACK: replace(tracks, unrated=tracks.items)}

    assert sight.agrees_with(everything)
    assert not replace(sight, levels=blind).agrees_with(everything)


def test_a_server_that_ignores_the_filter_makes_no_run_wrong(tmp_path):
    ignoring = Options(ignored_filters=frozenset({"userRating"}))
    with serving(Served(small_world(), ignoring)) as plex:
        settings = settings_for(plex.url, tmp_path / "plexbayes.db")
        with workbench(settings, "run", live=True) as bench:
            infer_plainly(bench)
            plex.world.clock.tick()
            sight, everything = glance(bench), take_stock(bench).everything

    assert sight is not None
    assert not sight.agrees_with(everything)  # so nothing is kept, and all is read


@pytest.mark.parametrize("count", [1, 7])
@pytest.mark.parametrize("date", ["lastRatedAt", "added_at", "updated_at"])
def test_a_date_in_the_future_keeps_no_run_from_being_quiet(plex, infer, date, count):
    future = int(time.time()) + 30 * 365 * 86_400
    for track in list(plex.world.shelves[Kind.TRACK].values())[:count]:
        if date == "lastRatedAt":
            plex.world.rate(track, 6.0, OWNER, at=future)
        else:
            setattr(track, date, future)
    for _ in range(2):
        infer()

    assert not infer()

    plex.world.clock.tick()
    plex.world.rate(item(plex, "Low"), 2.0, OWNER)
    plex.world.rate(item(plex, "Loved"), 3.0, OWNER)
    assert infer()


def test_where_too_many_dates_are_in_the_future_all_is_read(plex, quiet, monkeypatch):
    monkeypatch.setattr(glances, "MOST_AHEAD", 3)
    for artist in plex.world.shelves[Kind.TRACK].values():
        artist.added_at = int(time.time()) + 30 * 365 * 86_400

    assert quiet()
    assert quiet()


@pytest.mark.parametrize(
    "fault", [{"do": "status", "code": 500}, {"do": "garbage_xml"}]
)
def test_where_plex_cannot_answer_the_library_is_read(plex, quiet, fault):
    match = {"match": {"path": "sort=updatedAt", "times": 1}}
    plex.faults.set([fault | match])

    assert quiet()
    assert plex.faults.struck() == 1


def test_in_a_library_without_a_record_nobody_glances(plex, tmp_path):
    settings = settings_for(plex.url, tmp_path / "plexbayes.db")
    with workbench(settings, "look", live=False) as bench:
        assert glance(bench) is None


def test_a_library_without_artists_has_nothing_to_see(plex, quiet):
    for artist in list(plex.world.shelves[Kind.ARTIST].values()):
        plex.world.delete(artist)

    assert quiet()
