"""A server that notes what it is really sent, over HTTP or HTTPS."""

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
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.tasks.recorded_responses import SECTIONS, container

HOST = "127.0.0.1"
USUAL = {
    "/": container(machineIdentifier="m", version="1.43"),
    "/accounts": container(),
    "/library/sections": container(SECTIONS),
}
Key = ec.EllipticCurvePrivateKey
Answers = Mapping[str, Callable[[BaseHTTPRequestHandler], None]]
"""How paths are answered that are not answered as usual."""


@dataclass
class Wire:
    """A server, and all that reached it."""

    url: str
    seen: list[tuple[str, Message]] = field(default_factory=list)
    """Method and path, and the headers, of every request."""


@contextmanager
def wire(
    leads_to: Mapping[str, str] | None = None,
    certificate: Path | None = None,
    answers: Answers | None = None,
) -> Iterator[Wire]:
    """Serve a library of nothing, and note every request.

    Args:
        leads_to: Paths that are elsewhere.
        certificate: A PEM file with key; without it, nothing is encrypted.
        answers: Paths that are answered in a way of their own.
    """
    found = Wire("")
    handler = _handler(found, leads_to or {}, answers or {})
    http = ThreadingHTTPServer((HOST, 0), handler)
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


def _handler(
    found: Wire, leads_to: Mapping[str, str], answers: Answers
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.seen.append((f"{self.command} {self.path}", self.headers))
            path = urlsplit(self.path).path
            if path in answers:
                answers[path](self)
                return
            body = USUAL.get(path, container(totalSize=0)).encode()
            self.send_response(302 if path in leads_to else 200)
            if path in leads_to:
                self.send_header("Location", leads_to[path])
            self.send_header("Content-Type", "text/xml;charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_PUT = do_POST = do_GET  # noqa: N815 (names that the library calls)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@dataclass(frozen=True)
class Authority:
    """An authority of one's own, as people make it for their home network."""

    certificate: Path
    """What others have to trust."""
    folder: Path
    key: Key

    @classmethod
    def found(cls, folder: Path) -> "Authority":
        """Make an authority whose files lie in a folder."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = cls(folder / "authority.pem", folder, key)
        made.certificate.write_bytes(made.sign("Our authority", key, is_ca=True))
        return made

    def certify(self, address: str) -> Path:
        """Return a PEM file that proves that a server has an address."""
        key = ec.generate_private_key(ec.SECP256R1())
        path = self.folder / f"{address}.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path.write_bytes(secret + self.sign(address, key, is_ca=False))
        return path

    def sign(self, name: str, key: Key, *, is_ca: bool) -> bytes:
        """Return a certificate in PEM."""
        now = datetime.now(UTC)
        known = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named("Our authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier(known.digest, None, None), critical=False
            )
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
                critical=False,
            )
        )
        if is_ca:
            usage = x509.KeyUsage(*[False] * 5, True, True, False, False)  # noqa: FBT003
            certificate = certificate.add_extension(usage, critical=True)
        else:
            names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))])
            certificate = certificate.add_extension(names, critical=False)
        signed = certificate.sign(self.key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
