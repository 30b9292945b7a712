"""What can go wrong between a client and a server, on order."""

import os
import signal
import threading
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tests.simulator.messages import Answer, Request, html_error
from tests.simulator.world import Clock

QUIRKS = {
    "short_page",
    "changing_total",
    "duplicate_page",
    "ignore_batch_rating",
    "replace_tags",
    "lock_fields",
    "first_id_only",
    "ignore_guard",
}
"""The server does the right thing wrongly."""
BEFORE = {"status", "timeout_before", "reset_before", "slow", "signal_before"}
AFTER = {
    "timeout_after",
    "reset_after",
    "half_response",
    "garbage_xml",
    "signal_after",
}
MATCHES = {"method", "path", "ratingKeys", "from", "times"}
GARBAGE = b'<?xml version="1.0"?>\n<MediaContainer size="1"><Track title="no end'


@dataclass(slots=True)
class Fault:
    """One rule: which requests go wrong, and how.

    Raises:
        ValueError: There is no such fault.
    """

    do: str
    match: dict[str, Any] = field(default_factory=dict)
    """Which requests: by `method`, by a part of the decoded `path` and query, by any
    of the `ratingKeys` that they name. The first `from` of them pass unharmed, the
    next `times` are harmed. What is not given fits every request."""
    code: int = 500
    """Of `status`."""
    seconds: float = 30.0
    """Of the timeouts: how long the connection hangs before it is closed."""
    ms: float = 0.0
    """Of `slow`: how much longer the answer takes."""
    pid: int = 0
    """Of the signals: which process gets it, instead of the network's doing."""
    signum: int = signal.SIGKILL
    """Of the signals: which."""
    met: int = 0
    """How many fitting requests have come."""

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if self.do not in QUIRKS | BEFORE | AFTER or not self.match.keys() <= MATCHES:
            raise ValueError(f"unknown fault {self.do} {self.match}")
        if self.do.startswith("signal") and self.pid <= 1:
            raise ValueError("a signal must name its process")

    def strikes(self, request: Request) -> bool:
        """Count a request and return whether it goes wrong."""
        if not self._fits(request):
            return False
        before = self.struck
        self.met += 1
        return self.struck > before

    @property
    def struck(self) -> int:
        """How many requests have gone wrong."""
        beyond = max(0, self.met - self.match.get("from", 0))
        times = self.match.get("times")
        return beyond if times is None else min(beyond, times)

    def before(self, clock: Clock) -> Answer | None:
        """Go wrong before anything is done; an answer ends the matter."""
        match self.do:
            case "status":
                return html_error(self.code)
            case "reset_before":
                return Answer(cut="reset")
            case "timeout_before":
                clock.sleep(self.seconds)
                return Answer(cut="reset")
            case "slow":
                clock.sleep(self.ms / 1000)
            case "signal_before":
                return self._send_signal(None)
        return None

    def after(self, clock: Clock, answer: Answer) -> Answer:
        """Go wrong after everything has been done."""
        match self.do:
            case "timeout_after":
                clock.sleep(self.seconds)
                return replace(answer, cut="reset")
            case "reset_after":
                return replace(answer, cut="reset")
            case "half_response":
                return replace(answer, cut="half")
            case "garbage_xml":
                return replace(answer, body=GARBAGE)
            case "signal_after":
                return self._send_signal(answer) or answer
        return answer

    def _fits(self, request: Request) -> bool:
        method, keys = self.match.get("method"), self.match.get("ratingKeys")
        return (
            method in {None, request.method}
            and self.match.get("path", "") in request.shown
            and (not keys or not request.rating_keys.isdisjoint(keys))
        )

    def _send_signal(self, answer: Answer | None) -> Answer | None:
        """Send it, and let the matter take its course unless that was the end."""
        os.kill(self.pid, self.signum)
        return Answer(cut="reset") if self.signum == signal.SIGKILL else answer


class Faults:
    """The rules that hold now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Fault] = []

    def set(self, rules: list[dict[str, Any]]) -> None:
        """Replace the rules."""
        faults = [Fault(**rule) for rule in rules]
        with self._lock:
            self._rules = faults

    def strike(self, request: Request) -> list[Fault]:
        """Return the faults that a request meets, and count it."""
        with self._lock:
            return [fault for fault in self._rules if fault.strikes(request)]

    def struck(self, skip: int = 0) -> int:
        """Return how many requests have met rules, other than the first ones."""
        with self._lock:
            return sum(fault.struck for fault in self._rules[skip:])

    def as_json(self) -> list[dict[str, Any]]:
        """Return the rules and how often each has been met."""
        with self._lock:
            return [asdict(fault) for fault in self._rules]
