"""From what people type or paste to the address of a Plex server."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

PORT = 32400
"""Where a Plex Media Server listens unless told otherwise."""

SCHEME = re.compile(r"(?:(https?):/*|([a-z][a-z0-9+.-]*)://)?", re.IGNORECASE)
"""What an address begins with; one slash too few or too many is forgiven."""

WEBSITES = {"app.plex.tv", "plex.tv", "www.plex.tv"}
"""Plex's own, from which people copy addresses: no music library is there."""

NOT_AN_ADDRESS = "not an http(s) address"


def normalize_url(text: str) -> str:
    """Return a server's address as typed or pasted, with what people leave out.

    Blanks around it, capitals, and the path of Plex's web app are repaired. The
    port is only added where Plex itself must be meant: https without a port, or
    a path, leads through a proxy.

    Raises:
        ValueError: It is not an address; the message shows nothing of it, since
            passwords and tokens may stand anywhere in it.

    >>> normalize_url(" HTTP://Plex.local/web/index.html#!/ ")
    'http://plex.local:32400'
    """
    address = text.strip()
    if not address:
        raise ValueError("missing")
    if re.search(r"x-plex-token|token=", address, re.IGNORECASE):
        raise ValueError("it contains a token, which belongs in PLEX_TOKEN only")
    parts = _split(address)
    host, port = _host(parts), parts.port
    path = re.sub(r"/web(/.*)?$", "", parts.path)
    is_web_app = path != parts.path
    if (parts.query or parts.fragment) and not is_web_app:
        raise ValueError(_reason("it has a ? or # and what follows", address))
    login, at, _ = parts.netloc.rpartition("@")
    path = path.rstrip("/")
    if port is None and parts.scheme == "http" and not path:
        port = PORT
    return f"{parts.scheme}://{login}{at}{host}{f':{port}' if port else ''}{path}"


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine, so that no proxy leads there.

    >>> is_loopback("localhost"), is_loopback("127.0.0.2"), is_loopback("10.0.0.2")
    (True, True, False)
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.casefold().rstrip(".") == "localhost"


def _split(address: str) -> SplitResult:
    begin = SCHEME.match(address)
    known, other = begin.groups() if begin else (None, None)
    if other or not address.isprintable() or " " in address:
        raise ValueError(NOT_AN_ADDRESS)
    rest = address[begin.end() if begin else 0 :].lstrip("/")
    try:
        parts = urlsplit(f"{(known or 'http').lower()}://{rest}")
        if parts.hostname and parts.port != 0:
            return parts
    except ValueError:  # its message would show a part of the address
        pass
    raise ValueError(_reason(NOT_AN_ADDRESS, address))


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if host in WEBSITES:
        raise ValueError("that is Plex's website: enter your own server's address")
    if ":" in host:
        return f"[{host}]"
    if not re.fullmatch(r"[\w.-]+", host):
        raise ValueError(NOT_AN_ADDRESS)
    return host


def _reason(reason: str, address: str) -> str:
    """Say what is wrong; an @ hints at a password that was not escaped."""
    escapes = "; in a password, write / ? # @ as %2F %3F %23 %40"
    return reason + (escapes if "@" in address else "")
