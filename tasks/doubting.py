"""Is the record lost, or an old copy? Then guesses would pass for your ratings."""

from dataclasses import dataclass

import numpy as np

from engine.errors import RecordLost, RecordOutdated
from engine.library import Items, Level
from engine.ownership import Owner
from engine.points import Bools, Ints
from engine.reversal import off_the_grid
from tasks.plex.gateway import PlexGateway
from tasks.remembering import Stock
from tasks.shadow.store import ShadowStore
from tasks.workbench import Workbench

FEW = 10
"""So many ratings of ours some other program may have changed to odd values."""

HALF_STAR = 1.0
"""Points; if we write in such steps, our ratings look like a person's."""

NAMED = 3
"""How many items a refusal names."""


@dataclass(frozen=True)
class Doubts:
    """Ratings that bear our tag, and that the record does not explain."""

    unknown: dict[Level, Ints]
    """Rows of items of which nothing is recorded."""
    changed: dict[Level, Ints]
    """Rows of items that hold another rating than is recorded, no half stars."""

    @property
    def are_grave(self) -> bool:
        """Whether the record must be older than what stands in Plex."""
        changed = sum(map(len, self.changed.values()))
        return any(map(len, self.unknown.values())) or changed >= FEW


def refuse_if_lost(store: ShadowStore, gateway: PlexGateway) -> None:
    """Stop before inferred ratings could pass for a person's.

    Raises:
        RecordLost: Rated items bear our tag, and nothing is recorded.
    """
    if not store.is_empty():
        return
    tagged = {level: _count_rated(gateway.tagged(level)) for level in Level}
    if any(tagged.values()):
        counts = ", ".join(f"{n} {level.word}s" for level, n in tagged.items() if n)
        raise RecordLost(
            f"{counts} in Plex bear the tag of inferred ratings, but the state "
            "database knows of none: they would pass for your own. Restore the "
            "database (plexbayes.db, or what STATE_URL names), rebuild it with "
            "`plexbayes recover`, or import the original's plex_state.json."
        )


def _count_rated(items: Items) -> int:
    """Count what could pass for a person's; a tag alone could not.

    Nor could what cannot be read: nothing is learned from it.
    """
    return int(np.count_nonzero(np.isfinite(items.rating)))


def doubts(bench: Workbench, stock: Stock) -> Doubts:
    """Look for ratings that only a newer record could explain.

    People rate in half stars. So what is taken for a person's and is no half
    star is looked at once more: does it bear our tag? Where there is none, that
    costs no request. Inferred ratings that happen to be half stars are not
    found this way; `verify` lists them as stray.
    """
    found = {level: _doubtful(bench, stock, level) for level in Level}
    owner = {level: stock.everything[level].standing.owner for level in Level}
    return Doubts(
        {level: at[owner[level][at] == Owner.PERSON] for level, at in found.items()},
        {level: at[owner[level][at] != Owner.PERSON] for level, at in found.items()},
    )


def refuse_if_outdated(
    bench: Workbench, stock: Stock, *, spares_unknown: bool = False
) -> None:
    """Stop before inferred ratings could pass for a person's.

    Args:
        bench: The tools.
        stock: The library, held against the record.
        spares_unknown: Whether tagged items of which nothing is recorded do no
            harm to what is about to be done.

    Raises:
        RecordOutdated: Plex shows ratings of ours that the record is too old for.
    """
    found = doubts(bench, stock)
    kinds = [found.changed] if spares_unknown else [found.changed, found.unknown]
    named = [
        _named(stock.library[level], level, row)
        for rows in kinds
        for level in Level
        for row in rows[level]
    ]
    if not named or not found.are_grave:
        return
    some = ", ".join(named[:NAMED])
    raise RecordOutdated(
        f"{len(named)} ratings in Plex bear the tag of inferred ratings, but are not "
        f"as the state database says, such as {some}. It seems to be an old copy, and "
        "they would pass for your own. Put the newest database or copy in its place, "
        "or let `plexbayes recover` take them back onto the record. If you gave them "
        f"with another program, take the tag {bench.settings.inferred_tag} off them."
    )


def _doubtful(bench: Workbench, stock: Stock, level: Level) -> Ints:
    shelf = stock.everything[level]
    owner, odd = shelf.standing.owner, off_the_grid(shelf.items.rating)
    unknown = owner == Owner.PERSON
    if bench.settings.grid.step < HALF_STAR:
        unknown &= odd
    suspects: Bools = unknown | ((owner == Owner.TAKEN_OVER) & odd)
    if not suspects.any():
        return np.empty(0, np.int64)
    theirs = [mark.key for mark in bench.store.marks(level) if mark.had_tag]
    tagged = np.setdiff1d(bench.gateway.tagged(level).key, theirs)
    rows: Ints = np.flatnonzero(suspects & np.isin(shelf.items.key, tagged))
    return rows


def _named(items: Items, level: Level, row: int) -> str:
    stars = items.rating[row] / 2
    return (
        f"{level.word} {items.title[row]!r} ({items.key[row]}) with {stars:.2f} stars"
    )
