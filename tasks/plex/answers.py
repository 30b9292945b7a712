"""Answers of a server: read to their end in bounded time and space, known for Plex's.

A time-out of sockets starts again with every byte, so that a server that sends one
byte a second would never end: a whole answer has a deadline besides.
"""

import io
import re
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

import plexapi.utils as parsing
import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from engine.errors import PlexRefused, PlexUnusable, RunStopped
from tasks.config.redaction import redact_url

WHOLE_ANSWER = 4
"""Times the time-out of a part that a whole answer may take."""

POLL = 0.25
"""Seconds between two looks at whether the run was stopped."""

MAX_ANSWER = 64 * 1024 * 1024
"""Bytes of a decoded answer; a page of a thousand items takes about one million."""

MAX_MARKS = 1_000_000
"""Elements and attributes of an answer; a parser spends a hundred bytes on each."""

CHUNK = 256 * 1024
"""Bytes of an answer that are read at a time."""

ILLEGAL = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
"""The characters that no XML document may hold, as a range of a pattern."""

MAX_DIGITS = 7
"""Digits of the highest character there is."""

_SUSPECT = re.compile(f"[{ILLEGAL}]|&#(?:0*([0-9]+)|x0*([0-9a-fA-F]+));")


@dataclass
class Limits:
    """How long one request may take."""

    silence: float
    """Seconds without a byte."""
    deadline: float
    """When the answer must be complete, on the monotonic clock."""
    is_cancelled: Callable[[], bool]
    """Whether the answer is no longer wanted."""
    has_begun: bool = False
    """Whether any byte of the answer has come."""
    is_broken: bool = False
    """Whether an answer that had begun took too long."""


_LIMITS: ContextVar[Limits] = ContextVar("limits")
"""Of the request that this thread makes, or made last."""


def limit_request(silence: float, is_cancelled: Callable[[], bool]) -> Limits:
    """Limit the time of the next request of this thread.

    Where its answer is waited for, RunStopped is raised once it is cancelled.
    """
    limits = Limits(silence, time.monotonic() + WHOLE_ANSWER * silence, is_cancelled)
    _LIMITS.set(limits)
    return limits


class _Reader(io.RawIOBase):
    """Reads from a socket within the limits of a request."""

    def __init__(self, sock: Any, holder: io.BufferedIOBase) -> None:  # noqa: ANN401
        self._sock = sock  # plain, TLS, or TLS in TLS
        self._limits = _LIMITS.get()
        # The socket stays open as long as somebody holds a file of it.
        self._holder = holder

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 (as io has it)
        limits = self._limits
        end = min(time.monotonic() + limits.silence, limits.deadline)
        try:
            while (left := end - time.monotonic()) > 0:
                if limits.is_cancelled():
                    raise RunStopped("The run was stopped while it was reading.")
                self._sock.settimeout(min(left, POLL))
                with suppress(TimeoutError):
                    count = int(self._sock.recv_into(buffer))
                    limits.has_begun = True
                    return count
        finally:
            self._sock.settimeout(limits.silence)
        limits.is_broken = limits.has_begun
        raise TimeoutError

    def close(self) -> None:
        self._holder.close()
        super().close()


class _Answer(HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Reader(sock, self.fp))


class _Connection(HTTPConnection):
    response_class = _Answer


class _SecureConnection(HTTPSConnection):
    response_class = _Answer


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class DeadlineAdapter(HTTPAdapter):
    """Makes connections whose answers keep the limits of their request."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Make the connections that keep the limits."""
        super().init_poolmanager(*args, **kwargs)
        _keep_limits(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> PoolManager:  # noqa: ANN401
        """Return the connections through a proxy, which keep them too."""
        return _keep_limits(super().proxy_manager_for(*args, **kwargs))


def _keep_limits(manager: PoolManager) -> PoolManager:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return manager


def read_answer(response: requests.Response) -> None:
    """Read an answer to its end.

    Raises:
        PlexUnusable: It is larger than any answer of Plex.
    """
    content = bytearray()
    for chunk in response.iter_content(CHUNK):
        content += chunk
        if len(content) > MAX_ANSWER:
            response.close()
            raise _too_large(response, f"{MAX_ANSWER >> 20} MiB")
    if content.count(b"<") + content.count(b"=") > MAX_MARKS:
        raise _too_large(response, f"{MAX_MARKS:,} elements and attributes")
    response._content = bytes(content)  # noqa: SLF001 (requests has no other way)
    if "charset" not in response.headers.get("Content-Type", "").lower():
        response.encoding = "utf-8"  # as XML has it; to guess takes very long


def _too_large(response: requests.Response, limit: str) -> PlexUnusable:
    return PlexUnusable(
        f"Plex sent more than {limit} in one answer to {path_of(response.request)}. "
        "Does PLEX_URL lead to a Plex server?"
    )


def path_of(request: requests.PreparedRequest) -> str:
    """Return what was asked, as far as it may be shown."""
    return f"{request.method} {request.path_url.partition('?')[0][:80]}"


def refuse_web_page(response: requests.Response) -> None:
    """Refuse what was asked for and is no XML, such as a proxy's login page.

    Raises:
        PlexRefused: It is a web page, or made for some other program.
    """
    begin = response.content[:500].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    is_page = b"<html" in begin or b"<!doctype html" in begin
    is_xml = begin.startswith(b"<") and not is_page
    if response.ok and response.request.method == "GET" and begin and not is_xml:
        what = "a web page" if is_page else "something else"
        why = f"{what} is there, such as the login of a proxy"
        raise not_a_plex(redact_url(response.url), why)


def not_a_plex(address: str, why: str) -> PlexRefused:
    """Return the refusal of a server that is none of Plex."""
    return PlexRefused(
        f"No Plex answers at {address}: {why}. Check host and port in PLEX_URL."
    )


def without_illegal(text: str) -> str:
    """Return XML without illegal characters, written out or as a reference.

    >>> without_illegal("A&#4;B &#x1F;C&#233;")
    'AB C&#233;'
    """
    return _SUSPECT.sub(lambda match: match[0] if _is_legal(match) else "", text)


def _is_legal(match: re.Match[str]) -> bool:
    digits = match[1] or match[2]
    if not digits or len(digits) > MAX_DIGITS:
        return False
    code = int(digits, 10 if match[1] else 16)
    return code <= sys.maxunicode and not re.match(f"[{ILLEGAL}]", chr(code))


# plexapi cleans what it cannot parse, but leaves references such as `&#4;` as they are.
vars(parsing)["cleanXMLString"] = without_illegal
