"""A whole answer has a deadline, besides the time-out of each of its parts.

A time-out of sockets begins anew with every byte, so that a server that sends one
byte a second would never end.
"""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from engine.errors import RunStopped

WHOLE_ANSWER = 4
"""Times the time-out of a part that a whole answer may take."""

POLL = 0.25
"""Seconds between two looks at whether the run was stopped."""


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
"""Of the request that this thread is making."""


@contextmanager
def limited(silence: float, is_cancelled: Callable[[], bool]) -> Iterator[Limits]:
    """Limit the time of one request that the block makes.

    Args:
        silence: Seconds without a byte.
        is_cancelled: Whether the answer is no longer wanted: then RunStopped is
            raised where it is waited for.
    """
    limits = Limits(silence, time.monotonic() + WHOLE_ANSWER * silence, is_cancelled)
    token = _LIMITS.set(limits)
    try:
        yield limits
    finally:
        _LIMITS.reset(token)


class _Reader(io.RawIOBase):
    """Reads from a socket within the limits of a request."""

    def __init__(self, sock: Any) -> None:  # noqa: ANN401 (plain, TLS, TLS in TLS)
        self._sock = sock
        self._limits = _LIMITS.get()
        # The socket stays open as long as somebody holds a file of it.
        self._holder = sock.makefile("rb", buffering=0)

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


@dataclass(frozen=True)
class _ReadableSocket:
    """The part of a socket that an answer uses."""

    sock: Any

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self.sock))


class _Answer(HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(_ReadableSocket(sock), *args, **kwargs)  # type: ignore[arg-type]


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
