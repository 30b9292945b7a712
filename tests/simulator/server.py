"""The wire: HTTP/1.1 with kept connections, compressed where the client likes it."""

import gzip
import socket
import struct
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.simulator.control import Control, carry_out
from tests.simulator.messages import Answer, Request, html_error
from tests.simulator.plex import Plex

HOST = "127.0.0.1"
PREFIX = "/__simulator__/"
"""Of the paths that are orders to the control side; they are not logged."""
WORTH_COMPRESSING = 500
"""Bytes."""
NO_LINGER = struct.pack("ii", 1, 0)


class Server(ThreadingHTTPServer):
    """Serves one simulated Plex on this machine only."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, plex: Plex, port: int = 0) -> None:
        self.plex = plex
        self.control = Control(plex)
        super().__init__((HOST, port), Handler)

    def server_bind(self) -> None:
        """Bind without asking the resolver for this machine's name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, self.server_address[1]

    def handle_error(self, *connection: Any) -> None:
        """Say nothing of clients that hang up: they are part of the play."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(*connection)


class Handler(BaseHTTPRequestHandler):
    """Carries requests in and answers out."""

    server: Server
    protocol_version = "HTTP/1.1"
    # Headers and body go out in one packet each; waiting to join them costs 40 ms.
    disable_nagle_algorithm = True
    wbufsize = 65_536
    timeout = 60.0
    """Seconds that a connection may wait for its next request."""

    def do_GET(self) -> None:
        """Answer a request of any method."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        path = urlsplit(self.path).path
        if path.startswith(PREFIX):
            order = path.removeprefix(PREFIX)
            answer = carry_out(self.server.control, order, body)
        else:
            request = Request.parse(self.command, self.path, self.headers)
            answer = self.server.plex.answer(request)
        self._send(answer)

    do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815 - names that the library calls

    def _send(self, answer: Answer) -> None:
        if answer.cut == "reset":
            # The client is to see a reset, not an end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            self.close_connection = True
            return
        body = answer.body
        self.send_response(answer.status)
        if len(body) > WORTH_COMPRESSING and (
            "gzip" in (self.headers.get("Accept-Encoding") or "")
        ):
            body = gzip.compress(body, compresslevel=1, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.cut == "half":
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return
        self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the time for the header Date: that of the server's own clock."""
        clock = self.server.plex.world.clock
        return super().date_time_string(clock() if timestamp is None else timestamp)

    def send_error(self, *_: Any) -> None:
        """Refuse what is no proper request, such as an endless line."""
        self.close_connection = True
        self._send(html_error(400))

    def log_message(self, *_: Any) -> None:
        """Say nothing: the request log knows."""
