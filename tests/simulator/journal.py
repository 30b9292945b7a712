"""What changed on a server: in which order, by whose doing."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One change of state."""

    n: int
    ratingKey: int | None  # noqa: N815 - the name that Plex gives it
    what: str
    before: Any
    after: Any
    request: int | None
    """Number of the client's request in the log; None: not a client's doing."""
    account: int | None = None


class Journal:
    """Every change of the library, in the order in which it happened."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.request: int | None = None
        """The client's request under way; writes are serialised."""

    def note(
        self,
        key: int | None,
        what: str,
        before: Any,
        after: Any,
        account: int | None = None,
    ) -> None:
        """Write one change down."""
        number = len(self.changes) + 1
        change = Change(number, key, what, before, after, self.request, account)
        self.changes.append(change)
