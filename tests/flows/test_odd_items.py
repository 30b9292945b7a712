"""The real commands on a library of odd items: they end as they would without."""

import json
from typing import Any

import pytest

from flows.cli.doctor import doctor
from tests.flows.test_undo import state
from tests.simulator.process import Simulator

COMMANDS = ("rank", "backtest", "tune", "infer", "recover --yes")


@pytest.fixture
def quiet(plex: Simulator) -> list[dict[str, Any]]:
    """Nine artists of two tracks that no person ever rated."""
    return [
        plex.add(
            name, "Silence", [{"title": t, "guid": f"plex://{name}/{t}"} for t in "ab"]
        )
        for name in (f"Quiet {number}" for number in range(9))
    ]


def make_odd(plex: Simulator, quiet: list[dict[str, Any]]) -> set[int]:
    """Make one item of each artist odd; return those whose rating cannot be read."""
    track = [added["tracks"][0] for added in quiet]
    plex.hide(quiet[0]["album"])
    plex.set_attributes(track[1], parentRatingKey=None, grandparentRatingKey=None)
    plex.set_attributes(quiet[2]["album"], parentRatingKey=None)
    plex.set_attributes(track[3], userRating="-1")
    plex.set_attributes(track[4], userRating="10.2")
    plex.set_attributes(track[5], userRating="nan")
    plex.set_attributes(track[6], index="A1")
    plex.set_attributes(track[7], index=str(2**64 - 1))
    plex.set_attributes(track[8], lastRatedAt="yesterday", title="A&#4;B")
    return {*track[3:6]}


def test_every_command_ends_as_without_odd_items_and_counts_them(plex, listener, quiet):
    before = state(plex.dump())
    listener.run("infer")
    odd = make_odd(plex, quiet)
    stands = state(plex.dump())

    ran = {words: listener.run(*words.split()) for words in COMMANDS}
    ran["why"] = listener.run("why", str(quiet[8]["album"]))
    ran["export"] = listener.run("export-state", "exported.json")
    ran["verify"] = listener.run("verify", "--json", "verify.json")
    ran["rehearsal"] = listener.run("undo", "--dry-run")
    unchanged = state(plex.dump())
    ran["undo"] = listener.run("undo", "--yes", "--json", "undo.json")

    assert {one.status for one in ran.values()} == {0}
    assert unchanged == stands
    assert ran["infer"].summary["not_understood"] == len(quiet)
    assert "Not understood: 9 (" in ran["infer"].out
    assert "Traceback" not in "".join(one.out + one.err for one in ran.values())
    audit = json.loads((listener.folder / "verify.json").read_text("utf-8"))
    assert audit["not_understood"]["count"] == len(quiet)
    report = json.loads((listener.folder / "undo.json").read_text("utf-8"))
    assert len(report["unreadable"]) == len(odd)
    left = {k for k, one in state(plex.dump()).items() if one != before[k]}
    assert left == odd
    assert {row[0] for row in listener.query("select key from shadow")} == odd


def test_the_odd_items_of_a_run_that_writes_are_counted_and_not_failed(
    plex, listener, quiet
):
    before = state(plex.dump())
    unreadable = make_odd(plex, quiet)

    ran = listener.run("infer")

    assert ran.status == 0
    # The track with a textual date was rated, and has a date now.
    assert ran.summary["not_understood"] == len(quiet) - 1
    assert ran.summary["failed"] == 0
    assert ran.summary["written"] == ran.summary["planned"] > 0
    stray = {quiet[0]["album"], *quiet[0]["tracks"], quiet[1]["tracks"][0]}
    stray |= {quiet[2]["album"], *quiet[2]["tracks"]}
    after = state(plex.dump())
    assert {k for k in stray | unreadable if after[k] != before[k]} == set()


def test_the_doctor_lists_what_it_did_not_understand(plex, listener, quiet):
    well = doctor(listener.config)
    make_odd(plex, quiet)

    ill = doctor(listener.config)

    assert [one.state for one in well if one.subject == "listings"] == ["ok"]
    (found,) = [one for one in ill if one.subject == "listings"]
    assert found.state == "warning"
    assert "Not understood: 9" in found.said
    assert f"track 'a' ({quiet[4]['tracks'][0]}): userRating '10.2'" in found.said
