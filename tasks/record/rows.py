"""Rows of the record as values: light enough to hold a million of them at once."""

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from functools import cache
from typing import Any, NamedTuple, TypeVar

import numpy as np
from sqlalchemy import Select, bindparam, select

from engine.edits import Edit
from engine.planning.batches import Batch
from tasks.record.tables import Base

MOST_PARAMETERS = 500
"""Values in one IN list; every database allows 999."""

Value = TypeVar("Value")


@cache
def select_level(
    table: str, names: tuple[str, ...], *, some: bool
) -> Select[tuple[Any, ...]]:
    """Return what asks for the rows of a library's level, maybe only for some guids.

    Building it again takes SQLAlchemy longer than SQLite takes to answer.

    Args:
        table: Its name.
        names: The columns.
        some: Whether only `guids` are wanted, beside `library_id` and `level`.
    """
    columns = Base.metadata.tables[table].c
    wanted = select(*(columns[name] for name in names)).where(
        columns.library_id == bindparam("library_id"),
        columns.level == bindparam("level"),
    )
    if some:
        return wanted.where(columns.guid.in_(bindparam("guids", expanding=True)))
    return wanted


def pieces(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Yield values a few hundred at a time."""
    for start in range(0, len(values), MOST_PARAMETERS):
        yield values[start : start + MOST_PARAMETERS]


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


class IntentState(IntEnum):
    """What became of a write so far."""

    OPEN = 0
    """It is being made, or was when its process ended: nobody knows."""
    ACKNOWLEDGED = 1
    """Plex accepted it."""
    IN_DOUBT = 2
    """It was sent, and never answered. It may wait in a queue and arrive when all else
    is done: after it was made again, after another run, even after an undo."""


class Intent(NamedTuple):
    """A write that we make and have not yet seen in Plex."""

    guid: str
    key: int
    phase: int
    run_id: str
    before: float | None
    after: float | None
    """Points; None: only the tag was sent."""
    state: int
    since: float


class Mark(NamedTuple):
    """What an item's tags and locks were before our first write to it."""

    guid: str
    key: int
    tag: str
    had_tag: bool
    mood_locked: bool
    rating_locked: bool


def in_doubt(batch: Batch, run_id: str, now: float) -> list[Intent]:
    """Return what may arrive of a batch that was sent, and not answered."""
    phase, items = int(batch.phase), zip(batch.guid, batch.key.tolist(), strict=True)
    state = IntentState.IN_DOUBT
    return [
        Intent(*item, phase, run_id, None, batch.after, state, now) for item in items
    ]


def tags_in_doubt(
    edit: Edit, guids: Iterable[str], run_id: str, now: float
) -> list[Intent]:
    """Return what may arrive of tags that were sent, and not answered."""
    items = zip(guids, edit.key.tolist(), strict=True)
    state = IntentState.IN_DOUBT
    return [Intent(*item, 0, run_id, None, None, state, now) for item in items]


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
                    "state": IntentState.OPEN,
                    "since": now,
                    **sure,
                },
            )
