"""How servers are addressed: a Plex as people type it, and our own by its names."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

PORT = 32400
"""Where a Plex Media Server listens unless told otherwise."""

SCHEME = re.compile(r"(?:(https?):/*|([a-z][a-z0-9+.-]*)://)?", re.IGNORECASE)
"""What an address begins with; one slash too few or too many is forgiven."""

WEBSITES = {"app.plex.tv", "plex.tv", "www.plex.tv"}
"""Plex's own, from which people copy addresses: no music library is there."""

NOT_AN_ADDRESS = "not an http(s) address"

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
"""How programs on this machine call it."""

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 (compared, not listened on)
"""Listening here means on every address of the machine; they name none of them."""

DEFAULT_PORTS = (80, 443)
"""What an address without a port means, depending on its scheme."""

_AUTHORITY = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::([0-9]{1,5}))?")


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
    if ":" not in host and not re.fullmatch(r"[\w.-]+", host):
        raise ValueError(NOT_AN_ADDRESS)
    return in_url(host)


def _reason(reason: str, address: str) -> str:
    """Say what is wrong; an @ hints at a password that was not escaped."""
    escapes = "; in a password, write / ? # @ as %2F %3F %23 %40"
    return reason + (escapes if "@" in address else "")


@dataclass(frozen=True)
class Address:
    """A host name or IP address, with a port or without."""

    host: str
    """In lower case; an IPv6 address without brackets, in its shortest form."""
    port: int | None = None
    """None: the default port of the scheme."""

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read `name`, `name:port` or `[ipv6]:port`.

        Raises:
            ValueError: It is none of these.

        >>> Address.parse("[0:0::1]:4200")
        Address(host='::1', port=4200)
        """
        found = _AUTHORITY.fullmatch(text.lower())
        if not found:
            raise ValueError(f"{text!r} is not a host name")
        ipv6, name, port = found.groups()
        return cls(shortest(ipv6 or name), int(port) if port else None)

    def is_among(self, allowed: Iterable["Address"]) -> bool:
        """Return whether it is one of some addresses, all of them with a port."""
        ports = DEFAULT_PORTS if self.port is None else (self.port,)
        return any(one.host == self.host and one.port in ports for one in allowed)


def parse_allowed_hosts(text: str) -> tuple[Address, ...]:
    """Read the names in ALLOWED_HOSTS, separated by commas or blanks.

    Raises:
        ValueError: One of them is not a host name.

    >>> parse_allowed_hosts("nas.local, plex.example.org:8443")
    (Address(host='nas.local', port=None), Address(host='plex.example.org', port=8443))
    """
    return tuple(Address.parse(word) for word in re.split(r"[,\s]+", text) if word)


def with_ports(addresses: Iterable[Address], port: int) -> tuple[Address, ...]:
    """Return what is allowed if a name without a port is, on a server at a port.

    It may be called directly at this port, or through a reverse proxy at a default
    port. Other ports of the same name belong to other programs.
    """
    return tuple(
        Address(address.host, number)
        for address in addresses
        for number in ([address.port] if address.port else (port, *DEFAULT_PORTS))
    )


def own_addresses(host: str, port: int) -> tuple[Address, ...]:
    """Return how a server that listens on a host and port may always be called."""
    names = (*LOOPBACK_NAMES, *({host} - {*EVERYWHERE, *LOOPBACK_NAMES}))
    return tuple(Address(shortest(name.lower()), port) for name in names)


def own_origins(addresses: Iterable[Address]) -> list[str]:
    """Return the origins of this server's own pages, as browsers write them."""
    return [f"http://{in_url(a.host)}:{a.port}" for a in addresses]


def in_url(host: str) -> str:
    """Return a host as it stands in a URL: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, so that nobody else reaches it.

    >>> is_loopback("localhost"), is_loopback("127.0.0.2"), is_loopback("10.0.0.2")
    (True, True, False)
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.casefold().rstrip(".") == "localhost"


def shortest(host: str) -> str:
    """Return an IP address in its shortest form, and any other host as it is."""
    try:
        return ip_address(host).compressed
    except ValueError:
        return host
