"""What Plex holds of a library as far as a run may change it, now and afterwards."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from engine.evidence import LevelView, LibraryView
from engine.hands_off import to_take_back
from engine.library import Level, Library
from engine.ownership import Owner
from engine.planning.plan import PhasePlan
from engine.rating_scale import Bools, Columns, Floats, Ints, Texts


@dataclass(frozen=True, eq=False)
class Held(Columns):
    """What Plex holds of the items of one level, as far as a run may change it."""

    rating: Floats
    """Points; NaN: unrated."""
    rated_at: Floats
    """Epoch seconds; 0: unknown."""
    tagged: Bools
    """Whether it bears our tag."""
    inferred: Bools
    """Whether the rating is ours."""


@dataclass(frozen=True, eq=False)
class Moment:
    """A library with what Plex holds at one moment."""

    library: Library
    held: Mapping[Level, Held]
    time: float
    """Epoch seconds."""
    cleared: bool = False
    """Whether a run takes ratings back: what Plex makes of their dates is not known."""

    @classmethod
    def now(
        cls,
        library: Library,
        everything: LibraryView,
        tagged: Mapping[Level, Ints],
        time: float,
    ) -> Self:
        """Return what was read; `tagged` are the keys that bear our tag, by level."""
        held = {}
        for level in Level:
            items = library.listed(level)
            ours = np.zeros(len(items), np.bool_)
            ours[: len(library[level])] = ~np.isnan(everything[level].ownership.ours)
            held[level] = Held(
                rating=items.rating,
                rated_at=items.rated_at.astype(np.float64),
                tagged=np.isin(items.key, tagged.get(level, np.empty(0, np.int64))),
                inferred=ours,
            )
        return cls(library, held, time)

    def after(
        self,
        everything: LibraryView,
        plans: Sequence[PhasePlan],
        tagging: Callable[[Level], bool],
    ) -> Self:
        """Return what will be held once plans are applied, at the same time.

        `tagging` says whether what is written at a level gets our tag.
        """
        held = {
            level: self._held_after(everything, level, plans, tags=tagging(level))
            for level in Level
        }
        cleared = any(to_take_back(everything, level).any() for level in Level)
        return replace(self, held=held, cleared=cleared)

    def _held_after(
        self,
        everything: LibraryView,
        level: Level,
        plans: Sequence[PhasePlan],
        *,
        tags: bool,
    ) -> Held:
        """Return what a level will hold; items without a parent stay as they are."""
        now, view = self.held[level], everything[level]
        given, removed, released = _changes(view, level, plans, everything)
        outside = len(now) - len(view)
        strays = self.library.listed(level).guid[len(view) :]
        given = np.concatenate([given, _of_strays(strays, view, given)])
        removed, released = (
            np.concatenate([own, np.zeros(outside, np.bool_)])
            for own in (removed, released)
        )
        written = ~np.isnan(given)
        rating = np.where(removed, np.nan, now.rating)
        return Held(
            rating=np.where(written, given, rating),
            rated_at=np.where(written, self.time, now.rated_at),
            tagged=(now.tagged & ~removed & ~released) | (written & tags),
            inferred=(now.inferred & ~removed) | written,
        )


def _of_strays(strays: Texts, view: LevelView, given: Floats) -> Floats:
    """Return what items without a parent get, as they share a rating with others."""
    rows = np.flatnonzero(~np.isnan(given)) if len(strays) else np.empty(0, np.int64)
    by_guid = dict(zip(view.items.guid[rows], given[rows].tolist(), strict=True))
    return np.array([by_guid.get(guid, np.nan) for guid in strays], np.float64)


def _changes(
    view: LevelView, level: Level, plans: Sequence[PhasePlan], everything: LibraryView
) -> tuple[Floats, Bools, Bools]:
    """Return what is given, removed and released, alike for all that share a rating."""
    given = np.full(len(view), np.nan)
    for plan in plans:
        if plan.phase.level is level:
            rows = view.items.rows_of(plan.key)
            given[view.shared[rows[rows >= 0]]] = plan.after[rows >= 0]
    removed = np.isin(view.shared, view.shared[to_take_back(everything, level)])
    released = view.ownership.owner == Owner.TAKEN_OVER
    return given[view.shared], removed, released
