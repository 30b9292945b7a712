"""Reading the library: three listings become one immutable value."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from engine.errors import LibraryChanging
from engine.library import Items, Level, Library, Oddity
from engine.partition import letter_of
from engine.rating_scale import Ints
from tasks.plex.client import PlexGateway
from tasks.plex.pagination import only_these
from tasks.plex.parsing import Listing, texts
from tasks.runtime.context import RunContext

MAX_NAMED = 3
"""How many of the items that were left out together are named."""


def read(context: RunContext) -> Library:
    """Read the library as it is now; a run that was stopped reads to the end."""
    if context.cancellation.is_cancelled:
        return read_library(context.gateway)
    return read_library(context.gateway, context.cancellation.checkpoint)


def read_library(
    gateway: PlexGateway, between: Callable[[], None] = lambda: None
) -> Library:
    """Read all artists, albums and tracks; `between` pages others may intervene.

    Items whose parent is not listed are read once more: if they are still without
    one, they are left out.

    Raises:
        LibraryChanging: The second reading differs from the first.
        PlexUnreachable: A listing did not arrive whole.
    """
    listings = {level: gateway.listing(level, between) for level in Level}
    library = _assembled(listings)
    for level, items in library.left_out.items():
        above = listings[Level(level - 1)].items
        _ensure_lasting(gateway, above, level, items, between)
    return library


def _assembled(listings: dict[Level, Listing]) -> Library:
    """Tie listings together: parents become rows instead of keys."""
    artists = listings[Level.ARTIST]
    kept, left_out = {Level.ARTIST: artists.items}, {}
    for level in (Level.ALBUM, Level.TRACK):
        items, above = listings[level].items, kept[Level(level - 1)]
        rows = above.rows_of(items.parent)
        inside, outside = np.flatnonzero(rows >= 0), np.flatnonzero(rows < 0)
        kept[level] = replace(items, parent=rows)
        if len(outside):
            kept[level] = kept[level].take(inside)
            left_out[level] = items.take(outside)
    oddities = [oddity for level in Level for oddity in listings[level].oddities]
    listed = {level: listing.items for level, listing in listings.items()}
    return Library(
        artists=artists.items,
        albums=kept[Level.ALBUM],
        tracks=kept[Level.TRACK],
        letter=texts([letter_of(title) for title in artists.sort_title]),
        left_out=left_out,
        oddities=(*oddities, *_why_left_out(listed, left_out)),
    )


def _missing(above: Items, items: Items) -> Ints:
    """Return the keys of parents that are named and not listed."""
    parents = np.unique(items.parent[items.parent >= 0])
    return parents[above.rows_of(parents) < 0]


def _ensure_lasting(
    gateway: PlexGateway,
    above: Items,
    level: Level,
    items: Items,
    between: Callable[[], None],
) -> None:
    """Read once more what was left out; fail if it has a parent now, or is gone."""
    missing = _missing(above, items)
    alone = items.key[items.parent < 0]
    is_new = False
    if len(missing):
        found = gateway.listing(Level(level - 1), between, only_these(missing))
        is_new = bool(np.isin(missing, found.items.key).any())
    if len(alone) and not is_new:
        now = gateway.listing(level, between, only_these(alone)).items
        is_new = not np.isin(alone, now.key[now.parent < 0]).all()
    if is_new:
        raise LibraryChanging(
            f"The library changed while it was read: {items.named(level, 0)} has "
            f"another {Level(level - 1).word} now."
        )


def _why_left_out(
    listed: Mapping[Level, Items], left_out: Mapping[Level, Items]
) -> list[Oddity]:
    """Say of each missing parent, and of each item without one, what it led to.

    What belongs to an item that was left out is not odd in itself.
    """
    oddities = []
    for level, items in left_out.items():
        parent = Level(level - 1).word
        below = left_out.get(Level(level + 1)) if level < Level.TRACK else None
        for row in np.flatnonzero(items.parent < 0).tolist():
            note = f"no {parent}, so it was left out{_with(below, items.key[[row]])}"
            oddities.append(Oddity(items.named(level, row), note))
        missing = _missing(listed[Level(level - 1)], items).tolist()
        oddities += [_unlisted(level, items, key, below) for key in missing]
    return oddities


def _unlisted(level: Level, items: Items, key: int, below: Items | None) -> Oddity:
    rows = np.flatnonzero(items.parent == key)
    names = [f"{items.title[row]!r} ({items.key[row]})" for row in rows[:MAX_NAMED]]
    if len(rows) > MAX_NAMED:
        names.append(f"{len(rows) - MAX_NAMED} more")
    is_one = len(rows) == 1
    return Oddity(
        "",
        f"{len(rows)} {level.word}{' has' if is_one else 's have'} an "
        f"{Level(level - 1).word} ({key}) that Plex did not list; "
        f"{'it was' if is_one else 'they were'} left out"
        f"{_with(below, items.key[rows])}: {', '.join(names)}",
    )


def _with(below: Items | None, keys: Ints) -> str:
    """Say how many items were left out because they belong to these."""
    count = 0 if below is None else int(np.isin(below.parent, keys).sum())
    return f" with {count} track{'s' if count > 1 else ''}" if count else ""
