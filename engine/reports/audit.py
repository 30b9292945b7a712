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


@dataclass
class Audit:
    """The record compared with Plex; nothing was changed to find out."""

    library: str
    recorded: int = 0
    """Ratings that our record holds."""
    edited: Finding = field(
        default_factory=lambda: Finding("Changed by you: the next run lets go of them.")
    )
    cleared: Finding = field(
        default_factory=lambda: Finding(
            "Removed by you: the next run rates them again."
        )
    )
    moved: Finding = field(
        default_factory=lambda: Finding("Under a new key: the next run follows them.")
    )
    unfinished: Finding = field(
        default_factory=lambda: Finding("Unfinished writes: the next run settles them.")
    )
    pending: Finding = field(
        default_factory=lambda: Finding("Changes that a run would make now.")
    )
    gone: Finding = field(
        default_factory=lambda: Finding(
            "Recorded, but not in Plex: deleted, or a drive is missing."
        )
    )
    untagged: Finding = field(
        default_factory=lambda: Finding("Inferred, but without the tag.")
    )
    stray: Finding = field(
        default_factory=lambda: Finding(
            "Tagged, but not recorded: `recover` adopts them, `undo` sweeps them."
        )
    )
    looks_ours: Finding = field(
        default_factory=lambda: Finding(
            "No half stars, and not recorded: `recover` asks whose they are."
        )
    )
    not_understood: Finding = field(
        default_factory=lambda: Finding(
            "Not understood: left out, or taken as unknown; see `doctor`."
        )
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
        differing = self.findings.keys() - {"not_understood", "looks_ours"}
        if any(self.findings[name].count for name in differing):
            return "RE-RUN RECOMMENDED"
        return "IN SYNC"
