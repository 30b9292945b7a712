"""An undo played in memory: would every item be as it was before us?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from engine.edits import Edit
from engine.planning.batches import ItemStates


@dataclass(frozen=True)
class State:
    """What an undo is about, of one item."""

    points: float
    """NaN: unrated."""
    moods: frozenset[str]
    """In lower case, as Plex tells them apart."""
    mood_locked: bool
    rating_locked: bool


def states_of(look: ItemStates) -> dict[int, State]:
    """Return what a look says of each item, by ratingKey."""
    columns = (
        *(look.key.tolist(), look.rating.tolist(), look.moods),
        *(look.mood_locked.tolist(), look.rating_locked.tolist()),
    )
    return {
        key: State(points, frozenset(map(str.casefold, moods)), mood, rating)
        for key, points, moods, mood, rating in zip(*columns, strict=True)
    }


def played(states: dict[int, State], edits: Iterable[Edit]) -> dict[int, State]:
    """Return what items are like once edits were made."""
    after = dict(states)
    for edit in edits:
        for key in edit.key.tolist():
            after[key] = _edited(after[key], edit)
    return after


def _edited(state: State, edit: Edit) -> State:
    points = state.points
    if edit.rates:
        points = np.nan if edit.points is None else edit.points
    moods = (state.moods - _folded(edit.drops)) | _folded(edit.adds)
    return State(
        points,
        moods,
        edit.mood_locked if edit.tags else state.mood_locked,
        edit.rating_locked if edit.rates else state.rating_locked,
    )


def _folded(moods: Sequence[str]) -> frozenset[str]:
    return frozenset(map(str.casefold, moods))


def sample(guids: Iterable[str], share: float) -> list[str]:
    """Choose about a share of guids, 0 to 1: the same ones each time, one at least."""
    ordered = sorted(guids, key=lambda guid: blake2b(guid.encode()).digest())
    return ordered[: max(round(share * len(ordered)), 1)]
