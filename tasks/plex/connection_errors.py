"""Why there is no connection to a server: each reason has a sentence of its own."""

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from http.client import BadStatusLine
from typing import TypeVar
from urllib.parse import urlsplit

import requests

from engine.errors import PlexError, PlexRefused, PlexUnreachable

DEFAULT_PORTS = {"http": 80, "https": 443}

TLS_ALERT = "\x15\x03"
"""How a server begins that was spoken to in plain text and expects encryption."""

NO_ROUTE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}

Reason = TypeVar("Reason", bound=BaseException)


def connection_error(error: requests.ConnectionError, doing: str) -> PlexError:
    """Return what to tell a person of a connection that failed.

    A server or a network may be away for a while, so most of this is transient;
    what speaks another protocol is a mistake in the configuration.

    Args:
        error: What requests raised.
        doing: What was being done, as in "reading /accounts".
    """
    where = _where(error)
    if isinstance(error, requests.exceptions.ProxyError):
        return PlexUnreachable(
            f"The proxy of the environment (HTTP_PROXY, HTTPS_PROXY) cannot be used "
            f"for {where} while {doing}. To go without it, add the host to NO_PROXY."
        )
    if isinstance(error, requests.exceptions.SSLError):
        return _tls_error(error, doing)
    unknown = _cause(error, socket.gaierror)
    if unknown is not None:
        return PlexUnreachable(
            f"The host of {where} is unknown ({unknown.strerror}) while {doing}: is "
            "its name right, and does this machine's name server (DNS) know it?"
        )
    if _cause(error, ConnectionRefusedError) is not None:
        return PlexUnreachable(
            f"Connection refused by {where} while {doing}: is Plex running, and is "
            "the port right (usually 32400)?"
        )
    answer = _cause(error, BadStatusLine)
    if answer is not None and not isinstance(answer, ConnectionError):
        return _other_protocol(str(answer), where, doing)
    return _broken_off(error, where, doing)


def _tls_error(
    error: requests.exceptions.SSLError, doing: str
) -> PlexRefused | PlexUnreachable:
    why = re.search(r"certificate verify failed: ([^(]+)", str(error))
    if why is not None:
        return PlexRefused(
            f"The server's certificate is not trusted while {doing}: "
            f"{why[1].strip(' .')}. If it is your own, or of an authority of your "
            "own, enter the path of that certificate (PEM) as CA_FILE. If it is made "
            "out to another name, use that name in PLEX_URL."
        )
    cause = _cause(error, ssl.SSLError)
    if cause is not None and cause.reason == "WRONG_VERSION_NUMBER":
        return PlexRefused(
            f"{_where(error)} does not speak https while {doing}: write http:// in "
            "PLEX_URL, or correct its port (usually 32400)."
        )
    return PlexUnreachable(
        f"The encrypted connection to {_where(error)} broke off while {doing}. "
        "Does the server speak https there?"
    )


def _other_protocol(answer: str, where: str, doing: str) -> PlexRefused:
    if answer.startswith(TLS_ALERT):
        return PlexRefused(
            f"{where} expects an encrypted connection while {doing}: write https:// "
            "in PLEX_URL."
        )
    return PlexRefused(
        f"No Plex answers at {where} while {doing}: it does not speak http. Correct "
        "the port in PLEX_URL (usually 32400)."
    )


def _broken_off(
    error: requests.ConnectionError, where: str, doing: str
) -> PlexUnreachable:
    cause = _cause(error, OSError)
    if cause is not None and cause.errno in NO_ROUTE:
        return PlexUnreachable(
            f"There is no way to {where} ({cause.strerror}) while {doing}: is the "
            "address right, and this machine on that network?"
        )
    hint = ""
    if doing.startswith("connecting") and _url(error).startswith("http:"):
        hint = " If it wants encryption, write https:// in PLEX_URL."
    return PlexUnreachable(
        f"The connection to {where} was closed without a whole answer while "
        f"{doing}.{hint}"
    )


def _url(error: requests.RequestException) -> str:
    return str(error.request.url) if error.request is not None else ""


def _where(error: requests.RequestException) -> str:
    """Return host and port of the request that failed."""
    parts = urlsplit(_url(error))
    if not parts.hostname:
        return "the server"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{parts.port or DEFAULT_PORTS.get(parts.scheme, 0)}"


def _cause(error: BaseException, kind: type[Reason]) -> Reason | None:
    """Return the error of a kind that was wrapped in others, if there is one.

    The outermost OSError that requests itself raises tells nothing.
    """
    for cause in _causes(error, set()):
        is_wrapper = isinstance(cause, requests.RequestException)
        if isinstance(cause, kind) and not is_wrapper:
            return cause
    return None


def _causes(error: object, seen: set[int]) -> Iterator[BaseException]:
    if not isinstance(error, BaseException) or id(error) in seen:
        return
    seen.add(id(error))
    yield error
    inner = getattr(error, "reason", None), error.__cause__, error.__context__
    for one in (*error.args, *inner):
        yield from _causes(one, seen)
