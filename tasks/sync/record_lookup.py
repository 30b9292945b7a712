"""What is on record of items, laid out beside them: what we know of each rating."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np

from engine.edits import Edit
from engine.library import Items, Level, Library
from engine.ownership import Owner, RecordView, owners
from engine.planning.batches import Batch, ItemStates
from engine.rating_scale import Ints, Texts, rounded, same
from engine.rename_detection import Move, Name, moves
from tasks.plex.client import PlexGateway
from tasks.record.rows import (
    Intent,
    IntentState,
    Shadow,
    in_doubt,
    may_have_arrived,
    tags_in_doubt,
)
from tasks.record.store import ShadowStore
from tasks.runtime.context import RunContext

Row = TypeVar("Row", Shadow, Intent)


@dataclass(frozen=True)
class Recorded:
    """What is on record of some items of one level."""

    shadows: Sequence[Shadow] = ()
    intents: Sequence[Intent] = ()
    now: float = 0.0
    """Epoch seconds; what was sent long before does not arrive any more."""

    @cached_property
    def expected(self) -> list[Intent]:
        """What was intended last, one of a guid at most."""
        return [one for one in self.intents if one.state != IntentState.IN_DOUBT]

    @cached_property
    def guids(self) -> set[str]:
        """Of what is ours, or was intended to be."""
        shadows = {row.guid for row in self.shadows}
        return shadows | {row.guid for row in self.expected}

    @cached_property
    def in_doubt(self) -> list[Intent]:
        """What may arrive beside it, or has."""
        return [one for one in self.intents if one.state == IntentState.IN_DOUBT]


def recorded(
    store: ShadowStore, level: Level, guids: Collection[str] | None = None
) -> Recorded:
    """Return what is on record of items with these guids, or of all of a level."""
    some = None if guids is None else sorted(guids)
    shadows, intents = store.shadows(level, some), store.intents(level, some)
    return Recorded(shadows, intents, store.machine.now())


def record_in_doubt(context: RunContext, batch: Batch) -> None:
    """Record what may arrive yet of ratings that were sent, and not answered."""
    sent = in_doubt(batch, context.run_id, context.machine.now())
    context.store.record_in_doubt(batch.phase.level, sent)


def record_tag_in_doubt(context: RunContext, edit: Edit, look: ItemStates) -> None:
    """Record what may arrive yet of a tag that was sent, and not answered."""
    guids = look.guid[np.isin(look.key, edit.key)]
    sent = tags_in_doubt(edit, guids, context.run_id, context.machine.now())
    context.store.record_in_doubt(edit.level, sent)


def unlisted(
    gateway: PlexGateway, library: Library, level: Level, names: Collection[Name]
) -> Items:
    """Return those recorded items that no listing shows, though they have a page.

    They are looked for by their keys, and among the parents that listed items name:
    they may have got another key. Where all is listed, that costs no request.
    """
    listed = set(library.listed(level).key.tolist())
    guid_of = {name.key: name.guid for name in names if name.key not in listed}
    lost = set(guid_of.values()) - set(library.listed(level).guid)
    parents = set(_parents(library, level).tolist()) - listed if lost else set()
    keys = np.array(sorted(guid_of.keys() | parents), np.int64)
    found = gateway.items_by_key(level, keys)
    pairs = zip(found.key.tolist(), found.guid, strict=True)
    is_meant = [guid_of.get(key) == guid or guid in lost for key, guid in pairs]
    return found.take(np.flatnonzero(is_meant))


def _parents(library: Library, level: Level) -> Ints:
    """Return the keys of hidden items of a level that others name as their parents."""
    below = library.left_out.get(Level(level + 1)) if level < Level.TRACK else None
    return np.empty(0, np.int64) if below is None else below.parent[below.parent >= 0]


def record_view_of(items: Items | ItemStates, known: Recorded) -> RecordView:
    """Lay out what is on record beside the items that it is about.

    Where Plex shows what a write in doubt would write, and nothing else explains it,
    the write has arrived, and that is what is known of the item.
    """
    record_view, late = _without_in_doubt(items.guid, known), arrivals(items, known)
    rows = np.array(list(late), np.int64)
    record_view.value[rows] = rounded(items.rating[rows])
    record_view.seen_at[rows] = items.rated_at[rows]
    record_view.unconfirmed[rows] = False
    return record_view


def arrivals(items: Items | ItemStates, known: Recorded) -> dict[int, Intent]:
    """Return, by row, the writes in doubt that alone explain a rating."""
    if not known.in_doubt:
        return {}
    record_view = _without_in_doubt(items.guid, known)
    owner = owners(items.rating, items.rated_at, record_view)
    # What Plex had accepted, and does not show any more, something came over.
    strange = (owner == Owner.UNWRITTEN) & record_view.arrived
    strange |= np.isin(owner, (Owner.PERSON, Owner.TAKEN_OVER))
    rows_of: dict[str, list[int]] = {}
    for row in np.flatnonzero(strange):
        rows_of.setdefault(items.guid[row], []).append(int(row))
    return {
        row: sent
        for sent in known.in_doubt
        for row in rows_of.get(sent.guid, [])
        if sent.after is not None
        and may_have_arrived(sent, int(items.rated_at[row]), known.now)
        and same(items.rating[[row]], np.array([sent.after])).all()
    }


def _without_in_doubt(guids: Texts, known: Recorded) -> RecordView:
    shadows, intents = known.shadows, known.expected
    record_view = RecordView.blank(len(guids))
    rows, at = _met(guids, shadows)
    value = np.array([shadow.value for shadow in shadows], float)
    seen_at = np.array([shadow.seen_at for shadow in shadows], int)
    record_view.value[rows], record_view.seen_at[rows] = value[at], seen_at[at]
    rows, at = _met(guids, intents)
    before = [np.nan if one.before is None else one.before for one in intents]
    arrived = [one.state == IntentState.ACKNOWLEDGED for one in intents]
    record_view.value[rows] = np.array([one.after for one in intents], float)[at]
    record_view.before[rows] = np.array(before, float)[at]
    record_view.arrived[rows] = np.array(arrived, bool)[at]
    record_view.unconfirmed[rows] = True
    return record_view


def _met(guids: Texts, recorded: Sequence[Shadow | Intent]) -> tuple[Ints, Ints]:
    """Return the rows of items that are recorded, and where in the record each is."""
    place = {one.guid: at for at, one in enumerate(recorded)}
    found = np.fromiter((place.get(g, -1) for g in guids), np.int64, len(guids))
    rows = np.flatnonzero(found >= 0)
    return rows, found[rows]


class Renamed(NamedTuple):
    """What is recorded of a level, under the names that items have now."""

    record: Recorded
    moves: list[Move]
    """The names that are other ones on record."""


def resolve_renames(store: ShadowStore, library: Library, level: Level) -> Renamed:
    """Return what is recorded of a level, under the names that items have now."""
    known = recorded(store, level)
    marks = [mark for mark in store.marks(level) if mark.guid in known.guids]
    listed = set(library.listed(level).key.tolist())
    # Others that share a rating have marks of their own: they are not this one.
    here = {mark.guid for mark in marks if mark.key in listed}
    prints = {(m.guid, m.key): "" for m in marks if m.guid not in here}
    prints |= {(row.guid, row.key): "" for row in known.intents}
    prints |= {(row.guid, row.key): row.fingerprint for row in known.shadows}
    names = [Name(*name, fingerprint) for name, fingerprint in prints.items()]
    moved = moves(library, level, names)
    shadows, intents = _renamed(known.shadows, moved), _renamed(known.intents, moved)
    return Renamed(Recorded(shadows, intents, known.now), moved)


def _renamed(rows: Sequence[Row], moved: Sequence[Move]) -> Sequence[Row]:
    if not moved:
        return rows
    new = {(move.old.guid, move.old.key): move.new for move in moved}
    names = [new.get((row.guid, row.key)) for row in rows]
    return [
        row._replace(guid=name.guid, key=name.key) if name else row
        for row, name in zip(rows, names, strict=True)
    ]
