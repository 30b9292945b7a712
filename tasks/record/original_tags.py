"""What items were like before our first write to them: how undo leaves them."""

import numpy as np
from sqlalchemy import delete, exists, insert, select
from sqlalchemy.orm import Session

from engine.library import Level
from engine.planning.batches import ItemStates
from engine.rating_scale import Ints
from tasks.record.tables import IntentRow, MarkRow

IS_AT_RISK = MarkRow.moods.is_not(None) & exists().where(
    IntentRow.library_id == MarkRow.library_id,
    IntentRow.level == MarkRow.level,
    IntentRow.guid == MarkRow.guid,
)
"""A tag that nobody saw arrive may yet cost an item its moods."""


def mark(
    session: Session, library_id: int, level: Level, look: ItemStates, tag: str
) -> None:
    """Note what items are like before our first write, and before our first tag."""
    here = (
        MarkRow.library_id == library_id,
        MarkRow.level == level,
        MarkRow.key.in_(look.key.tolist()),
    )
    if tag:
        session.execute(delete(MarkRow).where(*here, MarkRow.tag == ""))
    known = session.scalars(select(MarkRow.key).where(*here)).all()
    fresh = np.setdiff1d(look.key, np.array(known, np.int64))
    if len(fresh):
        session.execute(insert(MarkRow), marks_of(library_id, level, look, fresh, tag))


def marks_of(
    library_id: int, level: Level, look: ItemStates, keys: Ints, tag: str
) -> list[dict[str, int | str | bool]]:
    """Return rows that tell what some items of a look are like."""
    rows = np.searchsorted(look.key, keys)
    return [
        {
            "library_id": library_id,
            "level": int(level),
            "guid": look.guid[row],
            "key": int(look.key[row]),
            "tag": tag,
            "had_tag": bool(look.has_tag[row]),
            "mood_locked": bool(look.mood_locked[row]),
            "rating_locked": bool(look.rating_locked[row]),
        }
        for row in rows
    ]
