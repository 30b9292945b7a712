"""Whose rating is this? The answer decides what a plan may do to it."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.library import Items
from engine.rating_scale import Bools, Columns, Floats, Ints, equal, same, unreadable


class Record(IntEnum):
    """What the shadow state says of an item."""

    NONE = 0
    CONFIRMED = 1
    UNCONFIRMED = 2
    """An intent was stored; whether the write arrived is not known yet."""


class Seen(IntEnum):
    """What Plex holds now, compared with the record."""

    NOTHING = 0
    OURS = 1
    """The value that we wrote or meant to write, and nobody rated since we saw it."""
    BEFORE = 2
    """The value that stood there before an unconfirmed write."""
    OTHER = 3
    UNREADABLE = 4
    """A rating that cannot be read as points."""


class Owner(IntEnum):
    """Whose rating it is, and therefore what a plan may do."""

    NOBODY = 0
    """Unrated: may be rated."""
    PERSON = 1
    """Given by a person: evidence, never touched."""
    US = 2
    """Inferred: may be changed, undone."""
    TAKEN_OVER = 3
    """Was ours until a person changed it: evidence; our record is released."""
    CLEARED = 4
    """Was ours until a person removed it: may be rated again."""
    UNWRITTEN = 5
    """Intended, but Plex still holds what was there before: may be written."""
    WRITTEN = 6
    """Intended, and Plex holds it: ours, to be confirmed."""
    UNREAD = 7
    """On our record, but what Plex holds cannot be read: left alone until it can."""


OWNERSHIP = {
    (Record.NONE, Seen.NOTHING): Owner.NOBODY,
    (Record.NONE, Seen.OTHER): Owner.PERSON,
    (Record.NONE, Seen.UNREADABLE): Owner.PERSON,
    (Record.CONFIRMED, Seen.OURS): Owner.US,
    (Record.CONFIRMED, Seen.OTHER): Owner.TAKEN_OVER,
    (Record.CONFIRMED, Seen.NOTHING): Owner.CLEARED,
    (Record.CONFIRMED, Seen.UNREADABLE): Owner.UNREAD,
    (Record.UNCONFIRMED, Seen.BEFORE): Owner.UNWRITTEN,
    (Record.UNCONFIRMED, Seen.OURS): Owner.WRITTEN,
    (Record.UNCONFIRMED, Seen.OTHER): Owner.TAKEN_OVER,
    (Record.UNCONFIRMED, Seen.NOTHING): Owner.CLEARED,
    (Record.UNCONFIRMED, Seen.UNREADABLE): Owner.UNREAD,
}
"""Every situation that can arise; a situation not listed here cannot."""


@dataclass(frozen=True, eq=False)
class RecordView(Columns):
    """What the shadow state knows of the items of one level, row by row."""

    value: Floats
    """What we last wrote or meant to write, points; NaN: no record."""
    before: Floats
    """What stood there before an unconfirmed write, points; NaN: unrated."""
    unconfirmed: Bools
    """An intent is open for this item."""
    arrived: Bools
    """Plex acknowledged the write of that intent."""
    seen_at: Ints
    """lastRatedAt when our write was confirmed, epoch seconds; 0 or less: unknown."""

    @classmethod
    def blank(cls, count: int) -> Self:
        """Return the memory of `count` items that we never touched."""
        return cls(
            value=np.full(count, np.nan),
            before=np.full(count, np.nan),
            unconfirmed=np.zeros(count, np.bool_),
            arrived=np.zeros(count, np.bool_),
            seen_at=np.zeros(count, np.int64),
        )


def owners(rating: Floats, rated_at: Ints, record_view: RecordView) -> NDArray[np.int8]:
    """Return the owner of each rating in Plex, as `Owner` numbers.

    Any change of the date means that a person rated, not only a later one: a
    server's clock may jump. A date that is missing or cannot be meant, 0 or less,
    proves nothing.
    """
    recorded = ~np.isnan(record_view.value)
    record = np.where(recorded, Record.CONFIRMED, Record.NONE)
    record[record_view.unconfirmed] = Record.UNCONFIRMED

    seen = np.where(np.isnan(rating), Seen.NOTHING, Seen.OTHER)
    seen[recorded & same(rating, record_view.value)] = Seen.OURS
    nearer = ~(
        np.abs(rating - record_view.value) <= np.abs(rating - record_view.before)
    )
    nearer &= ~equal(record_view.before, record_view.value)
    stands = record_view.unconfirmed & same(rating, record_view.before) & nearer
    seen[stands] = Seen.BEFORE
    again = (record == Record.CONFIRMED) & (rated_at != record_view.seen_at)
    again &= (rated_at > 0) & (record_view.seen_at > 0)
    seen[again & (seen == Seen.OURS)] = Seen.OTHER
    seen[unreadable(rating)] = Seen.UNREADABLE

    owner = np.full((len(Record), len(Seen)), -1, np.int8)
    owner[*np.array(list(OWNERSHIP)).T] = list(OWNERSHIP.values())
    return owner[record, seen]


@dataclass(frozen=True, eq=False)
class Ownership(Columns):
    """The ratings of one level told apart by owner, row by row."""

    owner: NDArray[np.int8]
    """`Owner` numbers."""
    manual: Floats
    """The ratings that persons gave, points; NaN elsewhere."""
    ours: Floats
    """The ratings in Plex that are inferred, as we wrote them; NaN elsewhere.

    Where Plex shows nothing that can be read, what we wrote last."""
    unread: Bools
    """Plex holds a rating that cannot be read: no evidence, and never written to."""
    unsure: Bools
    """Ours, but Plex never acknowledged it: the tag may be missing."""


def ownership_of(items: Items, record_view: RecordView) -> Ownership:
    """Tell the ratings of a level apart by owner."""
    owner = owners(items.rating, items.rated_at, record_view)
    by_person = np.isin(owner, (Owner.PERSON, Owner.TAKEN_OVER))
    by_us = np.isin(owner, (Owner.US, Owner.WRITTEN, Owner.UNREAD))
    unread = unreadable(items.rating)
    ours = np.where(by_us, record_view.value, np.nan)
    unwritten = owner == Owner.UNWRITTEN
    return Ownership(
        owner=owner,
        manual=np.where(by_person & ~unread, items.rating, np.nan),
        ours=np.where(unwritten, record_view.before, ours),
        unread=unread,
        unsure=(owner == Owner.WRITTEN) & ~record_view.arrived,
    )
