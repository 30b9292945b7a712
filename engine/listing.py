"""Plans as people read them: one change after the other, by name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.evidence import Part
from engine.library import Level
from engine.partition import in_order
from engine.plan import PhasePlan


@dataclass(frozen=True)
class Change:
    """A rating that is to be written."""

    letter: str
    phase: str
    key: int
    artist: str
    album: str
    """Empty for an artist."""
    track: str
    """Empty for an artist and for an album."""
    before: float | None
    """Our rating so far, points; none: the item was unrated."""
    after: float
    """Points."""


def changes(
    everything: Part, plans: Mapping[str, Sequence[PhasePlan]]
) -> Iterator[Change]:
    """Go through all that plans would write, letter by letter, phase by phase.

    Args:
        everything: The library that was planned for.
        plans: The plans of each letter.
    """
    for letter in in_order(plans):
        for plan in plans[letter]:
            yield from _changes(everything, letter, plan)


def _changes(everything: Part, letter: str, plan: PhasePlan) -> Iterator[Change]:
    level = plan.phase.level
    rows = everything[level].items.rows_of(plan.key)
    for at, row in enumerate(rows.tolist()):
        artist, album, track = _names(everything, level, row)
        before = float(plan.before[at])
        yield Change(
            letter,
            plan.phase.label,
            int(plan.key[at]),
            artist,
            album,
            track,
            None if np.isnan(before) else before,
            float(plan.after[at]),
        )


def _names(everything: Part, level: Level, row: int) -> tuple[str, str, str]:
    """Return the titles of an item and of what it stands under; −1: all unknown."""
    names = {Level.ARTIST: "", Level.ALBUM: "", Level.TRACK: ""}
    for upwards in reversed(Level):
        if upwards <= level and row >= 0:
            items = everything[upwards].items
            names[upwards] = str(items.title[row])
            row = int(items.parent[row])
    return names[Level.ARTIST], names[Level.ALBUM], names[Level.TRACK]
