"""Rows of the record as values: light enough to hold a million of them at once."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from engine.edits import Edit
from engine.planning.batches import Batch

IntentValues = dict[str, int | str | float | None]
"""A row about a rating that is about to be written, by column."""


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
    """A rating that we are writing and have not yet seen in Plex."""

    guid: str
    key: int
    phase: int
    run_id: str
    before: float | None
    after: float
    intended_at: float
    acknowledged_at: float | None


class InDoubtWrite(NamedTuple):
    """A write that was sent, of which nobody heard, and which may arrive yet."""

    guid: str
    key: int
    phase: int
    run_id: str
    value: float | None
    """None: it would only give the tag."""
    sent_at: float


class Mark(NamedTuple):
    """What an item's tags and locks were before our first write to it."""

    guid: str
    key: int
    tag: str
    had_tag: bool
    mood_locked: bool
    rating_locked: bool


def sent_of(batch: Batch, run_id: str, now: float) -> list[InDoubtWrite]:
    """Return what may arrive of a batch that was sent, and not answered."""
    phase, items = int(batch.phase), zip(batch.guid, batch.key.tolist(), strict=True)
    return [InDoubtWrite(*item, phase, run_id, batch.after, now) for item in items]


def tags_sent(
    edit: Edit, guids: Iterable[str], run_id: str, now: float
) -> list[InDoubtWrite]:
    """Return what may arrive of tags that were sent, and not answered."""
    items = zip(guids, edit.key.tolist(), strict=True)
    return [InDoubtWrite(*item, 0, run_id, None, now) for item in items]


def intent_values_of(
    batches: Sequence[Batch], run_id: str, now: float
) -> Iterator[tuple[str, IntentValues]]:
    """Yield by guid what a run is about to write, and how sure that is."""
    for batch in batches:
        columns = batch.guid, batch.key.tolist(), batch.before.tolist()
        known = batch.estimates.known()
        for guid, key, before, sure in zip(*columns, known, strict=True):
            yield (
                guid,
                {
                    "key": key,
                    "phase": int(batch.phase),
                    "run_id": run_id,
                    "before": None if np.isnan(before) else before,
                    "after": batch.after,
                    "intended_at": now,
                    **sure,
                },
            )
