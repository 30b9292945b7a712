"""What plans would write, letter by letter, as people look at it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from engine.evidence import LibraryView
from engine.library import Level
from engine.ownership import Owner
from engine.partition import in_order
from engine.planning.plan import PhasePlan
from engine.rating_scale import equal

SAMPLED = 5
"""How many changes of a letter are shown as a sample."""


@dataclass(frozen=True)
class Change:
    """A rating that is to be written, points; titles below the item are empty."""

    letter: str
    phase: str
    key: int
    artist: str
    album: str
    track: str
    before: float | None
    """Our rating so far; none: the item was unrated."""
    after: float


@dataclass(frozen=True)
class LetterPlan:
    """What a run is about to do under one letter."""

    letter: str
    planned: int
    """Ratings to be written."""
    unchanged: int
    """Inferred ratings that stay as they are."""
    cleared: int
    """Planned ratings of items whose inferred rating a person removed."""
    phases: Mapping[str, int]
    """Planned ratings by phase, without those phases that plan none."""
    sample: tuple[Change, ...]


def what_is_left(part: LibraryView, plan: PhasePlan) -> PhasePlan:
    """Return a plan without what Plex holds already, or a person rated meanwhile.

    A run that is retried keeps its plans, part of which it has written before.
    """
    view = part[plan.phase.level]
    rows = view.items.rows_of(plan.key)
    there = np.flatnonzero(rows >= 0)
    ownership = view.ownership.take(rows[there])
    is_written = equal(ownership.ours, plan.after[there]) & ~ownership.unsure
    return plan.take(there[np.isnan(ownership.manual) & ~is_written])


def by_letter(
    everything: LibraryView,
    parts: Mapping[str, LibraryView],
    plans: Mapping[str, Sequence[PhasePlan]],
) -> Iterator[LetterPlan]:
    """Sum up the plans of each letter, as far as they are left, with a sample."""
    for letter in in_order(plans):
        part, own = parts[letter], plans[letter]
        yield LetterPlan(
            letter=letter,
            planned=sum(map(len, own)),
            unchanged=_unchanged(part, own),
            cleared=sum(_cleared(part, plan) for plan in own),
            phases={plan.phase.label: len(plan) for plan in own if len(plan)},
            sample=tuple(islice(changes(everything, {letter: own}), SAMPLED)),
        )


def _unchanged(part: LibraryView, plans: Sequence[PhasePlan]) -> int:
    """Count the inferred ratings, one for each guid, that no plan changes."""
    ours = [part[level].ownership.ours[part[level].is_primary] for level in Level]
    changed = sum(int(np.count_nonzero(~np.isnan(plan.before))) for plan in plans)
    return sum(int(np.count_nonzero(~np.isnan(own))) for own in ours) - changed


def _cleared(part: LibraryView, plan: PhasePlan) -> int:
    view = part[plan.phase.level]
    owners = view.ownership.owner[view.items.rows_of(plan.key)]
    return int(np.count_nonzero(owners == Owner.CLEARED))


def changes(
    everything: LibraryView, plans: Mapping[str, Sequence[PhasePlan]]
) -> Iterator[Change]:
    """Go through all that plans would write, letter by letter, phase by phase."""
    for letter in in_order(plans):
        for plan in plans[letter]:
            level, label = plan.phase.level, plan.phase.label
            rows = everything[level].items.rows_of(plan.key).tolist()
            columns = (plan.key.tolist(), plan.before.tolist(), plan.after.tolist())
            for row, key, before, after in zip(rows, *columns, strict=True):
                item = everything.named(level, row)
                names = item.artist, item.album, item.track
                ours = None if np.isnan(before) else before
                yield Change(letter, label, key, *names, ours, after)
