"""By which names this server may be called: its own, and those that a person allows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
"""How programs on this machine call it."""

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 (compared, not listened on)
"""Listening here means on every address of the machine; they name none of them."""

DEFAULT_PORTS = (80, 443)
"""What an address without a port means, depending on its scheme."""

_AUTHORITY = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::([0-9]{1,5}))?")


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
    """Return what is allowed if a name without a port is.

    It may be called directly at this server's port, or through a reverse proxy at
    a default port. Other ports of the same name belong to other programs.

    Args:
        addresses: With a port or without.
        port: This server's.
    """
    return tuple(
        Address(address.host, number)
        for address in addresses
        for number in ([address.port] if address.port else (port, *DEFAULT_PORTS))
    )


def own_addresses(host: str, port: int) -> tuple[Address, ...]:
    """Return how a server that listens on a host and port may always be called.

    Args:
        host: A name or an IP address, without brackets.
        port: Its port.
    """
    names = (*LOOPBACK_NAMES, *({host} - {*EVERYWHERE, *LOOPBACK_NAMES}))
    return tuple(Address(shortest(name.lower()), port) for name in names)


def own_origins(addresses: Iterable[Address]) -> list[str]:
    """Return the origins of this server's own pages, as browsers write them."""
    return [f"http://{in_url(a.host)}:{a.port}" for a in addresses]


def in_url(host: str) -> str:
    """Return a host as it stands in a URL: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a server that listens on a host."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def shortest(host: str) -> str:
    """Return an IP address in its shortest form, and any other host as it is."""
    try:
        return ip_address(host).compressed
    except ValueError:
        return host
