"""The webhook's door: what Plex sends comes in, all else is turned away unheard."""

import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ServerMissing
from flows.webhook import LARGEST, door, listening, payload_in
from tasks.hosting import free_port
from tasks.notices import Notice, NoticeInvalid, notice_of
from tests.flows.expecting import inferred
from tests.flows.listener import Listener, items, ratings
from tests.flows.test_faults import letter
from tests.flows.test_serve import PATIENCE, Served
from tests.simulator.process import Simulator
from tests.tasks.payloads import MULTIPART, form, payload

SECRET = "open-sesame-0123456789"  # noqa: S105 (of this test)
HEARD: list[Notice] = []


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    port = free_port()
    with listening(door(SECRET, HEARD.append), "127.0.0.1", port):
        yield f"http://127.0.0.1:{port}"


def post(address: str, body: bytes, **facts: Any) -> httpx.Response:
    """Send what Plex sends, or something like it."""
    HEARD.clear()
    path = facts.pop("path", SECRET)
    method = facts.pop("method", "POST")
    headers = {"content-type": facts.pop("kind", MULTIPART)}
    with httpx.Client(trust_env=False) as client:
        return client.request(
            method, f"{address}/{path}", content=body, headers=headers
        )


def test_a_rating_is_heard(address: str) -> None:
    answer = post(address, form(payload()))

    assert (answer.status_code, answer.content) == (200, b"")
    assert [notice_of(payload())] == HEARD


def test_other_events_are_welcome_and_not_heard(address: str) -> None:
    answer = post(address, form(payload(event="media.play")))

    assert answer.status_code == 200
    assert HEARD == []


@pytest.mark.parametrize("path", ["", "open-sesame", f"{SECRET}/", f"x/{SECRET}", "ü"])
def test_who_does_not_know_the_secret_finds_nothing(address: str, path: str) -> None:
    assert post(address, form(payload()), path=path).status_code == 404
    assert HEARD == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_plex_posts(address: str, method: str) -> None:
    assert post(address, form(payload()), method=method).status_code == 400
    assert HEARD == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", MULTIPART),
        (b"--b", MULTIPART),
        (form(payload()), "multipart/form-data"),
        (form(payload()), "multipart/form-data; boundary=other"),
        (payload().encode(), "application/json"),
        (b"payload=%7B%7D", "application/x-www-form-urlencoded"),
        (form(payload(), name="load"), MULTIPART),
        (form(b'{"event": "\xff"}'), MULTIPART),
        (form(payload().encode("utf-16")), MULTIPART),
        (form("{}"), MULTIPART),
        (form("[" * 50_000), MULTIPART),
        (form(payload() + " " * LARGEST), MULTIPART),
    ],
)
def test_bad_input_gets_400_and_nothing_else(
    address: str, body: bytes, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = post(address, body, kind=kind)

    ours = [r for r in caplog.records if not r.name.startswith(("http", "asyncio"))]
    assert (answer.status_code, answer.content) == (400, b"")
    assert HEARD == []
    assert ours == []


@given(st.text(), st.binary())
def test_any_body_is_a_form_or_refused(kind: str, body: bytes) -> None:
    for declared in (kind, MULTIPART, f"multipart/form-data{kind}"):
        with suppress(NoticeInvalid):
            payload_in(declared, body)


@given(st.lists(st.binary(max_size=20), max_size=5))
def test_a_form_in_shreds_is_refused_or_read(shreds: list[bytes]) -> None:
    whole = form(payload())
    for shred in shreds:
        cut = len(whole) // 2
        whole = whole[: cut - len(shred)] + shred + whole[cut:]
    with suppress(NoticeInvalid):
        payload_in(MULTIPART, whole)


def test_a_port_that_is_taken_is_said() -> None:
    port = free_port()
    with (
        listening(door(SECRET, HEARD.append), "127.0.0.1", port),
        pytest.raises(ServerMissing, match=f"127.0.0.1:{port}"),
        listening(door(SECRET, HEARD.append), "127.0.0.1", port),
    ):
        pass


def tracks_of(dump: dict[str, Any]) -> list[int]:
    """Return the tracks of a dump."""
    return [track["ratingKey"] for track in dump["tracks"]]


def told_by(plex: Simulator, key: int) -> bytes:
    """Return what a Plex posts when one of its tracks was rated."""
    dump = plex.dump()
    names = "ratingKey", "parentRatingKey", "grandparentRatingKey", "guid", "userRating"
    facts = {name: items(dump)[key][name] for name in names}
    return form(payload(server=dump["machineIdentifier"], **facts))


def runs_of(served: Served) -> list[dict[str, Any]]:
    """Wait until there is a run; return all that there are."""
    deadline = time.monotonic() + PATIENCE
    while not (runs := served.post("/flow_runs/filter", {})):
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
        for points in (9.0, 10.0):
            plex.rate(rated, points)
            given = told_by(plex, rated)
            assert post(f"http://127.0.0.1:{port}", given).status_code == 200
        before, expected = plex.dump(), inferred(plex)
        run = served.await_end(runs_of(served)[0]["id"])
        after = plex.dump()
        ours = (ratings(after).keys() - ratings(before)) & set(tracks_of(after))
        echo = told_by(plex, min(ours))
        assert post(f"http://127.0.0.1:{port}", echo).status_code == 200
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
    assert SECRET not in served.said
