"""Which ratings of a plan are written first, to see how the server takes them."""

from collections.abc import Container, Mapping, Sequence

import numpy as np

from engine.edits import COARSE, Capabilities
from engine.evidence import LibraryView
from engine.library import Level
from engine.planning.batches import MOST_IDS, ItemStates
from engine.planning.plan import PhasePlan
from engine.rating_scale import TOLERANCE, Bools, Floats, Ints

PHASES_TRIED = 4
"""Each may offer so many of the items that are looked at in one request."""


def coarse_readings(points: Floats) -> tuple[Floats, Floats]:
    """Return what a server that keeps one decimal may make of points: less, or more.

    >>> coarse_readings(np.array([7.33]))
    (array([7.3]), array([7.4]))
    """
    tenths = np.round(points / COARSE, 3)
    return np.round(np.floor(tenths) * COARSE, 1), np.round(np.ceil(tenths) * COARSE, 1)


def tells_step(points: Floats) -> Bools:
    """Say which points a server that keeps one decimal would change.

    >>> tells_step(np.array([7.33, 7.3, 7.02]))
    array([ True, False,  True])
    """
    telling = np.ones(len(points), np.bool_)
    for kept in coarse_readings(points):
        telling &= np.abs(points - kept) > TOLERANCE
    return telling


def becomes_half_star(points: Floats) -> Bools:
    """Say of which points a server that keeps one decimal may make half stars.

    >>> becomes_half_star(np.array([7.33, 7.3, 7.02]))
    array([False, False,  True])
    """
    below, above = coarse_readings(points)
    becomes: Bools = tells_step(points) & ((below % 1 == 0) | (above % 1 == 0))
    return becomes


def first_candidates(
    plans: Sequence[PhasePlan], everything: LibraryView
) -> list[PhasePlan]:
    """Return the ratings that may be written first, at most 100, best ones in front.

    All of them go to items that are unrated and share their rating with no other.
    Best are equal ones, of those the ones that tell the server's step, and of those the
    ones of which no server makes half stars, which would look like a person's.
    """
    phases = sorted({plan.phase for plan in plans}, reverse=True)  # tracks first
    candidates = []
    for phase in phases:
        plan = PhasePlan.joined([plan for plan in plans if plan.phase is phase])
        view = everything[phase.level]
        alone = view.copies(view.items.rows_of(plan.key)) == 1
        plan = plan.take(alone & np.isnan(plan.before))
        value, count = np.unique(plan.after, return_inverse=True, return_counts=True)[
            1:
        ]
        risky, telling = becomes_half_star(plan.after), tells_step(plan.after)
        best_first = np.lexsort((value, risky, ~telling, count[value] == 1))
        candidates.append(plan.take(best_first[: MOST_IDS // PHASES_TRIED]))
    return [plan for plan in candidates if len(plan)]


def foreseen_step(
    able: Capabilities, plans: Sequence[PhasePlan], everything: LibraryView
) -> float:
    """Return in which steps a run will write its plans, points.

    Fine ones, if the server is known to keep them, or if the first batch will show
    that; else coarse ones: what is rounded would pass for a person's. The plans are
    those in the finest steps.
    """
    candidates = [] if able.is_step_seen else first_candidates(plans, everything)
    tells = any(tells_step(plan.after).any() for plan in candidates)
    return able.step if tells else able.safe_step


def first_batch(
    candidates: Sequence[PhasePlan],
    looks: Mapping[Level, ItemStates],
    intended: Container[str],
) -> PhasePlan | None:
    """Choose what is written first: three ratings of one phase, or fewer.

    Two equal ones show whether the server takes them in one request, one that tells
    the step how finely it keeps them, and an item with moods whether a tag leaves
    those as they are. Left out are the `intended` guids, of items that somebody was
    about to write to.
    """
    best: tuple[int, PhasePlan] | None = None
    for plan in candidates:
        look = looks[plan.phase.level]
        is_plain = np.isnan(look.rating) & ~look.has_tag
        is_plain &= ~(look.mood_locked | look.rating_locked)
        is_plain &= look.rated_at >= 0  # else no edit could be guarded
        moods = {
            look.guid[row]: len(look.moods[row]) > 0
            for row in np.flatnonzero(is_plain).tolist()
            if look.guid[row] not in intended
        }
        plain = plan.only(moods)
        if len(plain):
            has_moods = np.array([moods[guid] for guid in plain.guid], np.bool_)
            merits, rows = _most_telling(plain.after, has_moods)
            if best is None or merits > best[0]:
                best = merits, plain.take(rows)
    return best[1] if best else None


def _most_telling(after: Floats, has_moods: Bools) -> tuple[int, Ints]:
    """Return how much the best rows tell, and these rows."""
    telling, risky = tells_step(after), becomes_half_star(after)
    order = np.lexsort((has_moods, after))  # of few items moods are put at risk
    groups = np.split(order, np.flatnonzero(np.diff(after[order])) + 1)
    equal = [group[:2] for group in groups if len(group) > 1]
    first = equal or [np.array([row]) for row in order]

    def merits(rows: Ints) -> int:
        shows = len(rows) > len(np.unique(after[rows]))
        told = int(shows) + int(telling[rows].any()) + int(has_moods[rows].any())
        return told * MOST_IDS - int(np.count_nonzero(risky[rows]))

    wider = [np.append(max(first, key=merits), row) for row in order]
    best = max([*first, *wider], key=lambda rows: (merits(rows), -len(rows)))
    return merits(best), np.unique(best)
