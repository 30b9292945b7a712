"""Answers of a server: read to their end in bounded space, and known for Plex's."""

import re
import sys

import plexapi.utils as parsing
import requests

from engine.errors import PlexRefused, PlexUnusable
from tasks.config.redaction import redact_url

ILLEGAL = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
"""The characters that no XML document may hold, as a range of a pattern."""

MAX_DIGITS = 7
"""Digits of the highest character there is."""

_SUSPECT = re.compile(f"[{ILLEGAL}]|&#(?:0*([0-9]+)|x0*([0-9a-fA-F]+));")


def without_illegal(text: str) -> str:
    """Return XML without illegal characters, written out or as a reference.

    >>> without_illegal("A&#4;B &#x1F;C&#233;")
    'AB C&#233;'
    """
    return _SUSPECT.sub(lambda match: match[0] if _is_legal(match) else "", text)


def _is_legal(match: re.Match[str]) -> bool:
    digits = match[1] or match[2]
    if not digits or len(digits) > MAX_DIGITS:
        return False
    code = int(digits, 10 if match[1] else 16)
    return code <= sys.maxunicode and not re.match(f"[{ILLEGAL}]", chr(code))


def tolerate_illegal_characters() -> None:
    """Have plexapi leave out what XML forbids where an answer cannot be parsed.

    Its own cleaning leaves references such as `&#4;` as they are.
    """
    vars(parsing)["cleanXMLString"] = without_illegal


MAX_ANSWER = 64 * 1024 * 1024
"""Bytes of a decoded answer; a page of a thousand items takes about one million."""

MAX_MARKS = 1_000_000
"""Elements and attributes of an answer; a parser spends a hundred bytes on each."""

CHUNK = 256 * 1024
"""Bytes of an answer that are read at a time."""


def read_answer(response: requests.Response) -> None:
    """Read an answer to its end.

    Raises:
        PlexUnusable: It is larger than any answer of Plex.
    """
    content = bytearray()
    for chunk in response.iter_content(CHUNK):
        content += chunk
        if len(content) > MAX_ANSWER:
            response.close()
            raise _too_large(response, f"{MAX_ANSWER >> 20} MiB")
    if content.count(b"<") + content.count(b"=") > MAX_MARKS:
        raise _too_large(response, f"{MAX_MARKS:,} elements and attributes")
    response._content = bytes(content)  # noqa: SLF001 (requests has no other way)
    if "charset" not in response.headers.get("Content-Type", "").lower():
        response.encoding = "utf-8"  # as XML has it; to guess takes very long


def refuse_web_page(response: requests.Response) -> None:
    """Refuse what was asked for and is no XML, such as a proxy's login page.

    Raises:
        PlexRefused: It is a web page, or made for some other program.
    """
    begin = response.content[:500].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    is_page = b"<html" in begin or b"<!doctype html" in begin
    is_xml = begin.startswith(b"<") and not is_page
    if response.ok and response.request.method == "GET" and begin and not is_xml:
        what = "a web page" if is_page else "something else"
        raise not_a_plex(
            redact_url(response.url),
            f"{what} is there, such as the login of a proxy",
        )


def not_a_plex(address: str, why: str) -> PlexRefused:
    """Return the refusal of a server that is none of Plex."""
    return PlexRefused(
        f"No Plex answers at {address}: {why}. Check host and port in PLEX_URL."
    )


def path_of(request: requests.PreparedRequest) -> str:
    """Return what was asked, as far as it may be shown."""
    return f"{request.method} {request.path_url.partition('?')[0][:80]}"


def _too_large(response: requests.Response, limit: str) -> PlexUnusable:
    return PlexUnusable(
        f"Plex sent more than {limit} in one answer to {path_of(response.request)}. "
        "Does PLEX_URL lead to a Plex server?"
    )
