"""Intents of the original that no other test happens to keep an eye on."""

import math
import re
import statistics

import httpx
import pytest
from plexapi.server import PlexServer

from engine.legacy import parse_state
from engine.partition import in_order
from tests.flows.catching import ids_of
from tests.flows.listener import items, ratings, tagged
from tests.flows.test_faults import letter
from tests.flows.test_undo import state
from tests.oracle import expected_ratings, global_mean
from tests.simulator.control import dump as dump_of
from tests.simulator.process import Simulator
from tests.simulator.synthetic import make_library
from tests.simulator.world import World


@pytest.mark.parametrize(
    "document",
    [
        {"7": 7.5, "8": 6.1},
        {"version": "1.2", "library_uuid": "u", "ratings": {"7": 7.5, "8": 6.1}},
        {"version": "1.4", "ratings": {"7": {"r": 7.5, "t": 1}, "8": {"r": 6.1}}},
        {"7": {"r": 7.5, "t": 2}, "8": 6.1},
    ],
    ids=["the oldest", "with the UUID of the library", "with marks", "mixed"],
)
def test_every_form_of_the_originals_state_file_is_understood(document):
    assert parse_state(document, "a file").ratings == {7: 7.5, 8: 6.1}


def test_what_is_inferred_resembles_what_the_listener_would_have_given():
    resemblances, gains = [], []
    for seed in range(1, 11):
        dump = dump_of(make_library(World(), 1500, seed))
        for item in [*dump["artists"], *dump["albums"]]:
            item["userRating"] = item["critic"] = None
        given, mean = expected_ratings(dump), global_mean(dump)
        pairs = [
            (track["truth"], given[track["ratingKey"]])
            for track in dump["tracks"]
            if track["ratingKey"] in given
        ]
        truths = [truth for truth, _ in pairs]
        error = math.sqrt(statistics.mean((t - p) ** 2 for t, p in pairs))
        of_mean = math.sqrt(statistics.mean((t - mean) ** 2 for t in truths))
        resemblances.append(statistics.correlation(truths, [p for _, p in pairs]))
        gains.append(1 - error / of_mean)

    assert statistics.mean(resemblances) >= 0.5
    assert statistics.mean(gains) >= 0.12


def test_a_run_says_what_it_starts_from_before_it_writes(
    plex, orchestrated, prefect_api
):
    mean = global_mean(plex.dump())

    ran = orchestrated.run("infer")

    first_write = re.search(r"^. · \d ", ran.err, re.MULTILINE)
    assert first_write
    said = " ".join(ran.err[: first_write.start()].split())
    assert f"Global prior {mean / 2:.3f} stars." in said
    assert "accepting drift up to" in said
    assert ran.summary["prior_before"] == ran.summary["prior_after"]
    assert ran.summary["mean_before"] != ran.summary["mean_after"]
    runs = {"flow_runs": {"id": {"any_": [ran.summary["run_id"]]}}}
    tasks = httpx.post(f"{prefect_api}/task_runs/filter", json=runs).json()
    names = {task["name"] for task in tasks}
    letters = {letter(plex.dump(), key) for key in items(plex.dump())}
    assert {f"{sign} · 1 album-up" for sign in letters} <= names


@pytest.mark.parametrize("plex", [{"synthetic": 60}], indirect=True)
def test_where_nobody_rated_anything_the_run_says_what_it_assumes(plex, listener):
    for key in ratings(plex.dump()):
        plex.rate(key, None)

    ran = listener.run("infer", "--dry-run")

    assert ran.status == 0
    assert "every guess starts from 3.0 stars" in ran.err
    assert ran.summary["prior_before"] == 6.0


@pytest.mark.parametrize("word", ["", "Pink Floyd"])
def test_a_letter_to_start_from_is_the_artists_in_every_phase(plex, listener, word):
    before = plex.dump()
    letters = {key: letter(before, key) for key in items(before)}
    ordered = in_order({*letters.values(), word[:1]} - {""})
    start = word[:1] or next(s for s in ordered[len(ordered) // 2 :] if s.isascii())

    ran = listener.run("infer", "--from", word or start.lower() + "x")

    left = ordered[ordered.index(start) :]
    rated = set(ratings(plex.dump())) - set(ratings(before))
    expected = {k for k in set(letters) - set(ratings(before)) if letters[k] in left}
    assert ran.status == 0
    assert rated == expected != set()
    touched = {key for r in plex.log() if r["writes"] for key in ids_of(r)}
    assert {letters[key] for key in touched} <= set(left)


def test_ratings_become_usable_in_filters_and_the_tag_tells_them_apart(plex, listener):
    before = plex.dump()
    listener.run("infer")

    music = PlexServer(plex.url, plex.token).library.section("Music")
    liked = {t.ratingKey for t in music.searchTracks(filters={"userRating>>": 6})}
    assert liked - set(ratings(before))
    for kind in ("artist", "album", "track"):
        found = music.search(filters={"mood": "Rating_Inferred"}, libtype=kind)
        level = {item["ratingKey"] for item in before[f"{kind}s"]}
        assert {item.ratingKey for item in found} == level - set(ratings(before))


def test_rehearsing_any_command_changes_neither_plex_nor_the_record(plex, listener):
    listener.run("infer")
    listener.run("export-state", "plex_state.json")
    before, record = plex.dump(), listener.state.read_bytes()

    ran = [listener.run("verify"), listener.run("rank")]
    ran += [
        listener.run(command, "--dry-run")
        for command in ("infer", "undo", "recover", "import-state")
    ]

    assert {one.status for one in ran} == {0}
    assert plex.dump() == before
    assert listener.state.read_bytes() == record


def test_a_tag_with_a_new_name_leaves_none_of_the_old_one_after_undo(plex, listener):
    before = plex.dump()
    listener.run("infer")
    listener.configure(DRY_RUN=False, INFERRED_TAG="Guessed")

    again = listener.run("infer")
    listener.run("undo", "--yes")

    assert again.status == 0
    assert not tagged(plex.dump())
    assert not tagged(plex.dump(), "Guessed")
    assert state(plex.dump()) == state(before)


@pytest.mark.long
def test_twice_the_library_costs_no_more_than_twice_the_requests(listener_of):
    costs = []
    for tracks in (400, 800):
        with Simulator.start(synthetic=tracks) as plex:
            listener_of(plex).run("infer")
            counts = plex.counts()
            costs.append(counts["reads"] + counts["writes"])

    assert costs[1] / costs[0] <= 2.05
