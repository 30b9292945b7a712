"""The moods of items, until our tag was seen to leave them alone."""

import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sqlalchemy import select, update

from engine.library import Level
from engine.planning.batches import ItemStates
from tasks.record.store import ShadowStore
from tasks.record.tables import MarkRow


class Moods(NamedTuple):
    """What moods an item had before our tag."""

    key: int
    guid: str
    tag: str
    moods: tuple[str, ...]


def record_moods(store: ShadowStore, level: Level, look: ItemStates) -> None:
    """Record the moods of items that are about to be tagged.

    What is on record of an item already stays: it may have lost moods since.
    """
    bearing = np.flatnonzero([len(own) > 0 for own in look.moods])
    with store.database.writing() as session:
        for row in bearing[~look.has_tag[bearing]]:
            session.execute(
                update(MarkRow)
                .where(
                    MarkRow.library_id == store.library_id,
                    MarkRow.level == level,
                    MarkRow.key == int(look.key[row]),
                    MarkRow.moods.is_(None),
                )
                .values(moods=json.dumps(look.moods[row]))
            )


def recorded_moods(store: ShadowStore, level: Level) -> list[Moods]:
    """Return the items of a level that may have lost moods, or may lose them yet."""
    columns = MarkRow.key, MarkRow.guid, MarkRow.tag, MarkRow.moods
    wanted = select(*columns).where(
        MarkRow.library_id == store.library_id,
        MarkRow.level == level,
        MarkRow.moods.is_not(None),
    )
    with store.database.reading() as session:
        return [
            Moods(key, guid, tag, tuple(json.loads(moods)))
            for key, guid, tag, moods in session.execute(wanted)
            if moods is not None
        ]


def drop_moods(store: ShadowStore, level: Level, keys: Sequence[int]) -> None:
    """Drop the moods of items that lose none any more."""
    with store.database.writing() as session:
        session.execute(
            update(MarkRow)
            .where(
                MarkRow.library_id == store.library_id,
                MarkRow.level == level,
                MarkRow.key.in_(keys),
            )
            .values(moods=None)
        )
