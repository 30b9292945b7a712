"""Does our record still match Plex? Counted, with names, and in one word."""

from dataclasses import dataclass, field

NAMED = 10
"""How many items a list names at most."""


@dataclass
class Finding:
    """One thing that was looked for, and where it was found."""

    means: str
    """What it is and what happens next, in a sentence."""
    count: int = 0
    items: list[str] = field(default_factory=list)
    """The first few of them."""

    def note(self, items: list[str]) -> None:
        """Count items, and keep the names of the first few."""
        self.count += len(items)
        self.items += items[: NAMED - len(self.items)]


class Audit:
    """The record held against Plex; nothing was changed to find out."""

    def __init__(self, library: str) -> None:
        self.library = library
        self.recorded = 0
        """Ratings that our record holds."""
        self.edited = Finding("Changed by you: the next run lets go of them.")
        self.cleared = Finding("Removed by you: the next run rates them again.")
        self.moved = Finding("Under a new key: the next run follows them.")
        self.unfinished = Finding("Unfinished writes: the next run settles them.")
        self.pending = Finding("Changes that a run would make now.")
        self.gone = Finding(
            "Recorded, but not in Plex: deleted, or a drive is missing."
        )
        self.untagged = Finding("Inferred, but without the tag.")
        self.stray = Finding(
            "Tagged, but not recorded: `recover` adopts them, `undo` sweeps them."
        )
        self.not_understood = Finding(
            "Not understood: left out, or taken as unknown; see `doctor`."
        )

    @property
    def findings(self) -> dict[str, Finding]:
        """All that was looked for, by name."""
        return {
            name: value
            for name, value in vars(self).items()
            if isinstance(value, Finding)
        }

    @property
    def verdict(self) -> str:
        """The state of things in one word, or two."""
        if self.gone.count or self.untagged.count or self.stray.count:
            return "ATTENTION"
        differing = self.findings.keys() - {"not_understood"}
        if any(self.findings[name].count for name in differing):
            return "RE-RUN RECOMMENDED"
        return "IN SYNC"
