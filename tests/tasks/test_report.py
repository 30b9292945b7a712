"""The report of a library says what is so, whatever stands in the library."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from engine.library import Level
from flows.reports.html import html
from tasks.commands.analysis import backtest, why
from tasks.commands.report import report
from tasks.config.saved_backtest import NAME
from tasks.sync.reconcile import snapshot_of
from tasks.sync.steps import plans_of, read
from tests.simulator.control import Control, dump
from tests.simulator.plex import Plex
from tests.simulator.synthetic import make_library
from tests.simulator.world import World
from tests.state_machine.plain_runs import infer_plainly
from tests.tasks.first_batches import run_at

__all__ = ["run_at"]

HOSTILE = (
    "<script>alert(1)</script>",
    "]]>",
    "\u202eevil",
    "",
    '"><img src=x>',
    "&amp;",
)


@pytest.fixture
def plex() -> Plex:
    return Plex(make_library(World(), 150, seed=4))


def rated(plex, level):
    return [one for one in dump(plex.world)[level] if one["userRating"] is not None]


@pytest.mark.parametrize("model", ["classic", "hierarchical"])
def test_it_counts_what_is_rated_before_and_after_a_run(plex, run_at, tmp_path, model):
    mine = {level: len(rated(plex, level)) for level in ("artists", "albums", "tracks")}
    with run_at(plex, model=model) as context:
        before = report(context, tmp_path)
        infer_plainly(context)
    ours = {level: len(rated(plex, level)) - own for level, own in mine.items()}

    for row in before.coverage["level"]:
        assert (row.yours, row.before, row.after) == (mine[row.name], 0, ours[row.name])
    assert before.yours == mine["tracks"]
    assert sum(bar.yours for bar in before.bars) == mine["tracks"]
    assert sum(bar.ours for bar in before.bars) == ours["tracks"]
    assert before.changed > 0
    assert sum(row.after for row in before.coverage["decade"]) <= ours["tracks"]


def test_surprising_ratings_are_those_far_from_what_would_be_expected(
    plex, run_at, tmp_path
):
    album = next(
        item
        for item in plex.world.items()
        if item.kind == Level.ALBUM and len(item.children) > 5
    )
    for song in album.children:
        plex.world.rate(song, 9.0)
    odd = album.children[2]
    plex.world.clock.jump(1)
    plex.world.rate(odd, 1.0)

    for model in ("classic", "hierarchical"):
        with run_at(plex, model=model, state=f"{model}.db") as context:
            found = report(context, tmp_path).surprises

        assert found[0].item.track == odd.title, model
        assert (found[0].yours, found[0].expected > 6) == (1.0, True)


def test_gems_were_never_played_and_forgotten_ones_not_for_long(plex, run_at, tmp_path):
    tracks = [item for item in plex.world.items() if item.kind == Level.TRACK]
    now = max(item.added_at for item in tracks)
    for number, item in enumerate(tracks):
        mine = plex.world.personal_of(1, item)
        plex.world.rate(item, 9.0) if number % 3 == 0 else None
        mine = plex.world.personal_of(1, item)
        mine.view_count = number % 2
        mine.last_viewed_at = now - 86_400 * number * 5 if number % 2 else None
    plex.world.version += 1
    with run_at(plex, model="hierarchical") as context:
        found = report(context, tmp_path)

    assert found.gems
    assert found.forgotten
    assert {one.plays for one in found.gems} == {0}
    assert not any(one.is_yours for one in found.gems)
    assert all(one.idle_days >= 180 and one.rating >= 7 for one in found.forgotten)
    lows = [one.low for one in found.gems]
    assert lows == sorted(lows, reverse=True)


def test_a_threshold_finds_the_share_that_the_listener_rates_so(plex, run_at, tmp_path):
    with run_at(plex) as context:
        found = report(context, tmp_path).thresholds
        infer_plainly(context)
    mine = {one["ratingKey"] for one in rated(Plex(plex.world), "tracks")}
    values = np.array([one["userRating"] for one in rated(plex, "tracks")])

    assert found[0].wanted == 6.0
    assert len(mine) == len(values)
    for one in found:
        inferred = values[np.abs(values - np.round(values)) > 0.011]
        assert one.tracks == int((inferred >= one.threshold - 1e-6).sum())
        assert one.tracks >= round(one.share * len(inferred))
        assert one.plain == int((inferred >= one.wanted).sum())


def test_what_the_last_backtest_said_is_quoted_with_its_date(plex, run_at, tmp_path):
    with run_at(plex) as context:
        assert report(context, tmp_path).tested is None
        test, verdict = backtest(context, "track5", tmp_path)
        found = report(context, tmp_path)
        date = f"{context.machine.date:%Y-%m-%d}"

    useful = test.usefulness["classic"]
    assert found.tested.verdict == verdict.sentence
    assert found.tested.date == date
    assert (found.tested.off_by, found.tested.within) == (useful.off_by, useful.within)
    assert {one.wanted: one.right for one in found.thresholds} == {
        one.wanted: useful.right.get(one.wanted) for one in found.thresholds
    }


def test_what_you_took_over_since_the_last_run_is_named(plex, run_at, tmp_path):
    with run_at(plex) as context:
        infer_plainly(context)
    song = next(
        i for i in plex.world.items() if i.kind == Level.TRACK and is_ours(plex, i)
    )
    plex.world.clock.jump(1)
    plex.world.rate(song, 1.0)

    with run_at(plex) as context:
        found = report(context, tmp_path)

    assert [one.track for one in found.taken_over] == [song.title]
    assert found.notes[0].startswith("The last run, on 2")


def is_ours(plex, item):
    rating = plex.world.personal_of(1, item).rating
    return rating is not None and abs(rating - round(rating)) > 0.011


@pytest.mark.parametrize("model", ["classic", "hierarchical"])
def test_why_explains_a_guess_that_is_drawn_apart(plex, run_at, model):
    with run_at(plex, model=model, spread=1) as context:
        snapshot = snapshot_of(context, read(context))
        plans = [p for own in plans_of(context, snapshot).values() for p in own]
        plan = max((p for p in plans if p.phase.level is Level.TRACK), key=len)
        key, planned = int(plan.key[0]), float(plan.after[0])
        found = why(context, str(key), "").why

    assert found.value == pytest.approx(planned, abs=0.06)
    assert sum(reason.adds for reason in found.reasons) == pytest.approx(found.value)
    assert "SPREAD" in found.reasons[-1].name


@pytest.mark.parametrize("said", ["", "{}", '{"format": 1}', "[]", '{"format": 2}'])
def test_a_backtest_that_cannot_be_read_is_as_none(plex, run_at, tmp_path, said):
    (tmp_path / NAME).write_text(said)
    with run_at(plex) as context:
        assert report(context, tmp_path).tested is None


def test_a_backtest_of_another_library_is_not_quoted(plex, run_at, tmp_path):
    with run_at(plex) as context:
        backtest(context, "track5", tmp_path)
        saved = json.loads((tmp_path / NAME).read_text())
        saved["library"][1] = "another"
        (tmp_path / NAME).write_text(json.dumps(saved))

        assert report(context, tmp_path).tested is None


@pytest.mark.parametrize("model", ["classic", "hierarchical"])
def test_titles_of_any_kind_are_shown_as_text(plex, run_at, tmp_path, model):
    for number, item in enumerate(plex.world.items()):
        item.title = HOSTILE[number % len(HOSTILE)]
    Control(plex).add_playlist(HOSTILE[0], rule="type=10&userRating>>=4")
    with run_at(plex, model=model) as context:
        found = report(context, tmp_path)
        page = html(found)
        token = context.settings.plex_token.get_secret_value()

    assert HOSTILE[0] not in page
    assert "<img" not in page
    assert "(no name)" in page
    assert token not in page
    assert "32400" not in page
    assert found.playlists[0].title == HOSTILE[0]
    assert json.dumps(asdict(found))


@pytest.mark.parametrize("path", ["/playlists?", "/items"])
def test_a_plex_that_goes_away_is_told_without_its_address(
    plex, run_at, tmp_path, path
):
    Control(plex).add_playlist("Good", rule="type=10&userRating>>=4")
    with run_at(plex) as context:
        said = []
        context.watch = lambda step: said.append(step.note)
        plex.faults.set([{"do": "reset_before", "match": {"path": path}}])
        found = report(context, tmp_path)
        plex.faults.set([])
        page = html(found)

    assert "could not be read" in page or "did not answer" in page
    assert "127.0.0.1" not in page
    assert any("closed" in note for note in said)


@pytest.mark.parametrize("tracks", [0, 1])
def test_a_library_with_next_to_nothing_in_it_has_a_report(run_at, tmp_path, tracks):
    plex = Plex(World())
    if tracks:
        Control(plex).add("A", "B", ["c"])
    for model in ("classic", "hierarchical"):
        with run_at(plex, model=model, state=f"{model}.db") as context:
            found = report(context, tmp_path)

        assert found.tracks == tracks
        assert html(found)
