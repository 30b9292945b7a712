"""Which item of a library is a saved rating about? Exactly that one, or none.

Looked at in this order: the guid, identifiers of other services, the end of the file's
path, and last artist, album, title and duration. Nothing is matched by likeness.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from unicodedata import normalize

from engine.library import Level, Library
from engine.saved_ratings.candidates import Candidate
from engine.saved_ratings.table import SavedRating

CLOSE = 2000
"""Milliseconds by which two durations of one recording may differ."""

LOCAL = "local://"
"""How guids begin that are made of a ratingKey: after a re-scan, of another item."""


@dataclass
class Matches:
    """What became of each saved rating of one level."""

    found: list[tuple[SavedRating, Candidate]] = field(default_factory=list)
    unclear: list[SavedRating] = field(default_factory=list)
    """Several items may be meant, or one item by ratings that differ."""
    missing: list[SavedRating] = field(default_factory=list)


def with_levels(
    library: Library, ratings: Iterable[SavedRating]
) -> Iterator[SavedRating]:
    """Yield ratings; those that only name a ratingKey are of the level that has it."""
    level_of: dict[int, Level] = {}
    for one in ratings:
        if next(_by_bare_key(one), None) is None:
            yield one
            continue
        level_of = level_of or {
            key: level for level in Level for key in library.listed(level).key.tolist()
        }
        yield replace(one, level=level_of.get(one.key, one.level))


def wants_details(ratings: Sequence[SavedRating], items: Sequence[Candidate]) -> bool:
    """Return whether ids or paths may find what no guid does."""
    known = {key for item in items for key in _by_guid(item.described)}
    return any(
        (one.ids or one.path) and known.isdisjoint(_by_guid(one)) for one in ratings
    )


Keys = Callable[[SavedRating], Iterable[Hashable]]
Likeness = Callable[[SavedRating, SavedRating], bool]


def match(ratings: Sequence[SavedRating], items: Sequence[Candidate]) -> Matches:
    """Find the item of each saved rating; all of them are of one level."""
    matches, left, free = Matches(), list(ratings), list(items)
    unclear: set[int] = set()
    for way in WAYS:
        pairs, doubted = _pair(left, free, way)
        matches.found += pairs
        unclear |= doubted
        given = {id(saved) for saved, _ in pairs}
        taken = {candidate.row for _, candidate in pairs}
        left = [saved for saved in left if id(saved) not in given]
        free = [candidate for candidate in free if candidate.row not in taken]
    for saved in left:
        (matches.unclear if id(saved) in unclear else matches.missing).append(saved)
    return matches


def _by_guid(one: SavedRating) -> Iterator[Hashable]:
    if one.guid.startswith(LOCAL):
        yield one.guid, one.artist, one.album, one.title
    elif one.guid:
        yield one.guid


def _by_bare_key(one: SavedRating) -> Iterator[Hashable]:
    """Return the ratingKey of what nothing else names."""
    if one.key >= 0 and not (one.guid or one.title):
        yield one.key


def _by_key_and_title(one: SavedRating) -> Iterator[Hashable]:
    if one.key >= 0 and one.title:
        yield one.key, normalize("NFC", one.title)


def _by_key(one: SavedRating) -> Iterator[Hashable]:
    yield one.key


def _by_ids(one: SavedRating) -> Iterator[Hashable]:
    return iter(one.ids)


def _by_path(one: SavedRating) -> Iterator[Hashable]:
    if one.path:
        yield normalize("NFC", one.path)


def _by_names(one: SavedRating) -> Iterator[Hashable]:
    if one.title:
        names = one.artist, one.album, one.title
        yield tuple(normalize("NFC", name) for name in names)


def _is_any(_: SavedRating, __: SavedRating) -> bool:
    return True


def _is_close(one: SavedRating, other: SavedRating) -> bool:
    """Whether two durations may be of one recording; one may be unknown."""
    known = one.duration > 0 and other.duration > 0
    return not known or abs(one.duration - other.duration) <= CLOSE


def _is_same_place(one: SavedRating, other: SavedRating) -> bool:
    places = (one.disc, one.number), (other.disc, other.number)
    return places[0] == places[1] and one.number > 0 and _is_close(one, other)


class Way(NamedTuple):
    """A way to find items: what a rating and its item have in common."""

    of_saved: Keys
    of_item: Keys
    may_be: Likeness = _is_any
    """Whether the two may be of one recording then."""


WAYS = (
    Way(_by_guid, _by_guid),
    Way(_by_ids, _by_ids, _is_close),
    Way(_by_path, _by_path, _is_close),
    Way(_by_names, _by_names, _is_close),
    Way(_by_key_and_title, _by_key_and_title),
    Way(_by_bare_key, _by_key),
)
"""In the order in which they are tried."""

Pairs = list[tuple[SavedRating, Candidate]]


def _pair(
    left: Sequence[SavedRating], free: Sequence[Candidate], way: Way
) -> tuple[Pairs, set[int]]:
    """Pair ratings and items that have a key in common with each other only."""
    saved_of: dict[Hashable, list[SavedRating]] = defaultdict(list)
    for saved in left:
        for key in way.of_saved(saved):
            saved_of[key].append(saved)
    items_of: dict[Hashable, list[Candidate]] = defaultdict(list)
    for item in free:
        for key in way.of_item(item.described):
            if key in saved_of:
                items_of[key].append(item)
    pairs: Pairs = []
    doubted = _of_several(saved_of, items_of)
    given = set(doubted)
    taken: set[int] = set()
    for key, items in items_of.items():
        ratings = [one for one in saved_of[key] if id(one) not in given]
        items = [one for one in items if one.row not in taken]  # noqa: PLW2901
        own, unclear = _agreeing(ratings, items, way.may_be)
        pairs += own
        given |= {id(saved) for saved, _ in own}
        taken |= {item.row for _, item in own}
        doubted |= {id(saved) for saved in unclear}
    return pairs, doubted


def _of_several(
    saved_of: Mapping[Hashable, list[SavedRating]],
    items_of: Mapping[Hashable, list[Candidate]],
) -> set[int]:
    """Return the ratings whose keys lead to items that share none of them."""
    guids: dict[int, list[set[str]]] = defaultdict(list)
    for key, items in items_of.items():
        for saved in saved_of[key]:
            guids[id(saved)].append({item.described.guid for item in items})
    return {one for one, sets in guids.items() if not set.intersection(*sets)}


def _agreeing(
    ratings: Sequence[SavedRating], items: Sequence[Candidate], may_be: Likeness
) -> tuple[Pairs, list[SavedRating]]:
    """Pair ratings and items of one key, which several may share.

    Those that agree in duration and place, too, belong to each other. What is still
    shared is only clear if all ratings are alike and none would be left over.
    """
    if not items:
        return [], []
    pairs: Pairs = []
    left, free = list(ratings), list(items)
    for is_alike in (_is_same_place, _is_close):
        alone, left, free = _one_to_one(left, free, is_alike)
        pairs += alone
    possible = [one for one in left if any(may_be(one, i.described) for i in free)]
    if not possible:
        return pairs, []
    near = [i for i in free if any(may_be(one, i.described) for one in possible)]
    values = {one.points for one in possible}
    guids = {item.described.guid for item in near}
    if len(values) == 1 and (len(near) <= len(possible) or len(guids) == 1):
        near += near[-1:] * (len(possible) - len(near))
        return pairs + list(zip(possible, near, strict=False)), []
    return pairs, possible


def _one_to_one(
    ratings: Sequence[SavedRating],
    items: Sequence[Candidate],
    is_alike: Likeness,
) -> tuple[Pairs, list[SavedRating], list[Candidate]]:
    """Pair those that are alike with one of the other side only; return the rest."""
    alike = {
        at: [n for n, item in enumerate(items) if is_alike(one, item.described)]
        for at, one in enumerate(ratings)
    }
    claims: dict[int, int] = defaultdict(int)
    for numbers in alike.values():
        for number in numbers:
            claims[number] += 1
    pairs = {
        at: numbers[0]
        for at, numbers in alike.items()
        if len(numbers) == 1 and claims[numbers[0]] == 1
    }
    taken = set(pairs.values())
    return (
        [(ratings[at], items[number]) for at, number in pairs.items()],
        [one for at, one in enumerate(ratings) if at not in pairs],
        [item for number, item in enumerate(items) if number not in taken],
    )
