"""The original's plex_state.json, in all the forms that it has had."""

from dataclasses import dataclass

from engine.errors import UsageError
from engine.rating_scale import TOLERANCE

HIGHEST = 10.0
"""Points."""

LONGEST_KEY = 18
"""Digits; more than any database counts."""

FORMAT = "1.2"
"""The version that an exported file names."""

TWIN = 2
"""The original's mark for ratings that it took over from twins: some were a
person's own, so on the half-star grid they are not trusted."""


@dataclass(frozen=True)
class LegacyState:
    """What the file says: ratings by ratingKey, points."""

    uuid: str
    """The library's UUID; empty in the oldest form."""
    ratings: dict[int, float]
    twins: frozenset[int]
    """Keys whose entry bears the mark of a twin."""


def parse_state(document: object, name: str) -> LegacyState:
    """Understand a decoded plex_state.json, which errors call by its name.

    Raises:
        UsageError: It is none of the known forms; nothing is guessed.

    >>> parse_state({"7": 7.5, "8": {"r": 6.1, "t": 1}}, "a file").ratings
    {7: 7.5, 8: 6.1}
    """
    if not isinstance(document, dict):
        raise UsageError(f"{name} holds no JSON object, so it is no plex_state.json.")
    entries = document.get("ratings", document if "version" not in document else None)
    if not isinstance(entries, dict):
        raise UsageError(f"{name} has no ratings, so it is no plex_state.json.")
    ratings, twins = {}, set()
    for text, entry in entries.items():
        key = _key(text, name)
        marked = entry if isinstance(entry, dict) else {"r": entry}
        ratings[key] = _points(marked.get("r"), text, name)
        if marked.get("t") == TWIN:
            twins.add(key)
    return LegacyState(str(document.get("library_uuid", "")), ratings, frozenset(twins))


def _key(key: object, name: str) -> int:
    digits = str(key)
    if not digits.isdecimal() or len(digits) > LONGEST_KEY:
        raise UsageError(f"{name}: {digits[:40]!r} is not a ratingKey.")
    return int(digits)


def _points(value: object, key: object, name: str) -> float:
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and -TOLERANCE <= value <= HIGHEST + TOLERANCE
    ):
        return float(value)
    shown = repr(value)[:40]
    raise UsageError(f"{name}: item {key} has {shown} instead of a rating.")
