"""What can go wrong between a client and a server, on order."""

import os
import signal
import threading
import time
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tests.simulator.messages import Answer, Request, html_error

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
GARBAGE = b'<?xml version="1.0"?>\n<MediaContainer size="1"><Track title="no end'


@dataclass(frozen=True, slots=True)
class Match:
    """Which requests a fault meets; what is not given fits every request."""

    method: str | None = None
    path: str = ""
    """A part of the decoded path and query."""
    ratingKeys: tuple[int, ...] = ()  # noqa: N815 - the name that Plex gives it
    """The request names any of these items."""
    from_: int = 0
    """How many fitting requests pass unharmed first."""
    times: int | None = None
    """How many are harmed after that; None: all."""

    @classmethod
    def from_json(cls, rule: dict[str, Any]) -> "Match":
        """Read the `match` part of a rule."""
        renamed = {("from_" if k == "from" else k): v for k, v in rule.items()}
        match = cls(**renamed)
        return replace(match, ratingKeys=tuple(match.ratingKeys))

    def fits(self, request: Request) -> bool:
        """Whether the rule is about a request like this."""
        return (
            self.method in {None, request.method}
            and self.path in request.shown
            and (
                not self.ratingKeys
                or not request.rating_keys.isdisjoint(self.ratingKeys)
            )
        )


@dataclass(slots=True)
class Fault:
    """One rule: which requests go wrong, and how."""

    do: str
    match: Match = field(default_factory=Match)
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

    @classmethod
    def from_json(cls, rule: dict[str, Any]) -> "Fault":
        """Read a rule.

        Raises:
            ValueError: There is no such fault.
        """
        fault = cls(**(rule | {"match": Match.from_json(rule.get("match", {}))}))
        if fault.do not in QUIRKS | BEFORE | AFTER:
            raise ValueError(f"unknown fault {fault.do}")
        if fault.do.startswith("signal") and fault.pid <= 1:
            raise ValueError("a signal must name its process")
        return fault

    def strikes(self, request: Request) -> bool:
        """Count a request and return whether it goes wrong."""
        if not self.match.fits(request):
            return False
        self.met += 1
        number = self.met - self.match.from_
        return number > 0 and (self.match.times is None or number <= self.match.times)

    @property
    def struck(self) -> int:
        """How many requests have gone wrong."""
        beyond = max(0, self.met - self.match.from_)
        return beyond if self.match.times is None else min(beyond, self.match.times)

    def before(self) -> Answer | None:
        """Go wrong before anything is done; an answer ends the matter."""
        match self.do:
            case "status":
                return html_error(self.code)
            case "reset_before":
                return Answer(cut="reset")
            case "timeout_before":
                time.sleep(self.seconds)
                return Answer(cut="reset")
            case "slow":
                time.sleep(self.ms / 1000)
            case "signal_before":
                return self._send_signal(None)
        return None

    def after(self, answer: Answer) -> Answer:
        """Go wrong after everything has been done."""
        match self.do:
            case "timeout_after":
                time.sleep(self.seconds)
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
        faults = [Fault.from_json(rule) for rule in rules]
        with self._lock:
            self._rules = faults

    def strike(self, request: Request) -> list[Fault]:
        """Return the faults that a request meets, and count it."""
        with self._lock:
            return [fault for fault in self._rules if fault.strikes(request)]

    def struck(self) -> int:
        """Return how many times one of the rules has been met by a request."""
        with self._lock:
            return sum(fault.struck for fault in self._rules)

    def as_json(self) -> list[dict[str, Any]]:
        """Return the rules and how often each has been met."""
        with self._lock:
            return [asdict(fault) for fault in self._rules]
