"""The brake: how much of what is ours a run would change, and whether that is much."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from engine.evidence import LibraryView
from engine.library import Level
from engine.ownership import Owner
from engine.planning.plan import FLOAT_NOISE, PhasePlan, drift_tolerance

NOTICED = 0.2
"""Points; smaller moves do not count: in a small library one new rating causes many."""

FEWEST = 100
"""Inferred ratings; where there are fewer, no change is too large."""


@dataclass(frozen=True)
class Limits:
    """How much a run may change before a person is asked."""

    rewritten: float
    """Share of the inferred ratings, 0 to 1."""
    shift: float
    """Points by which their mean may move."""
    released: float
    """Share of the inferred ratings that persons may have changed, 0 to 1."""


@dataclass(frozen=True)
class Effect:
    """What plans would do to the inferred ratings of a whole library."""

    ours: int
    """How many there are, those that persons changed since included."""
    rewritten: int
    """How many move by more than drift, and by as much as somebody may notice."""
    released: int
    """How many of those that persons changed since would become theirs."""
    before: float
    """The mean of those that stay ours, points; NaN if there are none."""
    after: float
    """The same once the plans are carried out."""

    def excesses(self, limits: Limits) -> Iterator[str]:
        """Say what is beyond the limits, in stars and per cent.

        >>> effect = Effect(200, 80, 4, before=7.0, after=6.0)
        >>> list(effect.excesses(Limits(0.3, 1.0, 0.05)))
        ['rewrite 80 of 200 inferred ratings (40 %; the limit is 30 %)']
        """
        if self.ours < FEWEST:
            return
        for verb, count, most, why in (
            ("rewrite", self.rewritten, limits.rewritten, ""),
            ("give up", self.released, limits.released, " that changed in Plex"),
        ):
            if count > most * self.ours:
                share = f"{100 * count / self.ours:.3g} %"
                of_all = f"{count} of {self.ours} inferred ratings{why}"
                yield f"{verb} {of_all} ({share}; the limit is {100 * most:g} %)"
        if abs(self.after - self.before) > limits.shift:
            moved = f"from {self.before / 2:.2f} to {self.after / 2:.2f} stars"
            limit = f"the limit is {limits.shift / 2:g} stars"
            yield f"move their mean {moved} ({limit})"


def effect_of(
    everything: LibraryView,
    plans: Iterable[PhasePlan],
    released: int = 0,
    taken_back: int = 0,
) -> Effect:
    """Return what a run would do to what is ours, whatever letters it is about.

    It carries out plans, releases so many ratings that persons changed, and takes so
    many back; that counts like rewriting.
    Moves that nobody would notice, and where DYNAMIC_PRECISION is off those that it
    would leave alone, are refinements, and do not count.
    """
    least = drift_tolerance(len(everything.tracks), dynamic=True)
    least = max(least, NOTICED) - FLOAT_NOISE
    plans = list(plans)
    before, after, changed = [], [], 0
    for level in Level:
        view = everything[level]
        ours = np.where(view.is_primary, view.ownership.ours, np.nan)
        then = ours.copy()
        for plan in plans:
            if plan.phase.level is level:
                rows = view.items.rows_of(plan.key)
                then[rows[rows >= 0]] = plan.after[rows >= 0]
        held = ~np.isnan(ours)
        before.append(ours[held])
        after.append(then[held])
        taken_over = view.ownership.owner == Owner.TAKEN_OVER
        changed += int(np.count_nonzero(view.is_primary & taken_over))
    old, new = np.concatenate(before), np.concatenate(after)
    return Effect(
        ours=len(old) + changed,
        rewritten=int(np.count_nonzero(np.abs(new - old) >= least)) + taken_back,
        released=released,
        before=float(old.mean()) if len(old) else np.nan,
        after=float(new.mean()) if len(new) else np.nan,
    )
