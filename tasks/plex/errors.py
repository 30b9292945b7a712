"""What plexapi and requests complain of, in our own words and without a token."""

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import BadStatusLine
from typing import TypeVar
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError

import requests
from plexapi.exceptions import BadRequest, NotFound, Unauthorized
from urllib3.exceptions import HTTPError, LocationParseError

from engine.errors import (
    NotThere,
    PlexError,
    PlexRefused,
    PlexUnreachable,
    RequestTooLong,
)
from tasks.config.addresses import in_url
from tasks.config.config_file import ARTICLE

UNUSABLE = (
    requests.RequestException,
    HTTPError,
    ParseError,
    TypeError,
    AttributeError,
    ValueError,
    ArithmeticError,
    LookupError,
)
"""What comes up when an answer, or the address itself, cannot be made sense of:
plexapi raises TypeError for a status that requests has no name for, AttributeError for
an empty answer where it expects one, and ValueError for a word instead of a number."""

BAD_PROXY = (requests.exceptions.InvalidProxyURL, requests.exceptions.InvalidSchema)
"""The scheme of PLEX_URL is known to be http or https, so it must be a proxy's."""

BAD_ADDRESS = (requests.exceptions.InvalidURL, LocationParseError)

TOO_LONG = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.REQUEST_URI_TOO_LONG,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
}
"""What servers and proxies answer to a long request; Plex says 400."""

TLS_ALERT = "\x15\x03"
"""How a server begins that was spoken to in plain text and expects encryption."""

NO_ROUTE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}

Reason = TypeVar("Reason", bound=BaseException)


@contextmanager
def translate_errors(doing: str) -> Iterator[None]:
    """Turn the errors of plexapi and requests into ours; no text with a token."""
    try:
        yield
    except Unauthorized:
        raise PlexRefused(
            f"Plex refused the token (401) when {doing}. "
            f"Check PLEX_TOKEN; how to find it: {ARTICLE}"
        ) from None
    except NotFound:
        raise NotThere(f"Plex knows no such thing (404) when {doing}.") from None
    except BadRequest as refusal:
        raise _by_status(refusal, doing) from None
    except (*BAD_PROXY, *BAD_ADDRESS) as error:
        said = (
            "The proxy of the environment (HTTP_PROXY, HTTPS_PROXY) is not an address "
            f"that can be used while {doing}. Correct it there."
            if isinstance(error, BAD_PROXY)
            else f"PLEX_URL is not an address, while {doing}."
        )
        raise PlexRefused(said) from None
    except requests.Timeout:
        raise PlexUnreachable(f"Plex did not answer in time when {doing}.") from None
    except requests.ConnectionError as error:
        raise _connection_error(error, doing) from None
    except UNUSABLE as error:
        raise PlexUnreachable(
            f"Plex gave no usable answer ({type(error).__name__}) when {doing}."
        ) from None


def _by_status(refusal: BadRequest, doing: str) -> PlexError:
    status = re.match(r"\((\d+)\)", str(refusal))
    code = int(status[1]) if status else 0
    busy = code == HTTPStatus.TOO_MANY_REQUESTS
    if busy or code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return PlexUnreachable(f"Plex is busy ({code}) when {doing}.")
    if re.search(r"HTTP request .{0,20}to (an )?HTTPS (port|server)", str(refusal)):
        return PlexRefused(
            f"The server expects an encrypted connection ({code}) while {doing}: "
            "write https:// in PLEX_URL."
        )
    said = f"Plex refused ({code or 'no status'}) when {doing}."
    return RequestTooLong(said) if code in TOO_LONG else PlexRefused(said)


