"""Rows of the record as values: light enough to hold a million of them at once."""

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from functools import cache
from typing import Any, NamedTuple, TypeVar

import numpy as np
from sqlalchemy import Select, bindparam, exists, select

from engine.edits import Edit
from engine.planning.batches import Batch, ItemStates
from engine.rating_scale import Ints, Known
from tasks.record.tables import (
    ConfidenceColumns,
    IntentRow,
    ItemColumns,
    MarkRow,
    ShadowRow,
)

MOST_PARAMETERS = 500
"""Values in one IN list; every database allows 999."""

LATEST_ARRIVAL = 3600.0
"""Seconds after which a write that never showed is not expected any more."""


OfLevel = type[ItemColumns] | type[IntentRow] | type[MarkRow]
"""A table of rows about items."""

Value = TypeVar("Value")


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


UNKNOWN: Known = dict.fromkeys(ConfidenceColumns.__annotations__)
"""Nobody can say how sure a rating is."""


class IntentState(IntEnum):
    """What became of a write so far."""

    OPEN = 0
    """It is being made, or was when its process ended: nobody knows."""
    ACKNOWLEDGED = 1
    """Plex accepted it."""
    IN_DOUBT = 2
    """It was sent, and never answered. It may wait in a queue and arrive when all else
    is done: after it was made again, after another run, even after an undo."""
    CONFIRMED = 3
    """Plex showed it. Of an inferred rating, a shadow takes the place of the intent."""


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


Row = TypeVar("Row", Shadow, Intent, Mark)

IS_IN_DOUBT = IntentRow.state == IntentState.IN_DOUBT

IS_AT_RISK = MarkRow.moods.is_not(None) & exists().where(
    IntentRow.library_id == MarkRow.library_id,
    IntentRow.level == MarkRow.level,
    IntentRow.guid == MarkRow.guid,
)
"""A tag that nobody saw arrive may yet cost an item its moods."""


def intents_of(
    batches: Iterable[Batch], run_id: str, now: float
) -> Iterator[tuple[Intent, Known]]:
    """Yield what a run is about to write, and how sure that is."""
    for batch in batches:
        columns = batch.guid, batch.key.tolist(), batch.before.tolist()
        known = batch.estimates.known()
        for guid, key, before, sure in zip(*columns, known, strict=True):
            held = None if np.isnan(before) else before
            written = held, batch.after, IntentState.OPEN, now
            yield Intent(guid, key, int(batch.phase), run_id, *written), sure


def marks_of(look: ItemStates, keys: Ints, tag: str) -> list[Mark]:
    """Return what some items of a look are like."""
    look = look.take(np.searchsorted(look.key, keys))
    columns = look.guid, look.key, look.has_tag, look.mood_locked, look.rating_locked
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [Mark(guid, key, tag, *facts) for guid, key, *facts in rows]


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


def oldest_expected(now: float) -> float:
    """Return when a write must have been sent to be expected yet, epoch seconds."""
    return now - LATEST_ARRIVAL


def may_have_arrived(intent: Intent, rated_at: int, now: float) -> bool:
    """Return whether a rating of that date, epoch seconds, may be what was sent.

    As long as it may arrive, it may whatever the date: the server's clock may be wrong.
    """
    in_time = rated_at <= intent.since + LATEST_ARRIVAL
    return in_time or intent.since >= oldest_expected(now)


TABLES: dict[type[Shadow | Intent | Mark], OfLevel] = {
    Shadow: ShadowRow,
    Intent: IntentRow,
    Mark: MarkRow,
}


@cache
def select_level(
    kind: type[Shadow | Intent | Mark], *, some: bool
) -> Select[tuple[Any, ...]]:
    """Return what asks for the rows of a library's level, maybe only of some `guids`.

    Building it again takes SQLAlchemy longer than SQLite takes to answer.
    """
    table = TABLES[kind]
    wanted = select(*(getattr(table, name) for name in kind._fields)).where(
        table.library_id == bindparam("library_id"), table.level == bindparam("level")
    )
    if some:
        return wanted.where(table.guid.in_(bindparam("guids", expanding=True)))
    return wanted


def pieces(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Yield values a few hundred at a time."""
    for start in range(0, len(values), MOST_PARAMETERS):
        yield values[start : start + MOST_PARAMETERS]
