"""What a server sends that nobody expects: attributes of nonsense, missing parents."""

from dataclasses import dataclass, field


@dataclass
class Oddities:
    """Which items are odd, and how; by ratingKey."""

    attributes: dict[int, dict[str, str | None]] = field(default_factory=dict)
    """What the server sends instead of an item's own; None: it leaves that out."""
    unlisted: set[int] = field(default_factory=set)
    """Items that no listing shows, though their own pages exist."""

    def forget_rating(self, key: int) -> None:
        """Send a new rating of an item as it is."""
        for name in ("userRating", "lastRatedAt"):
            self.attributes.get(key, {}).pop(name, None)

    def follow(self, before: int, after: int) -> None:
        """Let an item with a new key be as odd as it was."""
        if before in self.attributes:
            self.attributes[after] = self.attributes.pop(before)
        if before in self.unlisted:
            self.unlisted.remove(before)
            self.unlisted.add(after)
