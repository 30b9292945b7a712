"""The Prefect server answers only its own pages and programs, by its own names.

Any web page that a person visits may send requests to servers on that person's
machine. What gives such a request away is its Origin, or, if the page's own name
was pointed to this machine (DNS rebinding), its Host.
"""

from collections.abc import Iterable
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from tasks.config.addresses import Address, shortest

REFUSAL = (
    "Refused: this server is not known by that address, or the request comes from "
    "another web page. If the address is right, add its name to ALLOWED_HOSTS."
)


class HostGuard:
    """Answers 403 unless both Host and Origin, if there is one, are this server's.

    It stands before everything else: neither method, content type nor path make a
    difference, and websockets are refused likewise.
    """

    def __init__(self, application: ASGIApp, allowed: Iterable[Address]) -> None:
        """Guard an application; `allowed` is how this server may be called.

        The address that a connection was made to is allowed as well: no name can be
        rebound to it.
        """
        self._application = application
        self._allowed = tuple(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the application, or refuse it."""
        if scope["type"] == "lifespan" or self._is_own(scope):
            await self._application(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)  # before accept: a 403
        else:
            closing = {"Connection": "close"}  # its body was not read
            refusal = PlainTextResponse(REFUSAL, HTTPStatus.FORBIDDEN, closing)
            await refusal(scope, receive, send)

    def _is_own(self, scope: Scope) -> bool:
        # Those of a websocket come as they were written, in capitals or not.
        headers = Headers(raw=[(key.lower(), said) for key, said in scope["headers"]])
        hosts = headers.getlist("host")
        allowed = self._allowed
        host, port = scope.get("server") or (None, None)
        if host and port:
            allowed += (Address(shortest(host), port),)
        return (
            len(hosts) == 1
            and _is_among(hosts[0], allowed)
            and all(_is_own_origin(o, allowed) for o in headers.getlist("origin"))
        )


def _is_own_origin(origin: str, allowed: tuple[Address, ...]) -> bool:
    scheme, _, authority = origin.partition("://")
    return scheme.lower() in {"http", "https"} and _is_among(authority, allowed)


def _is_among(authority: str, allowed: tuple[Address, ...]) -> bool:
    try:
        return Address.parse(authority).is_among(allowed)
    except ValueError:
        return False