def _connection_error(error: requests.ConnectionError, doing: str) -> PlexError:
    """Return what to tell a person of a connection that failed.

    A server or a network may be away for a while, so most of this is transient;
    what speaks another protocol is a mistake in the configuration.
    """
    where = _where(error)
    if isinstance(error, requests.exceptions.ProxyError):
        return PlexUnreachable(
            f"The proxy of the environment (HTTP_PROXY, HTTPS_PROXY) cannot be used "
            f"for {where} while {doing}. To go without it, add the host to NO_PROXY."
        )
    if isinstance(error, requests.exceptions.SSLError):
        return _tls_error(error, where, doing)
    unknown = _cause(error, socket.gaierror)
    if unknown is not None:
        return PlexUnreachable(
            f"The host of {where} is unknown ({unknown.strerror}) while {doing}: is "
            "its name right, and does this machine's name server (DNS) know it?"
        )
    if _cause(error, ConnectionRefusedError) is not None:
        return PlexUnreachable(
            f"Connection refused by {where} while {doing}: is Plex running, and is "
            "the port right (usually 32400)?"
        )
    answer = _cause(error, BadStatusLine)
    if answer is not None and not isinstance(answer, ConnectionError):
        return PlexRefused(
            f"{where} expects an encrypted connection while {doing}: write https:// "
            "in PLEX_URL."
            if str(answer).startswith(TLS_ALERT)
            else f"No Plex answers at {where} while {doing}: it does not speak http. "
            "Correct the port in PLEX_URL (usually 32400)."
        )
    return _broken_off(error, where, doing)


def _tls_error(
    error: requests.exceptions.SSLError, where: str, doing: str
) -> PlexError:
    why = re.search(r"certificate verify failed: ([^(]+)", str(error))
    if why is not None:
        return PlexRefused(
            f"The server's certificate is not trusted while {doing}: "
            f"{why[1].strip(' .')}. If it is your own, or of an authority of your "
            "own, enter the path of that certificate (PEM) as CA_FILE. If it is made "
            "out to another name, use that name in PLEX_URL."
        )
    cause = _cause(error, ssl.SSLError)
    if cause is not None and cause.reason == "WRONG_VERSION_NUMBER":
        return PlexRefused(
            f"{where} does not speak https while {doing}: write http:// in "
            "PLEX_URL, or correct its port (usually 32400)."
        )
    return PlexUnreachable(
        f"The encrypted connection to {where} broke off while {doing}. "
        "Does the server speak https there?"
    )


def _broken_off(error: requests.ConnectionError, where: str, doing: str) -> PlexError:
    cause = _cause(error, OSError)
    if cause is not None and cause.errno in NO_ROUTE:
        return PlexUnreachable(
            f"There is no way to {where} ({cause.strerror}) while {doing}: is the "
            "address right, and this machine on that network?"
        )
    hint = ""
    if doing.startswith("connecting") and _url(error).startswith("http:"):
        hint = " If it wants encryption, write https:// in PLEX_URL."
    return PlexUnreachable(
        f"The connection to {where} was closed without a whole answer while "
        f"{doing}.{hint}"
    )


def _url(error: requests.RequestException) -> str:
    return str(error.request.url) if error.request is not None else ""


def _where(error: requests.RequestException) -> str:
    """Return host and port of the request that failed."""
    parts = urlsplit(_url(error))
    if not parts.hostname:
        return "the server"
    usual = {"http": 80, "https": 443}.get(parts.scheme, 0)
    return f"{in_url(parts.hostname)}:{parts.port or usual}"


def _cause(error: BaseException, kind: type[Reason]) -> Reason | None:
    """Return the error of a kind that was wrapped in others, if there is one.

    The outermost OSError that requests itself raises tells nothing.
    """
    for cause in _causes(error, set()):
        is_wrapper = isinstance(cause, requests.RequestException)
        if isinstance(cause, kind) and not is_wrapper:
            return cause
    return None


def _causes(error: object, seen: set[int]) -> Iterator[BaseException]:
    if not isinstance(error, BaseException) or id(error) in seen:
        return
    seen.add(id(error))
    yield error
    inner = getattr(error, "reason", None), error.__cause__, error.__context__
    for one in (*error.args, *inner):
        yield from _causes(one, seen)
