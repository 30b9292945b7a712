"""Rows of the record as values: light enough to hold a million of them at once."""

from typing import NamedTuple


class Shadow(NamedTuple):
    """A rating in Plex that is ours."""

    guid: str
    key: int
    phase: int
    run_id: str
    value: float
    written_at: float
    seen_at: int
    fingerprint: str


class Intent(NamedTuple):
    """A rating that we promised to write and have not yet seen in Plex."""

    guid: str
    key: int
    phase: int
    run_id: str
    before: float | None
    after: float
    promised_at: float
    acknowledged_at: float | None


class Mark(NamedTuple):
    """What an item's tags and locks were before our first write to it."""

    guid: str
    key: int
    tag: str
    had_tag: bool
    mood_locked: bool
    rating_locked: bool
