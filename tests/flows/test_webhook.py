"""The webhook's server: what Plex sends comes in, all else is turned away unheard."""

import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ServerMissing
from flows import webhook_server as server_module
from flows.webhook_server import (
    MAX_BODY,
    MAX_PAYLOAD,
    MAX_STRANGERS,
    FormInvalid,
    PayloadReader,
    webhook_server,
)
from tasks.orchestration.prefect_server import free_port
from tasks.webhook.rating_event import Event, event_of
from tests.flows.catching import await_true
from tests.tasks.payloads import MULTIPART, form, payload

SECRET = "open-sesame-0123456789"  # noqa: S105 (of this test)
HEARD: list[Event] = []
IGNORED: list[str] = []


@contextmanager
def listening(port: int) -> Iterator[str]:
    """Serve the webhook on a port."""
    with webhook_server(SECRET, HEARD.append, IGNORED.append, ("127.0.0.1", port)):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with listening(free_port()) as address:
        yield address


def post(address: str, body: bytes, **facts: Any) -> httpx.Response:
    """Send what Plex sends, or something like it."""
    HEARD.clear()
    IGNORED.clear()
    url = f"{address}/{facts.get('path', SECRET)}"
    headers = {"content-type": facts.get("kind", MULTIPART)}
    with httpx.Client(trust_env=False) as client:
        method = facts.get("method", "POST")
        return client.request(method, url, content=body, headers=headers)


def read(kind: str, body: bytes, size: int = 7) -> bytes | None:
    """Return the payload of a form that comes in small pieces."""
    reader = PayloadReader(kind)
    for start in range(0, len(body), size):
        reader.feed(body[start : start + size])
    return reader.payload


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (form(payload()), MULTIPART),
        (form(payload(), file="payload.json"), MULTIPART),
        (form(payload()), "Multipart/Form-Data; Boundary=b"),
        (form(payload()), 'multipart/form-data; charset=utf-8; boundary="b"'),
        (form(payload(), picture=bytes(3_000_000)), MULTIPART),
        (form(payload(), closed=False), MULTIPART),
    ],
    ids=["plain", "file name", "capitals", "quoted", "3 MB picture", "cut off"],
)
def test_every_form_of_a_rating_is_heard(address: str, body: bytes, kind: str) -> None:
    answer = post(address, body, kind=kind)

    assert (answer.status_code, answer.content) == (200, b"")
    assert [event_of(payload())] == HEARD
    assert IGNORED == []


@pytest.mark.parametrize("path", ["", "open-sesame", f"{SECRET}/", f"x/{SECRET}", "ü"])
def test_who_does_not_know_the_secret_finds_nothing(address: str, path: str) -> None:
    assert post(address, form(payload()), path=path).status_code == 404
    assert HEARD == IGNORED == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_plex_posts(address: str, method: str) -> None:
    assert post(address, form(payload()), method=method).status_code == 400
    assert HEARD == []


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, form(payload(event="media.play")), MULTIPART),
        (200, form(payload(userRating=None)), MULTIPART),
        (200, form(payload(type="movie")), MULTIPART),
        (200, form(b'{"event": "\xff"}'), MULTIPART),
        (200, form(payload().encode("utf-16")), MULTIPART),
        (200, form("[" * 50_000), MULTIPART),
        (400, b"", MULTIPART),
        (400, b"--b", MULTIPART),
        (400, form(payload()), "multipart/form-data"),
        (400, form(payload()), "multipart/form-data; boundary=other"),
        (400, payload().encode(), "application/json"),
        (400, b"payload=%7B%7D", "application/x-www-form-urlencoded"),
        (400, form(payload(), name="load"), MULTIPART),
        (400, form(payload() + " " * MAX_PAYLOAD), MULTIPART),
        (400, form(payload(), picture=bytes(MAX_BODY)), MULTIPART),
    ],
)
def test_what_starts_no_run_is_answered_and_ignored_with_a_reason(
    address: str, status: int, body: bytes, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = post(address, body, kind=kind)

    ours = [r for r in caplog.records if not r.name.startswith(("http", "asyncio"))]
    assert (answer.status_code, answer.content) == (status, b"")
    assert HEARD == []
    assert len(IGNORED) == 1
    assert ours == []


@given(st.text(), st.binary())
def test_any_body_is_a_form_or_refused(kind: str, body: bytes) -> None:
    for declared in (kind, MULTIPART, f"multipart/form-data{kind}"):
        with suppress(FormInvalid):
            read(declared, body)


@given(st.lists(st.binary(max_size=20), max_size=5))
def test_a_form_in_shreds_is_refused_or_read(shreds: list[bytes]) -> None:
    whole = form(payload())
    for shred in shreds:
        cut = len(whole) // 2
        whole = whole[: cut - len(shred)] + shred + whole[cut:]
    with suppress(FormInvalid):
        read(MULTIPART, whole)


def test_a_port_that_is_taken_is_said() -> None:
    port = free_port()
    said = rf"The webhook cannot listen on 127\.0\.0\.1:{port} .* with --webhook\."
    with listening(port), pytest.raises(ServerMissing, match=said), listening(port):
        pass


def knock(address: str, said: bytes = b"") -> socket.socket:
    """Open a connection, and say a little or nothing."""
    port = int(address.rpartition(":")[2])
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.sendall(said)
    return connection


def test_strangers_who_hold_connections_keep_nobody_out(address: str) -> None:
    with ExitStack() as held:
        for _ in range(3 * MAX_STRANGERS):
            held.enter_context(closing(knock(address, b"POST /guess HTTP/1.1\r\n")))

        answer = post(address, form(payload()))

    assert answer.status_code == 200
    assert len(HEARD) == 1


def test_too_many_at_a_time_who_know_the_secret_have_to_wait(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "MAX_TRUSTED", 1)
    with closing(knock(address, SLOW_BODY)):
        await_true(lambda: post(address, form(payload())).status_code == 503)

    await_true(lambda: post(address, form(payload())).status_code == 200)


SLOW_HEAD = b"POST /guess HTTP/1.1\r\nHost: x\r\n"
SLOW_BODY = (
    b"POST /%s HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b" % SECRET.encode()
)


@pytest.mark.parametrize("said", [b"", SLOW_HEAD, SLOW_BODY], ids=["", "head", "body"])
def test_a_request_that_never_ends_is_ended(
    said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "HEADER_TIMEOUT", 0.2)
    monkeypatch.setattr(server_module, "REQUEST_TIMEOUT", 0.4)
    with (
        listening(free_port()) as address,
        closing(knock(address, said)) as connection,
        suppress(ConnectionResetError),
    ):
        assert connection.recv(1) == b""
