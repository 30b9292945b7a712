"""A server that says what it is told to, over HTTP or HTTPS, and notes what it is sent.

It gives answers that no healthy Plex would give.
"""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tasks.config.settings import Settings

HOST = "127.0.0.1"
SECTIONS = '<Directory type="artist" key="1" title="Music" uuid="u"/>'
Play = Callable[[BaseHTTPRequestHandler], None]
Answers = Mapping[str, str | Play]
"""How paths are answered: with a document, or in a way of their own."""


def container(inside: str = "", **facts: object) -> str:
    """Return a document as Plex sends it."""
    shown = " ".join(f'{name}="{fact}"' for name, fact in facts.items())
    return f"<MediaContainer {shown}>{inside}</MediaContainer>"


USUAL = {
    "/": container(machineIdentifier="m", version="1.43"),
    "/accounts": container(),
    "/library/sections": container(SECTIONS),
}


def send(
    handler: BaseHTTPRequestHandler,
    body: str | bytes,
    status: int = 200,
    **headers: str,
) -> None:
    """Send a document; headers are named with `_` for `-`."""
    content = body.encode() if isinstance(body, str) else body
    handler.send_response(status)
    usual = {"Content_Type": "text/xml;charset=utf-8"}
    for name, value in (usual | headers).items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def elsewhere(address: str) -> Play:
    """Lead on to another address."""
    return lambda handler: send(handler, container(), 302, Location=address)


@dataclass
class Wire:
    """A server, and all that reached it."""

    url: str
    seen: list[tuple[str, Message]] = field(default_factory=list)
    """Method and path, and the headers, of every request."""


@contextmanager
def wire(
    answers: Answers | None = None, certificate: Path | None = None
) -> Iterator[Wire]:
    """Serve a library of nothing named Music, and note every request.

    Args:
        answers: Paths that are answered in a way of their own.
        certificate: A PEM file with key; without it, nothing is encrypted.
    """
    found = Wire("")
    http = ThreadingHTTPServer((HOST, 0), _handler(found, USUAL | dict(answers or {})))
    http.daemon_threads = True
    http.block_on_close = False
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        http.socket = context.wrap_socket(http.socket, server_side=True)
    http.handle_error = lambda *_: None  # clients that hang up are part of the play
    scheme = "https" if certificate else "http"
    found.url = f"{scheme}://{HOST}:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield found
    finally:
        http.shutdown()
        http.server_close()


@contextmanager
def canned_plex(answers: Answers, **wishes: Any) -> Iterator[Settings]:
    """Serve answers by path, and yield settings that lead there."""
    with wire(answers) as plex:
        known = {"plex_url": plex.url, "plex_token": "any", "timeout": 5}
        yield Settings(**known | wishes)


def _handler(found: Wire, answers: Answers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.seen.append((f"{self.command} {self.path}", self.headers))
            path = urlsplit(self.path).path
            answer = answers.get(path, container(totalSize=0))
            if callable(answer):
                answer(self)
            else:
                send(self, answer)

        do_PUT = do_POST = do_GET  # noqa: N815 (names that the library calls)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def certificate_for(address: str, folder: Path) -> Path:
    """Make a PEM file that proves an address to whoever trusts it; the key is in it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    usage = x509.KeyUsage(True, *[False] * 4, True, True, False, False)  # noqa: FBT003
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(own, critical=False)
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / f"{address}.pem"
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path
