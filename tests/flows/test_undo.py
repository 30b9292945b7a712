"""Undo gives back exactly what was there; verify and recover know what is ours."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.flows.listener import Listener, items, ratings, tagged
from tests.flows.test_manual_ratings import inferred_tracks
from tests.simulator.process import Simulator


def state(dump: dict[str, Any]) -> dict[int, tuple[Any, ...]]:
    """Return of each item all that a run may touch."""
    return {
        key: (item["userRating"], sorted(item["moods"]), sorted(item["locks"]))
        for key, item in items(dump).items()
    }


def test_undo_gives_back_exactly_what_was_there(
    plex: Simulator, listener: Listener
) -> None:
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


def test_undo_leaves_what_a_person_changed_and_repeats_safely(
    plex: Simulator, listener: Listener
) -> None:
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


def test_a_rehearsed_undo_changes_nothing_and_predicts_the_count(
    plex: Simulator, listener: Listener
) -> None:
    listener.run("infer")
    before = plex.dump()

    rehearsal = listener.run("undo", "--dry-run", "--json", "undo.json")

    predicted = json.loads((listener.folder / "undo.json").read_text())
    assert rehearsal.status == 0
    assert plex.dump() == before
    assert predicted["undone"] == len(listener.query("select * from shadow"))


def test_undo_without_a_terminal_and_without_yes_refuses(
    plex: Simulator, listener: Listener
) -> None:
    listener.run("infer")
    before = plex.dump()

    ran = listener.run("undo")

    assert ran.status == 2
    assert "--yes" in ran.err
    assert plex.dump() == before


@pytest.mark.parametrize("plex", [{"synthetic": 400}], indirect=True)
def test_undo_can_be_limited_to_phases_letters_or_an_artist(
    plex: Simulator, listener: Listener
) -> None:
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


def test_undo_sweeps_tagged_items_that_no_record_knows(
    plex: Simulator, listener: Listener
) -> None:
    listener.run("infer")
    before = plex.dump()
    on_the_grid, off_it = [
        t["ratingKey"] for t in before["tracks"] if t["userRating"] is None or True
    ][:2]
    plex.mood(on_the_grid, add="Rating_Inferred", lock=False)
    plex.rate(on_the_grid, 8.0)
    listener.run("undo", "--yes")
    plex.rate(off_it, 7.31)
    plex.mood(off_it, add="Rating_Inferred", lock=False)
    plex.mood(on_the_grid, add="Rating_Inferred", lock=False)

    listener.run("undo", "--yes", "--json", "undo.json")

    report = json.loads((listener.folder / "undo.json").read_text())
    assert len(report["swept"]) == len(report["untagged"]) == 1
    assert ratings(plex.dump())[on_the_grid] == 8.0
    assert off_it not in ratings(plex.dump())
    assert not tagged(plex.dump())


def test_verify_says_in_a_word_whether_all_is_well(
    plex: Simulator, listener: Listener
) -> None:
    fresh = listener.run("verify", "--json", "verify.json")
    listener.run("infer")
    well = listener.run("verify")
    tracks = [t for t in inferred_tracks(plex) if "local://" not in t["guid"]]
    for track in tracks[:3]:
        plex.rate(track["ratingKey"], 3.0)
    plex.rate(tracks[3]["ratingKey"], None)
    plex.delete([tracks[4]["ratingKey"], tracks[5]["ratingKey"]])
    plex.rekey([tracks[6]["ratingKey"], tracks[7]["ratingKey"]])
    before = plex.dump()
    ran = listener.run("verify", "--json", "verify.json", "--overwrite")

    found = json.loads((listener.folder / "verify.json").read_text())
    counts = {k: v["count"] for k, v in found.items() if isinstance(v, dict)}
    assert (fresh.status, well.status, ran.status) == (5, 0, 5)
    assert "IN SYNC" in well.out
    assert found["verdict"] == "ATTENTION"
    assert counts["edited"] == 3
    assert counts["cleared"] == 1
    assert counts["gone"] == 2
    assert counts["moved"] == 2
    assert counts["pending"] >= 1
    assert plex.dump() == before


def test_a_deleted_record_is_rebuilt_from_the_tag(
    plex: Simulator, listener: Listener
) -> None:
    before = plex.dump()
    listener.run("infer")
    known = listener.query("select level, guid, key, value from shadow order by 1, 2")
    listener.state.unlink()

    ran = listener.run("recover", "--yes")

    assert ran.status == 0
    assert (
        listener.query("select level, guid, key, value from shadow order by 1, 2")
        == known
    )
    assert listener.run("infer").summary["planned"] == 0
    listener.run("undo", "--yes")
    assert state(plex.dump()) == state(before)


def test_without_a_tag_there_is_nothing_to_recover_from(
    plex: Simulator, listener: Listener
) -> None:
    listener.configure(DRY_RUN=False, INFERRED_TAG="")

    ran = listener.run("recover", "--yes")

    assert ran.status == 2
    assert "INFERRED_TAG" in ran.err


def test_the_originals_state_file_is_taken_over_where_plex_agrees(
    plex: Simulator, listener: Listener
) -> None:
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

    ran = listener.run("import-state", "old.json", "--json", "report.json")

    report = json.loads((listener.folder / "report.json").read_text())
    assert ran.status == 0
    assert report["imported"] == len(keys) - 1
    assert len(report["different"]) == 1
    assert report["missing"] == ["999999"]
    assert len(listener.query("select * from shadow")) == len(keys) - 1
    listener.run("undo", "--yes")
    assert set(ratings(plex.dump())) - set(ratings(before)) <= {keys[0]}
    assert held[keys[0]]


def test_a_library_created_anew_is_not_taken_for_the_old_one(
    listener_of: Callable[..., Listener],
) -> None:
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


def test_rankings_name_nobody_twice(plex: Simulator, listener: Listener) -> None:
    listener.run("infer")

    ran = listener.run("rank", "-n", "1", "--json", "rank.json")
    albums = listener.run("rank", "--albums")

    ranks = json.loads((listener.folder / "rank.json").read_text())
    names = [line["name"] for line in ranks["top"] + ranks["bottom"]]
    assert ran.status == albums.status == 0
    assert len(names) == len(set(names)) == 2
    assert ranks["top"][0]["rating"] >= ranks["bottom"][0]["rating"]
