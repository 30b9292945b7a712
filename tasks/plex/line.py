"""The line to a server: who we say we are, whom we trust, where the token may go."""

import ssl
from collections.abc import Generator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import plexapi
import requests
from plexapi.server import PlexServer

from engine.errors import NotThere, PlexRefused, PlexUnreachable, SettingsInvalid
from tasks.addresses import is_loopback
from tasks.discretion import hide, shown_address
from tasks.plex.refusals import translated

WHO = "plexbayes"
"""Our name, for the list of devices that a server keeps; the same everywhere."""

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
        self.hooks["response"].append(_refuse_web_page)
        self.headers["User-Agent"] = WHO
        self.verify = _bundle(ca_file) if ca_file else True

    def connect(self, address: str, token: str, timeout: float) -> PlexServer:
        """Return the server at an address; the token is shown nowhere from now on.

        Raises:
            PlexRefused: It refused the token, or it is no Plex.
            PlexUnreachable: There is no usable answer.
        """
        hide(token)
        shown = shown_address(address)
        try:
            with translated(f"connecting to {shown} (PLEX_URL)"):
                plex = PlexServer(address, token, session=self, timeout=timeout)
        except NotThere:
            raise _not_a_plex(shown, "nothing is there (404)") from None
        if getattr(plex, "_data", None) is None:
            raise PlexUnreachable(f"Plex sent an empty answer at {shown}.")
        if not getattr(plex, "machineIdentifier", None):
            raise _not_a_plex(shown, "what is there does not say which server it is")
        return plex

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
        """Let CA_FILE win over the environment, and no proxy come in on loopback."""
        trusted = self.verify if verify is None else verify
        merged: dict[str, Any] = super().merge_environment_settings(
            url, proxies, stream, trusted, cert
        )
        if is_loopback(urlsplit(url).hostname or ""):
            merged["proxies"] = {}
        return merged


def _refuse_web_page(response: requests.Response, *_: object, **__: object) -> None:
    """Refuse what was asked for and is no XML, such as a proxy's login page.

    Raises:
        PlexRefused: It is a web page, or made for some other program.
    """
    begin = response.content[:500].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    is_page = b"<html" in begin or b"<!doctype html" in begin
    is_xml = begin.startswith(b"<") and not is_page
    if response.ok and response.request.method == "GET" and begin and not is_xml:
        what = "a web page" if is_page else "something else"
        raise _not_a_plex(
            shown_address(response.url),
            f"{what} is there, such as the login of a proxy",
        )


def _not_a_plex(address: str, why: str) -> PlexRefused:
    return PlexRefused(
        f"No Plex answers at {address}: {why}. Check host and port in PLEX_URL."
    )


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
