"""What a client asks, what it is answered, and the log of both."""

import re
import threading
from dataclasses import asdict, dataclass, field
from email.message import Message
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, unquote_plus, urlsplit

XML = "text/xml;charset=utf-8"
HTML = "text/html"
_NAMED = re.compile(r"/(?:library/metadata|playlists)/([\d,]+)")


class Refusal(Exception):
    """An answer other than 200, given up the stack."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass
class Request:
    """One request of a client, decoded."""

    method: str
    path: str
    pairs: list[tuple[str, str]]
    """The query in its order: decoded names (with operators) and values."""
    headers: Message
    length: int
    """Bytes of the path and query as they came."""
    account: int | None = None
    quirks: set[str] = field(default_factory=set)
    """Ways in which the server shall go wrong with this request."""

    @classmethod
    def parse(cls, method: str, target: str, headers: Message) -> "Request":
        """Decode a request line."""
        parts = urlsplit(target)
        path, pairs = unquote(parts.path), read_query(parts.query)
        return cls(method, path, pairs, headers, len(target))

    def value(self, name: str) -> str | None:
        """Return the first value of a query parameter."""
        return next((value for key, value in self.pairs if key == name), None)

    def option(self, name: str) -> str | None:
        """Return a value that may come in the query or as a header."""
        value = self.value(name)
        return self.headers.get(name) if value is None else value

    def words(self, name: str) -> set[str]:
        """Return the words of a comma-separated parameter."""
        return set((self.value(name) or "").split(",")) - {""}

    @property
    def rating_keys(self) -> set[int]:
        """The ratingKeys that the request names, wherever they stand."""
        named = _NAMED.findall(f"{self.path} {self.value('uri')}")
        named += [self.value("id") or "", self.value("key") or ""]
        texts = ",".join(named).split(",")
        return {int(text) for text in texts if text.isdecimal()}

    @property
    def shown(self) -> str:
        """Path and query in plain text, without the token."""
        kept = [f"{k}={v}" for k, v in self.pairs if k != "X-Plex-Token"]
        return self.path + ("?" + "&".join(kept) if kept else "")


@dataclass
class Answer:
    """One answer, as it shall go over the wire."""

    status: int = 200
    body: bytes = b""
    content_type: str = XML
    headers: dict[str, str] = field(default_factory=dict)
    items: int = 0
    """How many items were listed or written."""
    cut: str = ""
    """`reset`: send nothing and close; `half`: close in the middle of the body."""


def html_error(status: int) -> Answer:
    """Return the page with which a server refuses."""
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        reason = "Unknown Error"
    body = (
        f"<html><head><title>{reason}</title></head>"
        f"<body><h1>{status} {reason}</h1></body></html>"
    )
    headers = {"X-Plex-Protocol": "1.0", "Cache-Control": "no-cache"}
    return Answer(status, body.encode(), HTML, headers)


def read_query(text: str) -> list[tuple[str, str]]:
    """Return the decoded names, with operators, and values of a query.

    >>> read_query("title==x&userRating%3E%3E=7")
    [('title=', 'x'), ('userRating>>', '7')]
    """
    return [_split_pair(part) for part in text.split("&") if part]


def _split_pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    while value.startswith("="):  # `title==x`, where nobody encoded the operator
        name, value = name + "=", value[1:]
    return unquote_plus(name), unquote_plus(value)


@dataclass(slots=True)
class Entry:
    """One request and what became of it."""

    n: int
    method: str
    path: str
    """Decoded path and query, without the token."""
    status: int | None = None
    """None: the client has got no answer (yet)."""
    account: int | None = None
    writes: bool = False
    items: int = 0
    """How many items were listed or written."""


class RequestLog:
    """The requests since the log was last cleared; their numbers go on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self.noted = 0
        """The number of the latest request."""

    def begin(self, request: Request) -> Entry:
        """Note a request that has just come."""
        writes = request.method != "GET"
        with self._lock:
            self.noted += 1
            entry = Entry(self.noted, request.method, request.shown, writes=writes)
            self._entries.append(entry)
        return entry

    def clear(self) -> None:
        """Forget the requests so far."""
        with self._lock:
            self._entries.clear()

    def entries(self) -> list[Entry]:
        """Return the requests."""
        with self._lock:
            return list(self._entries)

    def as_json(self) -> list[dict[str, Any]]:
        """Return the requests as the control side hands them out."""
        return [asdict(entry) for entry in self.entries()]

    def counts(self) -> dict[str, int]:
        """Return how many reads and writes came, and what the writes reached."""
        with self._lock:
            writes = [entry for entry in self._entries if entry.writes]
            return {
                "reads": len(self._entries) - len(writes),
                "writes": len(writes),
                "items_written": sum(entry.items for entry in writes),
            }
