"""How a simulated server behaves, as chosen on the command line."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Latency:
    """How long the server takes, in milliseconds."""

    read: float = 0.0
    """Per GET."""
    item: float = 0.0
    """Per listed item."""
    rate: float = 0.0
    """Per write request with a rating."""
    tag: float = 0.0
    """Per write request with edits of tags, fields, locks or playlists."""
    tag_item: float = 0.0
    """Per item of such a request."""


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
    token: str = "owner-token"  # noqa: S105 - opens nothing but the simulator
    shared_token: str = "shared-token"  # noqa: S105 - opens nothing but the simulator
