"""The Prefect server answers its own pages and programs, and nobody else."""

import http.client
import itertools
import socket
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

pytestmark = pytest.mark.system

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
CONTENT_TYPES = (
    "application/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    None,
)
PATHS = ("/", "/api/health", "/api/deployments/filter", "/ui-settings", "/docs")
FOREIGN_ORIGINS = (
    "null",
    "",
    "http://evil.example",
    "https://evil.example:{port}",
    "http://127.0.0.1:1",
    "http://127.0.0.1",
    "http://127.0.0.1:{port}.evil.example",
    "http://127.0.0.1.evil.example:{port}",
    "http://evil.example#127.0.0.1:{port}",
    "http://127.0.0.1:{port}@evil.example",
    "http://127.0.0.1:{port}/",
    "file://127.0.0.1:{port}",
    "127.0.0.1:{port}",
    "http://0.0.0.0:{port}",
)
FOREIGN_HOSTS = (
    None,
    "",
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1",
    "127.0.0.1:1",
    "localhost.evil.example:{port}",
    "127.0.0.1:{port}@evil.example",
    "0.0.0.0:{port}",
    "192.168.1.5:{port}",
    "*",
)
OWN_NAMES = ("127.0.0.1", "localhost", "LocalHost", "[::1]", "[0:0:0:0:0:0:0:1]")


class Caller:
    """Sends requests exactly as they are written, also those that no client would."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def status(
        self,
        *headers: tuple[str, str],
        host: str | None = "127.0.0.1:{port}",
        method: str = "GET",
        path: str = "/api/health",
        body: bytes | None = None,
    ) -> int:
        """Send a request, and return the status of the answer."""
        self._connection.putrequest(
            method, path, skip_host=True, skip_accept_encoding=True
        )
        named = [] if host is None else [("Host", host)]
        for name, value in (*named, *headers):
            self._connection.putheader(name, value.format(port=self.port))
        if body is not None:
            self._connection.putheader("Content-Length", str(len(body)))
        self._connection.endheaders(body)
        answer = self._connection.getresponse()
        answer.read()
        self._connection.close()
        return answer.status


@pytest.fixture(scope="module")
def caller(prefect_api: str) -> Caller:
    port = urlsplit(prefect_api).port
    assert port
    return Caller(port)


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_a_foreign_origin_is_refused(caller: Caller, origin: str) -> None:
    assert caller.status(("Origin", origin)) == 403


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_foreign_host_is_refused(caller: Caller, host: str | None) -> None:
    # An HTTP server answers 400 to what has no host at all.
    assert caller.status(host=host) in ({400, 403} if host is None else {403})


def test_no_method_content_type_or_path_gets_past_the_guard(caller: Caller) -> None:
    statuses = set()
    for method, kind, path in itertools.product(METHODS, CONTENT_TYPES, PATHS):
        given = [("Content-Type", kind)] if kind else []
        asked = {"method": method, "path": path, "body": b"{}"}
        statuses.add(caller.status(("Origin", "http://evil.example"), *given, **asked))
        statuses.add(caller.status(*given, host="evil.example:{port}", **asked))

    assert statuses == {403}


def test_a_second_host_or_origin_does_not_hide_the_foreign_one(caller: Caller) -> None:
    own = ("Origin", "http://127.0.0.1:{port}")

    assert caller.status(own, ("Origin", "http://evil.example")) == 403
    assert caller.status(("Host", "evil.example")) in {400, 403}


@pytest.mark.parametrize("name", OWN_NAMES)
def test_own_pages_and_programs_are_answered(caller: Caller, name: str) -> None:
    own = f"{name}:{{port}}"
    asked = {"method": "POST", "path": "/api/deployments/filter", "body": b"{}"}
    json = ("Content-Type", "application/json")

    assert caller.status(json, host=own, **asked) == 200
    assert caller.status(json, ("Origin", f"http://{own}"), host=own, **asked) == 200


def test_only_own_pages_may_read_across_origins(prefect_api: str) -> None:
    port = urlsplit(prefect_api).port
    preflight = {"Access-Control-Request-Method": "PATCH"}
    url = f"{prefect_api}/deployments/filter"

    own, foreign = (
        httpx.options(url, headers=preflight | {"Origin": origin}, trust_env=False)
        for origin in (f"http://localhost:{port}", "http://evil.example")
    )

    allowed = "access-control-allow-origin"
    assert (own.status_code, own.headers[allowed]) == (200, f"http://localhost:{port}")
    assert foreign.status_code == 403
    assert allowed not in foreign.headers


@pytest.mark.parametrize("path", ["events/in", "events/out", "logs/out"])
def test_websockets_are_refused_likewise(caller: Caller, path: str) -> None:
    path, port = f"api/{path}", caller.port
    there = f"ws://127.0.0.1:{port}/{path}"
    rebound = socket.create_connection(("127.0.0.1", port))

    with pytest.raises(InvalidStatus) as from_page:
        connect(there, origin="http://evil.example", proxy=None)
    with rebound, pytest.raises(InvalidStatus) as to_name:
        connect(f"ws://evil.example:{port}/{path}", sock=rebound)
    with connect(there, subprotocols=["prefect"], proxy=None):
        pass  # a program's own, without an Origin

    assert from_page.value.response.status_code == 403
    assert to_name.value.response.status_code == 403
