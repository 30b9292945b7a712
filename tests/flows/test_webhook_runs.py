"""What Plex's webhook tells starts runs in a real `plexbayes serve`."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.orchestration.prefect_server import free_port
from tests.flows.catching import await_true, make_slow, written
from tests.flows.expecting import inferred
from tests.flows.listener import Listener, Served, items, ratings
from tests.flows.test_faults import letter
from tests.flows.test_retention import run_of_others
from tests.flows.test_webhook import SECRET, post
from tests.simulator.process import Simulator
from tests.tasks.payloads import form, payload

pytestmark = pytest.mark.system

NEW_SHAPE = {"file": "payload.json", "picture": bytes(3_000_000)}
"""As newer servers send it."""


def tracks_of(dump: dict[str, Any]) -> list[int]:
    """Return the tracks of a dump."""
    return [track["ratingKey"] for track in dump["tracks"]]


def told_by(plex: Simulator, key: int, shape: Any = None, **more: Any) -> bytes:
    """Return what a Plex posts when one of its tracks was rated."""
    shape = shape or {}
    dump = plex.dump()
    names = "ratingKey", "parentRatingKey", "grandparentRatingKey", "guid", "userRating"
    facts = {name: items(dump)[key][name] for name in names}
    facts["lastRatedAt"] = items(dump)[key].get("lastRatedAt")
    return form(payload(server=dump["machineIdentifier"], **(facts | more)), **shape)


def added_by(plex: Simulator, artist: str) -> bytes:
    """Add an artist; return what a Plex posts of its new album."""
    keys = plex.add(artist, "First", ["One", "Two"])
    facts = {"ratingKey": keys["album"], "parentRatingKey": keys["artist"]}
    gone = {"grandparentRatingKey": None, "userRating": None, "lastRatedAt": None}
    server = plex.dump()["machineIdentifier"]
    new = {"event": "library.new", "type": "album", "addedAt": int(time.time())}
    return form(payload(server=server, **new, **facts, **gone))


@pytest.fixture
def told(plex: Simulator, tmp_path: Path) -> Iterator[tuple[Served, str]]:
    """A `plexbayes serve` that Plex tells of ratings, and the address for that."""
    listener = Listener(tmp_path, plex)
    # The library changes while it is read: that passes with another attempt.
    patient = {"RETRIES": 5, "RETRY_DELAY": 1, "WEBHOOK_NEW_MUSIC": True}
    secret = {"WEBHOOK_SECRET": SECRET, "WEBHOOK_QUIET": 3, "DRY_RUN": False}
    listener.configure(**secret, **patient)
    port = free_port()
    served = Served(listener, free_port(), "--webhook", str(port))
    served.await_offers()
    yield served, f"http://127.0.0.1:{port}"
    if served.process.poll() is None:
        served.end()


def runs_of(served: Served) -> list[dict[str, Any]]:
    """Wait until there is a run of ours; return all that there are."""
    ours = {"flows": {"name": {"any_": ["infer"]}}}
    return served.awaited(lambda: served.post("/flow_runs/filter", ours))


def test_ratings_given_in_plex_start_one_run_for_their_letter(
    plex: Simulator, told: tuple[Served, str]
) -> None:
    served, door = told
    rated = plex.dump()["tracks"][0]["ratingKey"]
    for points in (9.0, 10.0):
        plex.rate(rated, points)
        given = told_by(plex, rated, NEW_SHAPE, account=987654, name="owner")
        assert post(door, given).status_code == 200
    before, expected = plex.dump(), inferred(plex)
    run = served.await_end(runs_of(served)[0]["id"])
    after = plex.dump()
    ours = (ratings(after).keys() - ratings(before)) & set(tracks_of(after))
    guest = {"account": 2, "name": "shared", "user": False, "lastRatedAt": 1}
    for ignored in (told_by(plex, min(ours)), told_by(plex, rated, **guest), given):
        assert post(door, ignored).status_code == 200
    reasons = ("plexbayes wrote it itself", "shared rated it", "it came before")
    await_true(lambda: all(f"because {reason}" in served.said for reason in reasons))
    runs = runs_of(served)
    status = served.end()

    wanted = letter(before, rated)
    of_letter = {k: p for k, p in expected.items() if letter(before, k) == wanted}
    assert [run["parameters"]["letters"] for run in runs] == [wanted]
    assert run["state_type"] == "COMPLETED"
    assert ratings(after) == pytest.approx(ratings(before) | of_letter, abs=0.011)
    assert status == 0
    assert served.said.count("New ratings: ") == 1
    assert f"a run for {wanted} was started" in served.said
    assert SECRET not in served.said


def test_what_is_heard_during_a_run_waits_in_one_run_for_all_its_letters(
    plex: Simulator, told: tuple[Served, str]
) -> None:
    served, door = told
    first = plex.add("Ash", "1977", ["Goldfinger", "Girl from Mars"])["tracks"][0]
    second = plex.add("Blur", "Parklife", ["Girls & Boys", "Jubilee"])["tracks"][0]
    make_slow(plex, {"method": "PUT"}, 1000)
    plex.rate(first, 9.0)
    post(door, told_by(plex, first, account=987654, name="owner"))
    await_true(lambda: written(plex) > 1)
    strange = run_of_others(served, "import", ["webhook"], "SCHEDULED")
    plex.rate(second, 8.0)
    post(door, told_by(plex, second, account=987654, name="owner"))
    await_true(lambda: len(runs_of(served)) > 1)
    post(door, added_by(plex, "Can"))
    await_true(lambda: letters_asked_for(runs_of(served)) == ["A", "B,C"])
    plex.faults([])
    ended = [served.await_end(run["id"]) for run in runs_of(served)]
    left_alone = served.api.get(f"/flow_runs/{strange['id']}").json()

    assert strange["parameters"] == left_alone["parameters"] == {}
    assert letters_asked_for(ended) == ["A", "B,C"]
    states = [(run["state_type"], run["state"]["message"]) for run in ended]
    assert {state for state, _ in states} == {"COMPLETED"}, states
    assert "the run that waits is for B, C now" in served.said


def letters_asked_for(runs: list[dict[str, Any]]) -> list[str]:
    """Return which letters runs are for, in order."""
    return sorted(run["parameters"]["letters"] for run in runs)
