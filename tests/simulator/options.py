"""How a simulated server behaves, as chosen on the command line."""

from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True)
class Latency:
    """How long the server takes, in milliseconds."""

    read: float = 0.0
    """Per GET."""
    item: float = 0.0
    """Per listed item."""
    rate: float = 0.0
    """Per write request with a rating."""
    rate_item: float = 0.0
    """Per item of such a request."""
    tag: float = 0.0
    """Per write request with edits of tags, fields or locks."""
    tag_item: float = 0.0
    """Per item of such a request."""

    @classmethod
    def parse(cls, text: str) -> "Latency":
        """Read `read=3,item=0.5,…`.

        Raises:
            ValueError: A name is unknown, or a number is none.
        """
        pairs = dict(part.split("=", 1) for part in text.split(",") if part)
        unknown = set(pairs) - {f.name for f in fields(cls)}
        if unknown:
            raise ValueError(f"unknown latency {', '.join(sorted(unknown))}")
        return cls(**{name: float(value) for name, value in pairs.items()})

    def of_read(self, items: int) -> float:
        """Return the seconds that a GET with so many items takes."""
        return (self.read + self.item * items) / 1000

    def of_write(self, items: int, *, rates: bool, tags: bool) -> float:
        """Return the seconds that a write to so many items takes."""
        rating = self.rate + self.rate_item * items if rates else 0.0
        tagging = self.tag + self.tag_item * items if tags else 0.0
        return (rating + tagging) / 1000


@dataclass(frozen=True, slots=True)
class Options:
    """The habits of one simulated server."""

    latency: Latency = field(default_factory=Latency)
    float_mode: str = "exact"
    """How `userRating` is written: exact, float32 or one-decimal."""
    url_limit: int = 8190
    """Bytes of path and query beyond which the server answers 400."""
    page_cap: int | None = None
    """The most items that the server puts on one page, whatever is asked."""
    ignored_filters: frozenset[str] = frozenset()
    """Names of fields by which the server does not filter, whatever is asked."""
    idle_seconds: float = 60.0
    """How long a connection may wait for its next request."""
    token: str = "owner-token"  # noqa: S105 - opens nothing but the simulator
    shared_token: str = "shared-token"  # noqa: S105 - opens nothing but the simulator
