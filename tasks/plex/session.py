"""The line to a server: who we say we are, whom we trust, where the token may go."""

import ssl
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import plexapi
import requests
from plexapi.server import PlexServer
from requests.adapters import BaseAdapter

from engine.errors import (
    NotThere,
    PlexRefused,
    PlexUnreachable,
    PlexUnusable,
    SettingsInvalid,
)
from tasks.config.addresses import is_loopback
from tasks.config.redaction import redact_url, register_secret
from tasks.plex.answers import (
    WHOLE_ANSWER,
    DeadlineAdapter,
    limit_request,
    not_a_plex,
    path_of,
    read_answer,
    refuse_web_page,
)
from tasks.plex.errors import translate_errors

Transport = BaseAdapter
"""What carries a request to a server and its answer back."""

WHO = "plexbayes"
"""Our name, for the list of devices that a server keeps; the same everywhere."""

CLOCK_LEEWAY = 86_400.0
"""Seconds by which a date may be ahead of our clock and of the server's, and still be
trusted: clocks are wrong by minutes, time zones by hours."""

_CAN_BE_CANCELLED: ContextVar[bool] = ContextVar("can_be_cancelled", default=False)
"""Whether this thread makes a request whose answer a stopped run can do without."""

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


@contextmanager
def cancellable() -> Iterator[None]:
    """Give up waiting for an answer in the block if the run is stopped meanwhile.

    A run that was stopped before may still read what it needs to end well.
    """
    token = _CAN_BE_CANCELLED.set(True)
    try:
        yield
    finally:
        _CAN_BE_CANCELLED.reset(token)


class PlexSession(requests.Session):
    """A session that checks certificates and follows nobody to another address."""

    def __init__(
        self,
        ca_file: str = "",
        is_cancelled: Callable[[], bool] = lambda: False,
        transport: Transport | None = None,  # else the network
        now: Callable[[], float] = time.time,
    ) -> None:
        """Trust the certificates of a PEM file, or else the usual ones.

        Raises:
            SettingsInvalid: The file holds none.
        """
        super().__init__()
        self._is_cancelled = is_cancelled
        self._now = now
        self._overdue_writes = 0
        self._environment: dict[tuple[str, str], dict[str, Any]] = {}
        """What the environment says of each server: it is looked through once."""
        for scheme in ("http://", "https://"):
            self.mount(scheme, transport or DeadlineAdapter())
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
        register_secret(token)
        shown = redact_url(address)
        try:
            with translate_errors(f"connecting to {shown} (PLEX_URL)"):
                plex = PlexServer(address, token, session=self, timeout=timeout)
        except NotThere:
            raise not_a_plex(shown, "nothing is there (404)") from None
        if getattr(plex, "_data", None) is None:
            raise PlexUnreachable(f"Plex sent an empty answer at {shown}.")
        if not getattr(plex, "machineIdentifier", None):
            raise not_a_plex(shown, "what is there does not say which server it is")
        return plex

    def send(
        self,
        request: requests.PreparedRequest,
        **kwargs: Any,  # noqa: ANN401 (as requests has it)
    ) -> requests.Response:
        """Send a request and read its whole answer, in bounded time and space.

        A request that only reads is repeated once if its answer took too long.

        Raises:
            PlexUnusable: That did not help, or the answer is huge.
            RunStopped: The run was stopped while it waited for a read.
        """
        silence = float(kwargs["timeout"])
        only_reads = request.method == "GET"
        can_stop = _CAN_BE_CANCELLED.get() and not self._is_cancelled()
        is_cancelled = self._is_cancelled if can_stop else lambda: False
        for _ in range(1 + only_reads):
            limits = limit_request(silence, is_cancelled)
            try:
                response = super().send(request, **(kwargs | {"stream": True}))
                read_answer(response)
                refuse_web_page(response)
            except requests.RequestException:
                if not limits.is_broken:  # such as a server that is not up yet
                    raise
                self._overdue_writes += not only_reads
                if not only_reads and self._overdue_writes == 1:
                    raise  # whether it arrived is found out before it is repeated
            else:
                self._overdue_writes = 0
                return response
        raise PlexUnusable(
            f"Plex did not complete its answer to {path_of(request)} in time, twice: "
            f"it has {WHOLE_ANSWER * silence:g} s in all, and {silence:g} s from one "
            "byte to the next. Is the server overloaded, or the connection bad? "
            "TIMEOUT allows it more."
        )

    @property
    def latest_date(self) -> float:
        """The latest date that the server can mean, epoch seconds."""
        return max(self._now(), self._server_time) + CLOCK_LEEWAY

    def _note_time(self, response: requests.Response, *_: object, **__: object) -> None:
        """Note what time it is for the server; it may not be the time here."""
        with suppress(ValueError):
            date = parsedate_to_datetime(response.headers.get("Date", ""))
            self._server_time = date.timestamp()

    def resolve_redirects(
        self, resp: requests.Response, *_: object, **__: object
    ) -> Generator[requests.Response, None, None]:
        """Refuse redirects: the token would go along, and a write might not."""
        if not resp.is_redirect:
            yield from ()
            return
        resp.close()
        there = redact_url(urljoin(resp.url, resp.headers["location"]))
        raise PlexRefused(
            f"{redact_url(resp.url)} redirects to {there}. Neither token nor "
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
        address = urlsplit(url)
        place = address.scheme, address.netloc
        if place not in self._environment:
            merged: dict[str, Any] = super().merge_environment_settings(
                url, proxies, stream, trusted, cert
            )
            if is_loopback(address.hostname or ""):
                merged["proxies"] = {}
            self._environment[place] = merged
        return dict(self._environment[place])


def _bundle(path: str) -> str:
    bundle = str(Path(path).expanduser())
    try:
        ssl.create_default_context(cafile=bundle)
    except OSError as error:
        reason = "it holds no certificate" if isinstance(error, ssl.SSLError) else error
        raise SettingsInvalid(
            f"CA_FILE = {path!r} is no file of certificates (PEM): {reason}."
        ) from None
    return bundle
