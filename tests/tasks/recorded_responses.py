"""A server that says what it is told to: for answers no healthy Plex would give."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tasks.config.settings import Settings

SECTIONS = '<Directory type="artist" key="1" title="Music" uuid="u"/>'


def container(inside: str = "", **facts: object) -> str:
    """Return a document as Plex sends it."""
    shown = " ".join(f'{name}="{fact}"' for name, fact in facts.items())
    return f"<MediaContainer {shown}>{inside}</MediaContainer>"


@contextmanager
def canned_plex(answers: Mapping[str, str]) -> Iterator[Settings]:
    """Serve canned answers by path, and yield settings that lead there.

    Unless told otherwise, it is a server with one library named Music.
    """
    known = {
        "/": container(machineIdentifier="m"),
        "/accounts": container(),
        "/library/sections": container(SECTIONS),
    }
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler({**known, **answers})) as http:
        threading.Thread(target=http.serve_forever, args=[0.01], daemon=True).start()
        url = f"http://127.0.0.1:{http.server_port}"
        yield Settings(plex_url=url, plex_token="any", timeout=5)  # noqa: S106
        http.shutdown()


def _handler(answers: Mapping[str, str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answers[self.path.partition("?")[0]].encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/xml;charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
