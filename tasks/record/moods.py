"""The moods of items, until our tag was seen to leave them alone."""

import json
from collections.abc import Sequence
from typing import NamedTuple

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
    here = *store.here(MarkRow, level), MarkRow.moods.is_(None)
    with store.database.writing() as session:
        rows = zip(look.key.tolist(), look.moods, look.has_tag, strict=True)
        for key, moods, has_tag in rows:
            if len(moods) and not has_tag:
                recorded = update(MarkRow).where(*here, MarkRow.key == key)
                session.execute(recorded.values(moods=json.dumps(moods)))


def recorded_moods(store: ShadowStore, level: Level) -> list[Moods]:
    """Return the items of a level that may have lost moods, or may lose them yet."""
    wanted = select(MarkRow.key, MarkRow.guid, MarkRow.tag, MarkRow.moods).where(
        *store.here(MarkRow, level), MarkRow.moods.is_not(None)
    )
    with store.database.reading() as session:
        return [
            Moods(key, guid, tag, tuple(json.loads(str(moods))))
            for key, guid, tag, moods in session.execute(wanted)
        ]


def drop_moods(store: ShadowStore, level: Level, keys: Sequence[int]) -> None:
    """Drop the moods of items that lose none any more."""
    here = *store.here(MarkRow, level), MarkRow.key.in_(keys)
    with store.database.writing() as session:
        session.execute(update(MarkRow).where(*here).values(moods=None))
