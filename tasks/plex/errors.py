"""What plexapi and requests complain of, in our own words and without a token."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from xml.etree.ElementTree import ParseError

import requests
from plexapi.exceptions import BadRequest, NotFound, Unauthorized
from urllib3.exceptions import HTTPError, LocationParseError

from engine.errors import (
    NotThere,
    PlexRefused,
    PlexUnreachable,
    RequestTooLong,
)
from tasks.config.config_file import ARTICLE
from tasks.plex.connection_errors import connection_error

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
"""What comes up when an answer, or the address itself, cannot be made sense of."""

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
        raise _by_address(error, doing) from None
    except requests.Timeout:
        raise PlexUnreachable(f"Plex did not answer in time when {doing}.") from None
    except requests.ConnectionError as error:
        raise connection_error(error, doing) from None
    except UNUSABLE as error:
        # plexapi raises TypeError for a status that requests has no name for,
        # AttributeError for an empty answer where it expects one, and ValueError
        # for a word where it expects a number.
        raise PlexUnreachable(
            f"Plex gave no usable answer ({type(error).__name__}) when {doing}."
        ) from None


def _by_status(refusal: BadRequest, doing: str) -> PlexRefused | PlexUnreachable:
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


def _by_address(error: Exception, doing: str) -> PlexRefused:
    if isinstance(error, BAD_PROXY):
        return PlexRefused(
            "The proxy of the environment (HTTP_PROXY, HTTPS_PROXY) is not an address "
            f"that can be used while {doing}. Correct it there."
        )
    return PlexRefused(f"PLEX_URL is not an address, while {doing}.")
