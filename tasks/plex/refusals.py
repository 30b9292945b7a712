"""What plexapi and requests complain of, in our own words and without a token."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from xml.etree.ElementTree import ParseError

import requests
from plexapi.exceptions import BadRequest, NotFound, Unauthorized
from urllib3.exceptions import HTTPError

from engine.errors import (
    NotThere,
    PlexError,
    PlexRefused,
    PlexUnreachable,
    RequestTooLong,
)
from tasks.configfile import ARTICLE

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


TOO_LONG = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.REQUEST_URI_TOO_LONG,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
}
"""What servers and proxies answer to a long request; Plex says 400."""


@contextmanager
def translated(doing: str) -> Iterator[None]:
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
    except requests.exceptions.InvalidURL:
        raise PlexRefused(f"PLEX_URL is not an address, when {doing}.") from None
    except requests.exceptions.SSLError as fault:
        raise _by_trust(fault, doing) from None
    except requests.Timeout:
        raise PlexUnreachable(f"Plex did not answer in time when {doing}.") from None
    except UNUSABLE as fault:
        # plexapi raises TypeError for a status that requests has no name for,
        # AttributeError for an empty answer where it expects one, and ValueError
        # for a word where it expects a number.
        raise PlexUnreachable(
            f"Plex gave no usable answer ({type(fault).__name__}) when {doing}."
        ) from None


def _by_status(refusal: BadRequest, doing: str) -> PlexRefused | PlexUnreachable:
    status = re.match(r"\((\d+)\)", str(refusal))
    code = int(status[1]) if status else 0
    busy = code == HTTPStatus.TOO_MANY_REQUESTS
    if busy or code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return PlexUnreachable(f"Plex is busy ({code}) when {doing}.")
    said = f"Plex refused ({code or 'no status'}) when {doing}."
    return RequestTooLong(said) if code in TOO_LONG else PlexRefused(said)


def _by_trust(fault: requests.exceptions.SSLError, doing: str) -> PlexError:
    why = re.search(r"certificate verify failed: ([^(]+)", str(fault))
    if why is None:
        return PlexUnreachable(
            f"The encrypted connection broke off when {doing}. "
            "Does the server speak https there?"
        )
    return PlexRefused(
        f"The server's certificate is not trusted when {doing}: "
        f"{why[1].strip(' .')}. If it is your own, or of an authority of your own, "
        "enter the path of that certificate (PEM) as CA_FILE. If it is made out to "
        "another name, use that name in PLEX_URL."
    )
