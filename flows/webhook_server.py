"""The server for Plex's webhook: what comes in is looked at closely, or turned away."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hmac import compare_digest
from http import HTTPStatus

import uvicorn
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from tasks.orchestration.prefect_server import listen
from tasks.webhook.rating_event import Event, EventIgnored, event_of

logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # 400 says it

MAX_BODY = 32 * 1024 * 1024
"""Bytes of a request; Plex sends a picture along, which is not kept."""

MAX_PAYLOAD = 1024 * 1024
"""Bytes of the part that tells of the event; Plex sends some thousand."""

MAX_STRANGERS = 50
"""Open connections that have not shown the secret; the oldest one has to go."""

MAX_TRUSTED = 50
"""Open connections that have shown it."""

HEADER_TIMEOUT = 10.0
"""Seconds until a connection must have shown the secret."""

REQUEST_TIMEOUT = 60.0
"""Seconds until a whole request must have come."""


class FormInvalid(ValueError):
    """The request is not a form with a payload; the message says why."""


class PayloadReader:
    """Takes the part `payload` out of a multipart form while the form comes in."""

    def __init__(self, content_type: str) -> None:
        latin = content_type.encode("latin-1", "replace").decode("latin-1")
        kind, options = parse_options_header(latin)
        boundary = {name.lower(): value for name, value in options.items()}
        if kind != b"multipart/form-data" or not boundary.get(b"boundary"):
            raise FormInvalid("it is not a multipart form")
        self.payload: bytes | None = None
        """The part, once it has come whole."""
        self._part: bytearray | None = None
        self._name, self._value = bytearray(), bytearray()
        self._disposition = ""
        self._parser = MultipartParser(
            boundary[b"boundary"],
            {
                "on_part_begin": self._begin_part,
                "on_header_field": lambda d, a, b: self._name.extend(d[a:b]),
                "on_header_value": lambda d, a, b: self._value.extend(d[a:b]),
                "on_header_end": self._end_header,
                "on_headers_finished": self._begin_data,
                "on_part_data": self._take,
                "on_part_end": self._end_part,
            },
            max_size=MAX_BODY,
        )

    def feed(self, chunk: bytes) -> None:
        """Read on; what comes after the payload may be broken."""
        try:
            self._parser.write(chunk)
        except MultipartParseError:
            if self.payload is None:
                raise FormInvalid("its form cannot be read") from None

    def _begin_part(self) -> None:
        self._disposition = ""

    def _end_header(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value.decode("latin-1")
        self._name.clear()
        self._value.clear()

    def _begin_data(self) -> None:
        _, options = parse_options_header(self._disposition)
        is_wanted = options.get(b"name") == b"payload" and self.payload is None
        self._part = bytearray() if is_wanted else None

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._part is not None:
            self._part += data[start:end]
            if len(self._part) > MAX_PAYLOAD:
                raise FormInvalid("its payload is too large")

    def _end_part(self) -> None:
        if self._part is not None:
            self.payload, self._part = bytes(self._part), None


async def read_payload(content_type: str, body: AsyncIterator[bytes]) -> bytes:
    """Return the part `payload` of a form that comes in; all else is discarded.

    Raises:
        FormInvalid: It is no such form, has no such part, or is too large.
    """
    reader = PayloadReader(content_type)
    size = 0
    try:
        async for chunk in body:
            size += len(chunk)
            if size > MAX_BODY:
                raise FormInvalid("it is larger than 32 MiB")
            if reader.payload is None:
                reader.feed(chunk)
    except ClientDisconnect:
        if reader.payload is None:
            raise
    if reader.payload is None:
        raise FormInvalid("it has no part called payload")
    return reader.payload


class Connections:
    """The open connections: those that have shown the secret, and the others."""

    def __init__(self) -> None:
        self._strangers: dict[object, asyncio.Transport] = {}
        self._trusted: set[object] = set()

    def open(self, client: object, transport: asyncio.Transport) -> None:
        """Let a connection in; if there are too many strangers, the oldest goes."""
        if len(self._strangers) >= MAX_STRANGERS:
            self._strangers.pop(next(iter(self._strangers))).abort()
        self._strangers[client] = transport

    def expire(self, client: object) -> None:
        """End a connection that has not shown the secret in time."""
        transport = self._strangers.pop(client, None)
        if transport is not None:
            transport.abort()

    def trust(self, client: object) -> bool:
        """Note that a connection has shown the secret; return whether it may stay."""
        self._strangers.pop(client, None)
        if len(self._trusted) >= MAX_TRUSTED:
            return False
        self._trusted.add(client)
        return True

    def close(self, client: object) -> None:
        """Forget a connection that has ended."""
        self._strangers.pop(client, None)
        self._trusted.discard(client)


def _protocol(connections: Connections) -> type[H11Protocol]:
    class Protocol(H11Protocol):
        """HTTP with deadlines, which uvicorn itself has only between requests."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            connections.open(self.client, transport)
            self._timers = [
                self.loop.call_later(HEADER_TIMEOUT, connections.expire, self.client),
                self.loop.call_later(REQUEST_TIMEOUT, transport.abort),
            ]

        def connection_lost(self, exc: Exception | None) -> None:
            for timer in self._timers:
                timer.cancel()
            connections.close(self.client)
            super().connection_lost(exc)

    return Protocol


@dataclass(frozen=True)
class Webhook:
    """The application: 200 for what Plex sends, 400 or 404 for the rest."""

    secret: str = field(repr=False)
    """What the path must be, after its slash."""
    hear: Callable[[Event], None]
    """Told of each rating, and of new music."""
    ignore: Callable[[str], None]
    """Told why anything else from Plex starts no run."""
    connections: Connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        with suppress(ClientDisconnect):
            status = await self._status_of(Request(scope, receive))
            answer = Response(status_code=status, headers={"connection": "close"})
            await answer(scope, receive, send)

    async def _status_of(self, request: Request) -> HTTPStatus:
        path = f"/{self.secret}".encode()
        if not compare_digest(request.url.path.encode(), path):
            return HTTPStatus.NOT_FOUND
        if not self.connections.trust(request.client):
            return HTTPStatus.SERVICE_UNAVAILABLE
        if request.method != "POST":
            return HTTPStatus.BAD_REQUEST
        try:
            kind = request.headers.get("content-type", "")
            self.hear(event_of(await read_payload(kind, request.stream())))
        except EventIgnored as reason:
            self.ignore(str(reason))
        except FormInvalid as reason:
            self.ignore(str(reason))
            return HTTPStatus.BAD_REQUEST
        return HTTPStatus.OK


@contextmanager
def webhook_server(
    secret: str,
    hear: Callable[[Event], None],
    ignore: Callable[[str], None],
    place: tuple[str, int],
) -> Iterator[None]:
    """Listen to Plex's webhook at an address and port while the block runs.

    Raises:
        ServerMissing: Nobody can listen there; is the port taken?
    """
    listener = listen(*place, "The webhook", "Choose another port with --webhook.")
    connections = Connections()
    server = uvicorn.Server(
        uvicorn.Config(
            Webhook(secret, hear, ignore, connections),
            http=_protocol(connections),
            lifespan="off",
            ws="none",
            access_log=False,  # paths hold the secret
            log_config=None,
            log_level="critical",
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=server.run, args=[[listener]], daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
