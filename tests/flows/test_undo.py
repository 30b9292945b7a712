"""Undo gives back exactly what was there; verify and recover know what is ours."""

import json
from typing import Any

import psycopg
import pytest

from tests.flows.expecting import inferred
from tests.flows.listener import Listener, items, ratings, tagged
from tests.flows.test_manual_ratings import inferred_tracks
from tests.simulator.process import Simulator


def state(dump: dict[str, Any]) -> dict[int, tuple[Any, ...]]:
    """Return of each item all that a run may touch."""
    return {
        key: (item["userRating"], sorted(item["moods"]), sorted(item["locks"]))
        for key, item in items(dump).items()
    }


def reported(listener: Listener, *words: str) -> tuple[int, Any]:
    """Run a command; return its exit status and what it wrote as JSON."""
    ran = listener.run(*words, "--json", "report.json", "--overwrite")
    return ran.status, json.loads((listener.folder / "report.json").read_text())


def test_undo_gives_back_exactly_what_was_there(plex, listener):
    before = plex.dump()
    listener.run("infer")
    cost = sum(plex.counts()[kind] for kind in ("reads", "writes"))
    plex.clear_log()

    ran = listener.run("undo", "--yes")

    assert ran.status == 0
    assert state(plex.dump()) == state(before)
    assert plex.dump()["tracks"][0]["lastRatedAt"] == before["tracks"][0]["lastRatedAt"]
    assert listener.query("select * from shadow") == []
    assert listener.query("select * from mark") == []
    assert sum(plex.counts()[kind] for kind in ("reads", "writes")) <= cost


def test_undo_leaves_what_a_person_changed_and_repeats_safely(plex, listener):
    before = plex.dump()
    listener.run("infer")
    mine = inferred_tracks(plex)[0]["ratingKey"]
    plex.rate(mine, 9.0)
    plex.faults([{"match": {"method": "PUT", "from": 2}, "do": "status", "code": 500}])

    broken = listener.run("undo", "--yes")
    plex.faults([])
    mended = listener.run("undo", "--yes")

    expected = state(before) | {mine: (9.0, *state(before)[mine][1:])}
    assert (broken.status, mended.status) == (1, 0)
    assert state(plex.dump()) == expected


def test_a_refused_or_rehearsed_undo_changes_nothing_and_predicts_the_count(
    plex, listener
):
    listener.run("infer")
    before = plex.dump()

    refused = listener.run("undo")  # without a terminal and without --yes
    status, predicted = reported(listener, "undo", "--dry-run")

    assert refused.status == 2
    assert "--yes" in refused.err
    assert status == 0
    assert plex.dump() == before
    assert predicted["undone"] == len(listener.query("select * from shadow"))


@pytest.mark.parametrize("plex", [{"synthetic": 400}], indirect=True)
def test_undo_can_be_limited_to_phases_letters_or_an_artist(plex, listener):
    before = plex.dump()
    listener.run("infer")
    after = state(plex.dump())
    tracks = {track["ratingKey"] for track in before["tracks"]}
    artist = next(a for a in before["artists"] if a["title"])

    listener.run("undo", "--yes", "--artist", artist["title"])
    without_artist = state(plex.dump())
    listener.run("undo", "--yes", "--phases", "4")
    without_tracks = state(plex.dump())

    own = {
        key
        for key, item in items(before).items()
        if artist["ratingKey"]
        in (key, item["parentRatingKey"], item["grandparentRatingKey"])
    }
    changed = {key for key, was in after.items() if without_artist[key] != was}
    assert changed
    assert changed <= own
    assert {k: v for k, v in without_tracks.items() if k in tracks} == {
        k: v for k, v in state(before).items() if k in tracks
    }
    assert set(ratings(plex.dump())) > set(ratings(before))


def test_undo_sweeps_tagged_items_that_no_record_knows(plex, listener):
    listener.run("infer")
    before = plex.dump()
    on_the_grid, off_it = [track["ratingKey"] for track in before["tracks"][:2]]
    plex.mood(on_the_grid, add="Rating_Inferred", lock=False)
    plex.rate(on_the_grid, 8.0)
    listener.run("undo", "--yes")
    plex.rate(off_it, 7.31)
    plex.mood(off_it, add="Rating_Inferred", lock=False)
    plex.mood(on_the_grid, add="Rating_Inferred", lock=False)

    _, report = reported(listener, "undo", "--yes")

    assert len(report["swept"]) == len(report["untagged"]) == 1
    assert ratings(plex.dump())[on_the_grid] == 8.0
    assert off_it not in ratings(plex.dump())
    assert not tagged(plex.dump())


