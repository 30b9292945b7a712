"""A Plex in the same process: requests reach it without a wire."""

from email.message import Message
from email.utils import formatdate
from io import BytesIO
from typing import Any

import requests
from requests.adapters import BaseAdapter

from tests.simulator.messages import Answer, Request
from tests.simulator.plex import Plex


class InMemory(BaseAdapter):
    """Carries requests to one simulated Plex, whatever their address."""

    def __init__(self, plex: Plex) -> None:
        super().__init__()
        self._plex = plex

    def send(
        self, request: requests.PreparedRequest, *_: Any, **__: Any
    ) -> requests.Response:
        """Ask it.

        Raises:
            requests.ConnectionError: It is down, or hangs up.
        """
        plex, headers = self._plex, Message()
        for name, value in request.headers.items():
            headers[name] = str(value)
        asked = Request.parse(request.method or "GET", request.path_url, headers)
        answer = plex.answer(asked)
        if answer.cut == "reset":
            raise requests.ConnectionError("the server hung up")
        return self.response(request, answer)

    def response(
        self, request: requests.PreparedRequest, answer: Answer
    ) -> requests.Response:
        """Return an answer as a client gets it."""
        response = requests.Response()
        response.status_code = answer.status
        response.url, response.request = str(request.url), request
        response.headers["Content-Type"] = answer.content_type
        response.headers["Content-Length"] = str(len(answer.body))
        response.headers["Date"] = formatdate(self._plex.world.clock(), usegmt=True)
        response.headers.update(answer.headers)
        response.encoding = "utf-8"
        is_whole = answer.cut != "half"
        body = answer.body if is_whole else answer.body[: len(answer.body) // 2]
        response.raw = BytesIO(body) if is_whole else _Broken(body)
        return response

    def close(self) -> None:
        """Close nothing."""


class _Broken(BytesIO):
    """A body whose end never comes."""

    def read(self, size: int | None = -1) -> bytes:
        """Return what has come, and then fail."""
        found = super().read(size)
        if not found:
            raise requests.exceptions.ChunkedEncodingError("the answer broke off")
        return found
