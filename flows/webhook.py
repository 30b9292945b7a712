"""The door for Plex's webhook: what comes in is looked at closely, or turned away."""

import logging
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from hmac import compare_digest
from http import HTTPStatus

import uvicorn
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, create_form_parser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from engine.errors import ServerMissing
from tasks.notices import Notice, NoticeInvalid, notice_of

LARGEST = 2 * 1024 * 1024
"""Bytes of a request; Plex sends a small picture along."""
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # 400 says it
IN_MEMORY = {"MAX_MEMORY_FILE_SIZE": LARGEST}


def payload_in(content_type: str, body: bytes) -> str:
    """Return the field `payload` of a multipart form.

    Raises:
        NoticeInvalid: It is no such form, or has no such field.
    """
    if not content_type.startswith("multipart/form-data"):
        raise NoticeInvalid("No multipart form.")
    found: list[bytes] = []

    def keep(field: Field) -> None:
        if field.field_name == b"payload":
            found.append(field.value or b"")

    try:
        headers = {"Content-Type": content_type.encode("latin-1")}
        parser = create_form_parser(headers, keep, lambda _: None, config=IN_MEMORY)
        parser.write(body)
        parser.finalize()
        return b"".join(found[:1]).decode()
    except (FormParserError, ValueError):
        raise NoticeInvalid("No form that can be read.") from None


def door(secret: str, hear: Callable[[Notice], None]) -> ASGIApp:
    """Return the application: 200 for what Plex sends, 400 or 404 for the rest.

    Args:
        secret: What the path must be, after its slash.
        hear: Told of each rating.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        status = HTTPStatus.OK
        if not compare_digest(request.url.path.encode(), f"/{secret}".encode()):
            status = HTTPStatus.NOT_FOUND
        else:
            try:
                kind = request.headers.get("content-type", "")
                notice = notice_of(payload_in(kind, await _body_of(request)))
            except NoticeInvalid:
                status = HTTPStatus.BAD_REQUEST
            except ClientDisconnect:
                return
            else:
                if notice is not None:
                    hear(notice)
        closing = {"connection": "close"} if status != HTTPStatus.OK else None
        await Response(status_code=status, headers=closing)(scope, receive, send)

    return answer


async def _body_of(request: Request) -> bytes:
    if request.method != "POST":
        raise NoticeInvalid("Plex posts.")
    return b"".join([chunk async for chunk in _bounded(request.stream())])


async def _bounded(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in stream:
        size += len(chunk)
        if size > LARGEST:
            raise NoticeInvalid("Too large.")
        yield chunk


@contextmanager
def listening(application: ASGIApp, host: str, port: int) -> Iterator[None]:
    """Serve an application beside whatever the block does.

    Raises:
        ServerMissing: Nobody can listen there; is the port taken?
    """
    try:
        place = socket.create_server((host, port))
    except (OSError, OverflowError) as fault:
        raise ServerMissing(
            f"The webhook cannot listen on {host}:{port} ({fault}). "
            "Choose another port with --webhook."
        ) from None
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            lifespan="off",
            ws="none",
            access_log=False,  # paths hold the secret
            log_config=None,
            log_level="critical",
            limit_concurrency=20,
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=server.run, args=[[place]], daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
        place.close()
