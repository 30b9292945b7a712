"""Values that tests of the tasks are made of, told in a few words."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy import select

from engine.classic import Phase
from engine.library import Identity, Level
from engine.planning.batches import Batch, ItemStates
from engine.rating_scale import Estimates, Known
from tasks.config.settings import Settings
from tasks.plex.parsing import texts
from tasks.record.rows import Shadow
from tasks.record.store import ShadowStore
from tasks.record.tables import ConfidenceColumns, IntentRow, ShadowRow
from tests.simulator.process import Simulator

HIDDEN = "s3same-0pen"
"""A token, or a password, that must never be shown."""
ENOUGH = {"PLEX_URL": "http://host:32400", "PLEX_TOKEN": HIDDEN}
"""The least that a configuration must say."""
MINE = Identity("server", "uuid", "1", "Music")


def settings_of(plex: Simulator, **wishes: Any) -> Settings:
    """Return the settings for a simulator, quick to lose patience."""
    known = {"plex_url": plex.url, "plex_token": plex.token, "timeout": 5}
    return Settings(**(known | wishes))


def look_at(*guids: str, first: int = 1, **columns: Any) -> ItemStates:
    """Return a look at items numbered from `first`: unrated, untagged, unlocked.

    A column may be one value for all items, or one for each.
    """
    count = len(guids)
    plain = ItemStates(
        key=np.arange(first, first + count),
        guid=texts(guids),
        rating=np.full(count, np.nan),
        rated_at=np.zeros(count, np.int64),
        mood_locked=np.zeros(count, np.bool_),
        rating_locked=np.zeros(count, np.bool_),
        has_tag=np.zeros(count, np.bool_),
        moods=np.full(count, None),
    )
    wide = {k: np.broadcast_to(np.array(v), (count,)) for k, v in columns.items()}
    return replace(plain, **wide)


def batch_of(look: ItemStates, after: float, phase: Phase = Phase.TRACK_DOWN) -> Batch:
    """Return the request that gives all that was looked at one rating."""
    return Batch(
        phase=phase,
        after=after,
        rating_locked=bool(look.rating_locked[0]),
        key=look.key,
        guid=look.guid,
        planned=look.key,
        before=look.rating,
        rated_until=0,
        estimates=Estimates.plain(look.rating, np.ones(len(look.key), np.int64)),
    )


def shadow(guid: str, value: float, **facts: Any) -> Shadow:
    """Return a rating of ours as it is recorded."""
    known = {"key": 1, "phase": Phase.TRACK_DOWN, "run_id": "run 1", "seen_at": 50}
    known |= {"written_at": 40.0, "fingerprint": f"print of {guid[:9]}"}
    return Shadow(guid=guid, value=value, **(known | facts))


def item_in(plex: Simulator, key: int) -> dict[str, Any]:
    """Return all that a simulator knows of an item."""
    return items_in(plex)[key]


def items_in(plex: Simulator) -> dict[int, dict[str, Any]]:
    """Return all that a simulator knows, by ratingKey."""
    dump = plex.dump()
    everything = dump["artists"] + dump["albums"] + dump["tracks"]
    return {item["ratingKey"]: item for item in everything}


def told_of(plex: Simulator, keys: Iterable[int], name: str) -> list[Any]:
    """Return one thing that a simulator knows of each of some items."""
    known = items_in(plex)
    return [known[key][name] for key in keys]


def sure_of(
    store: ShadowStore, table: type[IntentRow] | type[ShadowRow]
) -> list[Known]:
    """Return how sure the recorded ratings of tracks are, as it stands there."""
    with store.database.reading() as connection:
        rows = connection.execute(select(table).where(table.level == Level.TRACK)).all()
    return [
        {name: getattr(row, name) for name in ConfidenceColumns.__annotations__}
        for row in rows
    ]
