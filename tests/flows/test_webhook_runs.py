"""What Plex's webhook tells starts runs in a real `plexbayes serve`."""

import time
from pathlib import Path
from typing import Any

import pytest

from tasks.orchestration.prefect_server import free_port
from tests.flows.ageing import run_of_others
from tests.flows.catching import await_true, make_slow, written
from tests.flows.expecting import inferred
from tests.flows.listener import Listener, items, ratings
from tests.flows.test_faults import letter
from tests.flows.test_serve import PATIENCE, Served
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


def runs_of(served: Served) -> list[dict[str, Any]]:
    """Wait until there is a run of ours; return all that there are."""
    ours = {"flows": {"name": {"any_": ["infer"]}}}
    deadline = time.monotonic() + PATIENCE
    while not (runs := served.post("/flow_runs/filter", ours)):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    return runs


def test_ratings_given_in_plex_start_one_run_for_their_letter(
    plex: Simulator, tmp_path: Path
) -> None:
    listener = Listener(tmp_path, plex, "", WEBHOOK_SECRET=SECRET, WEBHOOK_QUIET=1)
    rated = plex.dump()["tracks"][0]["ratingKey"]
    port = free_port()
    served = Served(listener, free_port(), "--webhook", str(port))
    try:
        served.await_offers()
        door = f"http://127.0.0.1:{port}"
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
        time.sleep(3)
        runs = runs_of(served)
    finally:
        status = served.end()
        served.api.close()

    wanted = letter(before, rated)
    of_letter = {k: p for k, p in expected.items() if letter(before, k) == wanted}
    assert [run["parameters"]["letters"] for run in runs] == [wanted]
    assert run["state_type"] == "COMPLETED"
    assert ratings(after) == pytest.approx(ratings(before) | of_letter, abs=0.011)
    assert status == 0
    assert f"a run for {wanted} was started" in served.said
    assert "because plexbayes wrote it itself" in served.said
    assert "because shared rated it" in served.said
    assert "because it came before" in served.said
    assert SECRET not in served.said


def test_what_is_heard_during_a_run_waits_in_one_run_for_all_its_letters(
    plex: Simulator, tmp_path: Path
) -> None:
    new_music = {"WEBHOOK_QUIET": 1, "WEBHOOK_NEW_MUSIC": True}
    # The library changes while it is read: that passes with another attempt.
    patient = {"RETRIES": 5, "RETRY_DELAY": 1}
    listener = Listener(tmp_path, plex)
    listener.configure(WEBHOOK_SECRET=SECRET, DRY_RUN=False, **new_music, **patient)
    first = plex.add("Ash", "1977", ["Goldfinger", "Girl from Mars"])["tracks"][0]
    second = plex.add("Blur", "Parklife", ["Girls & Boys", "Jubilee"])["tracks"][0]
    port = free_port()
    door = f"http://127.0.0.1:{port}"
    served = Served(listener, free_port(), "--webhook", str(port))
    try:
        served.await_offers()
        make_slow(plex, {"method": "PUT"}, 1000)
        plex.rate(first, 9.0)
        post(door, told_by(plex, first, account=987654, name="owner"))
        await_true(lambda: written(plex) > 1)
        strange = run_of_others(served, "import", ["webhook"], type="SCHEDULED")
        plex.rate(second, 8.0)
        post(door, told_by(plex, second, account=987654, name="owner"))
        await_true(lambda: len(runs_of(served)) > 1)
        post(door, added_by(plex, "Can"))
        await_true(lambda: "B,C" in letters_asked_for(served))
        plex.faults([])
        ended = [served.await_end(run["id"]) for run in runs_of(served)]
        left_alone = served.api.get(f"/flow_runs/{strange['id']}").json()
    finally:
        served.end()
        served.api.close()

    assert strange["parameters"] == left_alone["parameters"] == {}
    assert letters_asked_for_in(ended) == ["A", "B,C"]
    states = [(run["state_type"], run["state"]["message"]) for run in ended]
    assert {state for state, _ in states} == {"COMPLETED"}, states
    assert "the run that waits is for B, C now" in served.said


def letters_asked_for(served: Served) -> list[str]:
    return letters_asked_for_in(runs_of(served))


def letters_asked_for_in(runs: list[dict[str, Any]]) -> list[str]:
    """Return which letters runs are for, in order."""
    return sorted(run["parameters"]["letters"] for run in runs)
