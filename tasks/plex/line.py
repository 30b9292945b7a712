"""The line to a server: who we say we are, whom we trust, where the token may go."""

import ssl
import time
from collections.abc import Generator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import plexapi
import requests
from plexapi.server import PlexServer

from engine.errors import PlexRefused, PlexUnreachable, SettingsInvalid
from tasks.discretion import hide, shown_address
from tasks.plex.refusals import translated

WHO = "plexbayes"
"""Our name, for the list of devices that a server keeps; the same everywhere."""

CLOCK_LEEWAY = 86_400.0
"""Seconds by which a date may be ahead of our clock and of the server's, and still be
believed: clocks are wrong by minutes, time zones by hours."""

# plexapi would otherwise tell the server this machine's name, MAC address and kernel.
plexapi.BASE_HEADERS.clear()
plexapi.BASE_HEADERS.update(
    {
        "X-Plex-Client-Identifier": WHO,
        "X-Plex-Product": WHO,
        "X-Plex-Device-Name": WHO,
        "X-Plex-Device": "Python",
        "X-Plex-Platform": "Python",
        "X-Plex-Provides": "controller",
        "X-Plex-Language": "en",
        "X-Plex-Sync-Version": "2",
        "X-Plex-Features": "external-media",
    }
)


class Line(requests.Session):
    """A session that checks certificates and follows nobody to another address."""

    def __init__(self, ca_file: str = "") -> None:
        """Open a line.

        Args:
            ca_file: A PEM file of the certificates to trust; empty: the usual ones.

        Raises:
            SettingsInvalid: It is no such file.
        """
        super().__init__()
        self._server_time = 0.0
        self.hooks["response"].append(self._note_time)
        self.headers["User-Agent"] = WHO
        self.verify = _bundle(ca_file) if ca_file else True

    def connect(self, address: str, token: str, timeout: float) -> PlexServer:
        """Return the server at an address; the token is shown nowhere from now on.

        Raises:
            PlexRefused: It refused the token, or it is no Plex.
            PlexUnreachable: There is no usable answer.
        """
        hide(token)
        with translated(f"connecting to {shown_address(address)} (PLEX_URL)"):
            plex = PlexServer(address, token, session=self, timeout=timeout)
        if not getattr(plex, "machineIdentifier", None):
            raise PlexUnreachable("Plex did not say which server it is.")
        return plex

    @property
    def latest_date(self) -> float:
        """The latest date that the server can mean, epoch seconds."""
        return max(time.time(), self._server_time) + CLOCK_LEEWAY

    def _note_time(self, response: requests.Response, *_: object, **__: object) -> None:
        """Note what time it is for the server; it may not be the time here."""
        with suppress(ValueError):
            date = parsedate_to_datetime(response.headers.get("Date", ""))
            self._server_time = date.timestamp()

    def resolve_redirects(
        self, resp: requests.Response, *_: object, **__: object
    ) -> Generator[requests.Response, None, None]:
        """Refuse to be led on: the token would go along, and a write might not.

        Raises:
            PlexRefused: The server says that something is elsewhere.
        """
        if not resp.is_redirect:
            yield from ()
            return
        there = shown_address(urljoin(resp.url, resp.headers["location"]))
        raise PlexRefused(
            f"{shown_address(resp.url)} leads on to {there}. Neither token nor "
            "ratings are sent there. If that is your Plex, enter its address as "
            "PLEX_URL."
        )

    def merge_environment_settings(
        self,
        url: str,
        proxies: dict[str, str] | None,
        stream: bool | None,  # noqa: FBT001 (as requests has it)
        verify: bool | str | None,  # noqa: FBT001
        cert: str | tuple[str, str] | None,
    ) -> dict[str, Any]:
        """Let CA_FILE win over the certificates that the environment names."""
        trusted = self.verify if verify is None else verify
        return super().merge_environment_settings(url, proxies, stream, trusted, cert)


def _bundle(path: str) -> str:
    """Return the path of a file of certificates.

    Raises:
        SettingsInvalid: It cannot be read, or holds none.
    """
    bundle = str(Path(path).expanduser())
    try:
        ssl.create_default_context(cafile=bundle)
    except OSError as fault:
        reason = "it holds no certificate" if isinstance(fault, ssl.SSLError) else fault
        raise SettingsInvalid(
            f"CA_FILE = {path!r} is no file of certificates (PEM): {reason}."
        ) from None
    return bundle
