"""A whole answer has a deadline, besides the time-out of each of its parts.

A time-out of sockets begins anew with every byte, so that a server that sends one
byte a second would never end.
"""

import io
import socket
import time
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

WHOLE_ANSWER = 4
"""Times the time-out of a part that a whole answer may take."""

MAX_ANSWER = 64 * 1024 * 1024
"""Bytes of a decoded answer; a page of a thousand items takes about one million."""


class _Reader(io.RawIOBase):
    """Reads from a socket until a moment; then it fails as if that was silent."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._raw = connection.makefile("rb", buffering=0)
        self._timeout = connection.gettimeout() or 0.0
        self._end = time.monotonic() + WHOLE_ANSWER * self._timeout

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 (as io has it)
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(min(self._timeout, left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_Reader(sock))


class _Connection(HTTPConnection):
    response_class = _Answer


class _SecureConnection(HTTPSConnection):
    response_class = _Answer


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class DeadlineAdapter(HTTPAdapter):
    """Lets no answer take longer than four times the time-out of one of its parts."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Make the connections that keep the deadline."""
        super().init_poolmanager(*args, **kwargs)
        _keep_deadlines(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> PoolManager:  # noqa: ANN401
        """Return the connections through a proxy, which keep it too."""
        return _keep_deadlines(super().proxy_manager_for(*args, **kwargs))


def _keep_deadlines(manager: PoolManager) -> PoolManager:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return manager
