"""What goes wrong costs one letter or some time, never a rating."""

import signal
import time
from typing import Any

import pytest

from engine.partition import letter_of
from tests.flows.catching import await_true, ids_of, make_slow
from tests.flows.expecting import expect_inferred, inferred
from tests.flows.listener import PATIENCE, Listener, end, items, ratings, tagged
from tests.simulator.process import Simulator


def letter(dump: dict[str, Any], key: int) -> str:
    """Return the letter that an item files under."""
    return letter_among(items(dump), key)


def letter_among(everything: dict[int, dict[str, Any]], key: int) -> str:
    """Return the letter that an item files under, among all items by ratingKey."""
    item = everything[key]
    above = item["grandparentRatingKey"] or item["parentRatingKey"]
    artist = everything[above or key]
    return letter_of(artist["titleSort"] or artist["title"])


def under_one_artist(dump: dict[str, Any]) -> tuple[str, list[int]]:
    """Return a letter of several artists, and all keys of one of these."""
    artist = dump["artists"][3]
    top = artist["ratingKey"]
    keys = [
        item["ratingKey"]
        for item in items(dump).values()
        if top in (item["parentRatingKey"], item["grandparentRatingKey"])
    ]
    return letter(dump, top), [top, *keys]


@pytest.mark.parametrize("plex", [{"synthetic": 400}], indirect=True)
@pytest.mark.parametrize(
    "runner", ["plain", pytest.param("prefect", marks=pytest.mark.system)]
)
def test_a_failed_letter_stops_no_other_and_is_finished_by_the_next_run(
    plex, request, runner
):
    name = "orchestrated" if runner == "prefect" else "listener"
    listener: Listener = request.getfixturevalue(name)
    before, expected = plex.dump(), inferred(plex)
    failing, keys = under_one_artist(before)
    failing_writes = {"method": "PUT", "ratingKeys": keys}
    plex.faults([{"match": failing_writes, "do": "status", "code": 500}])

    first = listener.run("infer")
    held = plex.dump()
    plex.faults([])
    plex.clear_log()
    second = listener.run("infer")

    others = {key: p for key, p in expected.items() if letter(before, key) != failing}
    assert first.status == 3
    assert list(first.summary["failed_letters"]) == [failing]
    assert set(others) <= set(ratings(held))
    assert second.status == 0
    missing = set(expected) - set(ratings(held))
    touched = {
        key for request in plex.log() if request["writes"] for key in ids_of(request)
    }
    assert missing <= touched
    assert {letter(before, key) for key in touched} == {failing}
    expect_inferred(plex.dump(), before, expected)


@pytest.mark.parametrize("fault", ["timeout_after", "reset_after", "reset_before"])
def test_a_write_of_unknown_outcome_is_settled_by_a_retry(plex, listener, fault):
    before, expected = plex.dump(), inferred(plex)
    listener.configure(DRY_RUN=False, RETRIES=2, RETRY_DELAY=0, TIMEOUT=1)
    unclear = {"match": {"method": "PUT", "from": 7, "times": 2}, "seconds": 2}
    plex.faults([unclear | {"do": fault}])

    ran = listener.run("infer")

    assert ran.status == 0
    assert ran.summary["written"] == ran.summary["planned"]
    expect_inferred(plex.dump(), before, expected)


@pytest.mark.parametrize("index", [1, 35])
def test_after_a_kill_the_next_run_finishes_and_nothing_is_mistaken(
    plex, listener, index
):
    listener.acquaint()
    before, since = plex.dump(), len(plex.journal())
    expected = inferred(plex)
    hang = {"match": {"method": "PUT", "from": index, "times": 1}, "seconds": 30}
    plex.faults([hang | {"do": "timeout_after"}])
    process = listener.start("infer")
    await_writes(plex, index + 1, since)
    end(process, signal.SIGKILL)
    plex.faults([])

    ran = listener.run("infer")

    assert ran.status == 0
    assert ran.summary["manual_tracks"] == len(
        [t for t in before["tracks"] if t["userRating"] is not None]
    )
    expect_inferred(plex.dump(), before, expected)
    assert listener.run("infer").summary["planned"] == 0


def await_writes(plex: Simulator, count: int, since: int = 0) -> None:
    """Wait until so many items were rated, after so many changes of all kinds.

    More than two: the trial of a server rates no others.
    """

    def are_enough() -> bool:
        changes = plex.journal()[since:]
        rated = {c["ratingKey"] for c in changes if c["what"] == "rating"}
        return len(rated) >= count

    await_true(are_enough)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_at_a_safe_point(plex, listener, signum):
    before, expected = plex.dump(), inferred(plex)
    make_slow(plex, {"method": "PUT"}, 100)
    process = listener.start("infer")
    await_writes(plex, 5)
    process.send_signal(signum)
    _, said = process.communicate(timeout=PATIENCE)
    plex.faults([])

    assert process.returncode == 130
    assert "once more ends it at once" in said
    assert "Traceback" not in said
    assert not listener.query("select * from lease")
    assert 0 < len(ratings(plex.dump())) < len(items(before))
    assert listener.run("infer").status == 0
    expect_inferred(plex.dump(), before, expected)


def test_a_second_writer_is_told_who_holds_the_library(plex, listener):
    make_slow(plex, {"method": "PUT"}, 500)
    first = listener.start("infer")
    await_writes(plex, 3)

    second = listener.run("infer")
    rehearsal = listener.run("infer", "--dry-run")
    plex.faults([])
    first.communicate(timeout=120)

    assert (first.returncode, second.status, rehearsal.status) == (0, 4, 0)
    assert f"process {first.pid}" in second.err


def test_a_token_that_is_refused_in_mid_run_ends_it_and_loses_nothing(plex, listener):
    before, expected = plex.dump(), inferred(plex)
    listener.acquaint()
    refused = {"match": {"method": "PUT", "from": 4}, "do": "status", "code": 401}
    plex.faults([refused])

    ran = listener.run("infer")
    half = ratings(plex.dump())
    plex.faults([])
    again = listener.run("infer")
    after = plex.dump()
    undone = listener.run("undo", "--yes")

    assert ran.status != 0
    assert "PLEX_TOKEN" in ran.out
    reasons = ran.summary["failed_letters"].values()
    assert reasons
    assert all("Check PLEX_TOKEN" in reason for reason in reasons)
    assert len(ratings(before)) < len(half) < len(ratings(before) | expected)
    assert again.status == undone.status == 0
    assert set(ratings(after)) == set(ratings(before) | expected)
    assert tagged(after) == set(expected)
    assert ratings(plex.dump()) == ratings(before)


def test_a_run_says_that_plex_scans_the_library(plex, listener):
    plex.scan(60)

    ran = listener.run("infer")

    assert ran.status == 0
    assert "Plex is scanning the library" in ran.err


def test_a_plex_that_is_killed_and_comes_back_costs_no_letter(plex, listener):
    before, expected = plex.dump(), inferred(plex)
    listener.configure(DRY_RUN=False, RETRY_DELAY=0.5)
    make_slow(plex, {"method": "PUT"}, 50)
    process = listener.start("infer")
    await_writes(plex, 5)
    plex.die(listener.folder / "kept")
    time.sleep(3)
    with plex.come_back(listener.folder / "kept") as back:
        _, err = process.communicate(timeout=PATIENCE)
        after = back.dump()

    assert process.returncode == 0
    assert "Trying again in 0.5 s." in err
    assert "Trying again in 2 s." in err
    expect_inferred(after, before, expected)
