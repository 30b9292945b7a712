"""Every request of the clients, in the order in which they came."""

import threading
from dataclasses import asdict, dataclass
from typing import Any

from tests.simulator.messages import Request


@dataclass(slots=True)
class Entry:
    """One request and what became of it."""

    n: int
    method: str
    path: str
    """Decoded path and query, without the token."""
    status: int | None = None
    """None: the client has got no answer (yet)."""
    milliseconds: float | None = None
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
        writes = request.method != "GET" or request.path == "/:/rate"
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
