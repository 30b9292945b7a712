"""What goes wrong costs one letter or some time, never a rating."""

import signal
import time
from typing import Any

import pytest

from engine.partition import letter_of
from tests.flows.catching import ids_of
from tests.flows.expecting import inferred
from tests.flows.listener import Listener, end, items, ratings, tagged
from tests.simulator.process import Simulator


def letter(dump: dict[str, Any], key: int) -> str:
    """Return the letter that an item files under."""
    item = items(dump)[key]
    above = item["grandparentRatingKey"] or item["parentRatingKey"]
    artist = items(dump)[above or key]
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
    plex: Simulator, request: pytest.FixtureRequest, runner: str
) -> None:
    name = "orchestrated" if runner == "prefect" else "listener"
    listener: Listener = request.getfixturevalue(name)
    before, expected = plex.dump(), inferred(plex)
    failing, keys = under_one_artist(before)
    plex.faults(
        [{"match": {"method": "PUT", "ratingKeys": keys}, "do": "status", "code": 500}]
    )

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
    assert ratings(plex.dump()) == pytest.approx(ratings(before) | expected, abs=0.011)


@pytest.mark.parametrize("fault", ["timeout_after", "reset_after", "reset_before"])
def test_a_write_of_unknown_outcome_is_settled_by_a_retry(
    plex: Simulator, listener: Listener, fault: str
) -> None:
    before, expected = plex.dump(), inferred(plex)
    listener.configure(DRY_RUN=False, RETRIES=2, RETRY_DELAY=0, TIMEOUT=1)
    plex.faults(
        [
            {
                "match": {"method": "PUT", "from": 7, "times": 2},
                "do": fault,
                "seconds": 2,
            }
        ]
    )

    ran = listener.run("infer")

    assert ran.status == 0
    assert ran.summary["written"] == ran.summary["planned"]
    assert ratings(plex.dump()) == pytest.approx(ratings(before) | expected, abs=0.011)
    assert tagged(plex.dump()) == set(expected)


@pytest.mark.parametrize(
    "index",
    [1, 35, *(pytest.param(index, marks=pytest.mark.long) for index in (0, 10))],
)
def test_after_a_kill_the_next_run_finishes_and_nothing_is_mistaken(
    plex: Simulator, listener: Listener, index: int
) -> None:
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
    assert ratings(plex.dump()) == pytest.approx(ratings(before) | expected, abs=0.011)
    assert tagged(plex.dump()) == set(expected)
    assert listener.run("infer").summary["planned"] == 0


def await_writes(plex: Simulator, count: int, since: int = 0) -> None:
    """Wait until so many items were rated, after so many changes of all kinds.

    More than two: the trial of a server rates no others.
    """

    def rated() -> set[int]:
        changes = plex.journal()[since:]
        return {c["ratingKey"] for c in changes if c["what"] == "rating"}

    deadline = time.monotonic() + 60
    while len(rated()) < count:
        assert time.monotonic() < deadline, "no write came"
        time.sleep(0.05)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_at_a_safe_point(
    plex: Simulator, listener: Listener, signum: int
) -> None:
    before, expected = plex.dump(), inferred(plex)
    plex.faults([{"match": {"method": "PUT"}, "do": "slow", "ms": 100}])
    process = listener.start("infer")
    await_writes(plex, 5)
    status = end(process, signum)
    plex.faults([])

    assert status == 130
    assert not listener.query("select * from lease")
    assert 0 < len(ratings(plex.dump())) < len(items(before))
    assert listener.run("infer").status == 0
    assert ratings(plex.dump()) == pytest.approx(ratings(before) | expected, abs=0.011)


def test_a_second_writer_is_told_who_holds_the_library(
    plex: Simulator, listener: Listener
) -> None:
    plex.faults([{"match": {"method": "PUT"}, "do": "slow", "ms": 500}])
    first = listener.start("infer")
    await_writes(plex, 3)

    second = listener.run("infer")
    rehearsal = listener.run("infer", "--dry-run")
    plex.faults([])
    first.communicate(timeout=120)

    assert (first.returncode, second.status, rehearsal.status) == (0, 4, 0)
    assert f"process {first.pid}" in second.err