def test_verify_says_in_a_word_whether_all_is_well(plex, listener):
    fresh = listener.run("verify")
    listener.run("infer")
    well = listener.run("verify")
    tracks = [t for t in inferred_tracks(plex) if "local://" not in t["guid"]]
    for track in tracks[:3]:
        plex.rate(track["ratingKey"], 3.0)
    plex.rate(tracks[3]["ratingKey"], None)
    plex.delete([tracks[4]["ratingKey"], tracks[5]["ratingKey"]])
    plex.rekey([tracks[6]["ratingKey"], tracks[7]["ratingKey"]])
    before = plex.dump()

    status, found = reported(listener, "verify")

    counts = {k: v["count"] for k, v in found.items() if isinstance(v, dict)}
    assert (fresh.status, well.status, status) == (5, 0, 5)
    assert "IN SYNC" in well.out
    assert found["verdict"] == "ATTENTION"
    known = {"edited": 3, "cleared": 1, "gone": 2, "moved": 2}
    assert {name: counts[name] for name in known} == known
    assert counts["pending"] >= 1
    assert plex.dump() == before


def test_a_deleted_record_is_rebuilt_from_the_tag(plex, listener):
    before = plex.dump()
    listener.run("infer")
    shadows = "select level, guid, key, value from shadow order by 1, 2"
    known = listener.query(shadows)
    listener.state.unlink()

    ran = listener.run("recover", "--yes")

    assert ran.status == 0
    assert listener.query(shadows) == known
    assert listener.run("infer").summary["planned"] == 0
    listener.run("undo", "--yes")
    assert state(plex.dump()) == state(before)


def test_without_a_tag_there_is_nothing_to_recover_from(plex, listener):
    listener.configure(DRY_RUN=False, INFERRED_TAG="")

    ran = listener.run("recover", "--yes")

    assert ran.status == 2
    assert "INFERRED_TAG" in ran.err


def test_the_originals_state_file_is_taken_over_where_plex_agrees(plex, listener):
    before = plex.dump()
    listener.run("infer")
    keys = sorted(tagged(plex.dump()))
    held = ratings(plex.dump())
    listener.run("export-state", "plex_state.json")
    exported = json.loads((listener.folder / "plex_state.json").read_text())
    listener.state.unlink()
    exported["ratings"][str(keys[0])] += 1
    exported["ratings"]["999999"] = 5.0
    (listener.folder / "old.json").write_text(json.dumps(exported))

    status, report = reported(listener, "import-state", "old.json")

    assert status == 0
    assert report["imported"] == len(keys) - 1
    assert len(report["different"]) == 1
    assert report["missing"] == ["999999"]
    assert len(listener.query("select * from shadow")) == len(keys) - 1
    listener.run("undo", "--yes")
    assert set(ratings(plex.dump())) - set(ratings(before)) <= {keys[0]}
    assert held[keys[0]]


def test_a_library_created_anew_is_not_taken_for_the_old_one(listener_of):
    with Simulator.start(synthetic=60, seed=1) as old:
        listener = listener_of(old)
        listener.run("infer")
        left = old.dump()
    with Simulator.start(synthetic=60, seed=1, created=2) as new:
        listener.plex = new
        listener.configure(DRY_RUN=False)
        refused = listener.run("infer")
        accepted = listener.run("infer", "--accept-library", "--dry-run")

        assert refused.status == 1
        assert left["uuid"] in refused.err
        assert new.dump()["uuid"] in refused.err
        assert accepted.status == 0


def test_rankings_name_nobody_twice(plex, listener):
    listener.run("infer")

    status, ranks = reported(listener, "rank", "-n", "1")
    albums = listener.run("rank", "--albums")

    names = [line["name"] for line in ranks["top"] + ranks["bottom"]]
    assert status == albums.status == 0
    assert len(names) == len(set(names)) == 2
    assert ranks["top"][0]["rating"] >= ranks["bottom"][0]["rating"]


def test_the_record_can_live_in_postgresql(plex, listener, postgres):
    before, expected = plex.dump(), inferred(plex)
    listener.configure(DRY_RUN=False, STATE_URL=postgres)

    first = listener.run("infer")
    second = listener.run("infer")
    after = plex.dump()
    with psycopg.connect(postgres.replace("+psycopg", "")) as connection:
        recorded = connection.execute("select count(*) from shadow").fetchone()
    undone = listener.run("undo", "--yes")

    assert first.status == second.status == undone.status == 0
    assert second.summary["planned"] == 0
    assert recorded == (first.summary["written"],)
    assert ratings(after) == pytest.approx(ratings(before) | expected, abs=0.011)
    assert set(ratings(after)) == set(items(after))
    assert state(plex.dump()) == state(before)
    assert not listener.state.exists()
