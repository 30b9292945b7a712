"""Every change of the library, in the order in which it happened."""

from dataclasses import asdict, dataclass
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
    """The changes so far."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.request: int | None = None
        """The client's request under way; writes are serialised."""
        self.noted = 0

    def note(
        self,
        key: int | None,
        what: str,
        before: Any,
        after: Any,
        account: int | None = None,
    ) -> None:
        """Write one change down."""
        self.noted += 1
        change = Change(self.noted, key, what, before, after, self.request, account)
        self.changes.append(change)

    def as_json(self) -> list[dict[str, Any]]:
        """Return the changes as the control side hands them out."""
        return [asdict(change) for change in self.changes]
