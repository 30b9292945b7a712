"""Which tracks a rule finds, now and after a run, by what Plex holds at either time."""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.library import Items, Level, Library
from engine.playlists.moments import Moment
from engine.playlists.rules import (
    DATE,
    MOOD,
    RATING,
    Condition,
    Group,
    NotPreviewed,
    Rule,
    Term,
    for_plex,
    query_of,
)
from engine.rating_scale import STEP, Bools, Floats, Ints

SECONDS = {
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "w": 7 * 86_400,
    "mon": 30 * 86_400,
    "y": 365 * 86_400,
}
"""Of the units of relative dates such as `-6mon`."""
COMPARE: dict[str, Callable[[Floats, float], Bools]] = {
    "=": lambda held, bound: np.abs(held - bound) < STEP / 2,
    ">>=": operator.gt,
    "<<=": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
UNRATED, NEVER = -1.0, 0.0
"""What stands for a rating, or a date, that is not there."""

CLEARED = "what a removed rating does to its date is not known."

Answers = Mapping[str, Ints]
"""The ratingKeys that Plex gave to each question, in its order."""


def members(rule: Rule, moment: Moment, answers: Answers, order: Ints) -> Ints:
    """Return the rows of all tracks that a rule finds, ascending.

    Args:
        rule: Which ones it is about.
        moment: What Plex holds.
        answers: The ratingKeys that Plex gave to each question of the rule.
        order: All ratingKeys of the rule's level in its order, if it has a limit and
            its order does not hang on ratings.

    Raises:
        NotPreviewed: Only Plex can tell.
    """
    items = moment.library.listed(rule.level)
    found = np.flatnonzero(_fits(rule.where, rule.level, moment, answers))
    if rule.is_once_by_guid and len(set(items.guid[found])) < len(found):
        raise NotPreviewed("it lists only one of the items that share a rating.")
    if rule.limit is not None and len(found) > rule.limit:
        found = _first(rule, rule.limit, found, moment, order)
    return np.sort(_tracks_of(rule.level, found, moment.library))


def orders_by_rating(rule: Rule) -> bool:
    """Return whether the order of a rule hangs on what a run may change."""
    return any(name in rule.sort for name in (RATING, DATE))


def _first(rule: Rule, limit: int, found: Ints, moment: Moment, order: Ints) -> Ints:
    """Return the first few of what was found."""
    if rule.level is not Level.TRACK:
        raise NotPreviewed("it limits artists or albums, and not tracks.")
    if "random" in rule.sort:
        raise NotPreviewed("it takes some at random.")
    if not orders_by_rating(rule):
        keys = moment.library.listed(rule.level).key
        place = {key: at for at, key in enumerate(order.tolist())}
        last = len(place)
        places = [place.get(key, last) for key in keys[found].tolist()]
        return found[np.argsort(places, kind="stable")[:limit]]
    values = _sorted_by(rule, moment)[found]
    ranked = np.argsort(values, kind="stable")
    if values[ranked[limit - 1]] == values[ranked[limit]]:
        raise NotPreviewed("its limit falls between tracks with the same rating.")
    return found[ranked[:limit]]


def _sorted_by(rule: Rule, moment: Moment) -> Floats:
    """Return the numbers by which tracks are sorted, ascending."""
    column, _, direction = rule.sort.partition(",")[0].partition(":")
    whose, _, field = column.rpartition(".")
    if field not in {RATING, DATE} or "," in rule.sort:
        raise NotPreviewed(f"it is sorted by {rule.sort}.")
    if whose and whose.upper() not in Level.__members__:
        raise NotPreviewed(f"it is sorted by {rule.sort}.")
    if field == DATE and moment.cleared:
        raise NotPreviewed(CLEARED)
    level = Level[whose.upper()] if whose else rule.level
    values = _column(field, level, moment)
    above = _related(rule.level, level, moment.library)
    own = _at(values, above, -np.inf)
    return -own if direction == "desc" else own


def _tracks_of(level: Level, found: Ints, library: Library) -> Ints:
    """Return the tracks of artists or albums: a smart playlist holds nothing else."""
    if level is Level.TRACK:
        return found
    return np.flatnonzero(np.isin(_related(Level.TRACK, level, library), found))


def _fits(group: Group, level: Level, moment: Moment, answers: Answers) -> Bools:
    """Say which items of a level fulfil a group of conditions."""
    items, (theirs, ours) = moment.library.listed(level), for_plex(group)
    found = [_fits_one(part, level, moment, answers) for part in ours]
    if theirs:
        found.append(np.isin(items.key, answers[query_of(theirs)]))
    if not found:
        return np.ones(len(items), np.bool_)
    combine = np.logical_or if group.is_any else np.logical_and
    return np.asarray(combine.reduce(found), np.bool_)


def _fits_one(part: Condition, level: Level, moment: Moment, answers: Answers) -> Bools:
    if isinstance(part, Group):
        return _fits(part, level, moment, answers)
    holds = _holds(part, moment)
    if part.level >= level:  # some item beneath, or the item itself
        upwards = _related(part.level, level, moment.library)
        inside = holds & (upwards >= 0)
        size = len(moment.library.listed(level))
        return np.bincount(upwards[inside], minlength=size) > 0
    upwards = _related(level, part.level, moment.library)
    return _at(holds, upwards, missing=False)


def _holds(term: Term, moment: Moment) -> Bools:
    """Say of which items of its level a term holds."""
    is_wanted = not term.sign.startswith("!")
    if term.field == MOOD:
        if term.sign not in {"=", "!="}:
            raise NotPreviewed(f"its rule compares moods by {term.sign!r}.")
        return np.asarray(moment.held[term.level].tagged == is_wanted)
    if term.field == DATE and moment.cleared:
        raise NotPreviewed(CLEARED)
    compare = COMPARE.get(term.sign.removeprefix("!"))
    if compare is None or (term.field == DATE and compare is COMPARE["="]):
        raise NotPreviewed(f"its rule compares by {term.sign!r}.")
    column = _column(term.field, term.level, moment)
    bounds = [_bound(term, text, moment.time) for text in term.value.split(",")]
    found = np.any([compare(column, bound) for bound in bounds], axis=0)
    return np.asarray(found == is_wanted, np.bool_)


def _column(field: str, level: Level, moment: Moment) -> Floats:
    held = moment.held[level]
    if field == RATING:
        return np.where(np.isnan(held.rating), UNRATED, held.rating)
    return np.maximum(held.rated_at, NEVER)


def _bound(term: Term, text: str, time: float) -> float:
    """Return a bound as points, or as epoch seconds.

    Raises:
        NotPreviewed: It is neither.
    """
    relative = re.fullmatch(r"-(\d+)(s|m|h|d|w|mon|y)", text)
    if relative and term.field == DATE:
        return time - int(relative[1]) * SECONDS[relative[2]]
    try:
        return float(text)
    except ValueError:
        raise NotPreviewed(f"its rule compares with {text!r}.") from None


def _related(level: Level, upwards: Level, library: Library) -> Ints:
    """Return the row of what each item of a level belongs to; −1: not known."""
    rows = np.arange(len(library.listed(level)))
    for one in range(level, upwards, -1):
        rows = _at(_parents(library, Level(one)), rows, -1)
    return rows


def _at(values: NDArray[Any], rows: Ints, missing: float) -> NDArray[Any]:
    """Return the values of some rows, and something else where there is no row."""
    found = np.full(len(rows), missing, values.dtype)
    found[rows >= 0] = values[rows[rows >= 0]]
    return found


def _parents(library: Library, level: Level) -> Ints:
    """Return the row of each item's parent; items that are left out have none."""
    inside: Items = library[level]
    outside = len(library.listed(level)) - len(inside)
    return np.concatenate([inside.parent, np.full(outside, -1)])
