"""Items change their names: how our record finds them again after a re-scan."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from engine.library import Level, Library
from engine.rating_scale import Ints


@dataclass(frozen=True, slots=True)
class Name:
    """How our record knows an item."""

    guid: str
    key: int
    fingerprint: str
    """Artist, album, title and duration in short; empty if not recorded."""


@dataclass(frozen=True)
class Move:
    """A recorded item that now has another guid, or another key."""

    old: Name
    new: Name


def fingerprints(library: Library, level: Level, rows: Ints) -> list[str]:
    """Return for each row a short name that outlives both guid and key.

    It is made of the titles of artist, album and track, and the duration. Items that
    belong nowhere have none: it is empty.
    """
    inside = rows < len(library[level])
    titles, above = [], rows[inside]
    for step in reversed(range(Level.ARTIST, level + 1)):
        items = library[Level(step)]
        titles.append(items.title[above])
        above = items.parent[above]
    parts = zip(*titles, library[level].duration[rows[inside]], strict=True)
    texts = ("\x1f".join(map(str, part)) for part in parts)
    prints = np.full(len(rows), "", object)
    prints[inside] = [
        blake2b(text.encode(errors="surrogatepass"), digest_size=12).hexdigest()
        for text in texts
    ]
    return prints.tolist()


def moves(library: Library, level: Level, recorded: Sequence[Name]) -> list[Move]:
    """Find out which recorded items go by another name now.

    The guid decides; an item whose guid is gone is looked for by fingerprint
    among the items that nothing recorded names. Where several share one, they
    are paired in the order of their keys; likewise items that share a guid.
    """
    keys = np.fromiter((name.key for name in recorded), np.int64, len(recorded))
    rows, guids = library[level].rows_of(keys), [name.guid for name in recorded]
    if (rows >= 0).all() and library[level].guid[rows].tolist() == guids:
        return []
    items = library.listed(level)
    keys_of: dict[str, list[int]] = defaultdict(list)
    for guid, key in zip(items.guid, items.key.tolist(), strict=True):
        keys_of[guid].append(key)
    known = [name for name in recorded if name.guid in keys_of]
    lost = sorted(
        (name for name in recorded if name.guid not in keys_of and name.fingerprint),
        key=lambda name: name.key,
    )
    return _rekeyed(known, keys_of) + _found_again(library, level, known, lost)


def _rekeyed(known: Iterable[Name], keys_of: dict[str, list[int]]) -> list[Move]:
    names_of: dict[str, list[Name]] = defaultdict(list)
    for name in sorted(known, key=lambda name: name.key):
        names_of[name.guid].append(name)
    found = []
    for guid, names in names_of.items():
        named = {name.key for name in names}
        free = [key for key in keys_of[guid] if key not in named]
        for name in names:
            if name.key not in keys_of[guid]:
                key = free.pop(0) if free else keys_of[guid][0]
                found.append(Move(name, Name(guid, key, name.fingerprint)))
    return found


def _found_again(
    library: Library, level: Level, known: Iterable[Name], lost: Sequence[Name]
) -> list[Move]:
    if not lost:
        return []
    items, named = library.listed(level), {name.guid for name in known}
    free = np.array([row for row, g in enumerate(items.guid) if g not in named], int)
    waiting: dict[str, list[int]] = defaultdict(list)
    for fingerprint, row in zip(fingerprints(library, level, free), free, strict=True):
        waiting[fingerprint].append(int(row))
    found: list[Move] = []
    given: set[str] = set()
    for name in lost:
        rows = [r for r in waiting[name.fingerprint] if items.guid[r] not in given]
        if rows:
            guid, key = str(items.guid[rows[0]]), int(items.key[rows[0]])
            found.append(Move(name, Name(guid, key, name.fingerprint)))
            given.add(guid)
    return found
