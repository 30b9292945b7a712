"""Rules of smart playlists in Plex's query language: taken apart, and put together.

A rule is a tree of terms, joined by `and` or `or`. What a run may change (ratings,
their dates, our tag) is evaluated by ourselves; all the rest is asked of Plex, which
knows its own language best.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus

from engine.errors import PlexbayesError
from engine.library import Level

RATING, DATE, MOOD = "userRating", "lastRatedAt", "mood"
SETTINGS = {
    *("type", "sort", "limit", "group", "having"),
    *("includeCollections", "includeExternalMedia", "includeGuids", "includeMeta"),
    *("sourceType", "clusterZoomLevel"),
}
"""Parameters that are no conditions; neither are those of X-Plex-."""
WORDS = {"push", "pop", "and", "or"}
"""What stands between conditions, and around groups of them."""
DEEPEST = 50
"""Groups within groups."""
_TERM = re.compile(r"^(?:(artist|album|track)\.)?(\w+)(\W*)$")
_INNER = re.compile(r"/library/sections/(\w+)/all\?(.*)", re.DOTALL)


class NotPreviewed(PlexbayesError):
    """A rule cannot be evaluated without guessing; the sentence says why."""


@dataclass(frozen=True)
class Term:
    """One condition, such as `track.userRating>>=7`."""

    text: str
    """As in the query."""
    level: Level
    """Of which item it speaks."""
    field: str
    sign: str
    """`=`, `!=`, `>>=` (greater), `<<=` (less) and so on."""
    value: str
    is_ours: bool
    """Whether a run may change what it asks for."""


@dataclass(frozen=True)
class Group:
    """Conditions of which all must hold, or any."""

    parts: "tuple[Term | Group, ...]"
    is_any: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether a run may change what it asks for."""
        return any(part.is_ours for part in self.parts)

    def asks_for(self, field: str) -> bool:
        """Return whether a condition asks for a field that a run may change."""
        return any(
            part.asks_for(field)
            if isinstance(part, Group)
            else part.is_ours and part.field == field
            for part in self.parts
        )


Condition = Term | Group


@dataclass(frozen=True)
class Rule:
    """Which items of a level a smart playlist is about, and how many of them."""

    level: Level
    where: Group
    sort: str = ""
    limit: int | None = None
    is_once_by_guid: bool = False
    """Whether items that share a guid are listed once."""


def section_and_query(content: str) -> tuple[str, str]:
    """Return the number of the library that a playlist is about, and its query.

    Without a library, both are empty. `content` is as Plex tells it:
    `server://…/directory/` or `library://…/directory/` and a path, encoded once or
    twice.
    """
    found = _INNER.search(unquote(content.rpartition("/directory/")[2]))
    return (found[1], _decoded_once(found[2])) if found else ("", "")


def may_be_ours(query: str) -> bool:
    """Return whether a query has to do with what a run may change."""
    said = unquote(query)
    return any(field in said for field in (RATING, DATE, f"{MOOD}=", f"{MOOD}!="))


def _decoded_once(query: str) -> str:
    """Return a query whose signs are encoded once, as in a request.

    >>> _decoded_once("type=10&userRating%253E%253E%3D4")
    'type=10&userRating%3E%3E=4'
    >>> _decoded_once("type=10&userRating%3E%3E=4")
    'type=10&userRating%3E%3E=4'
    """
    is_twice = re.search("%25[0-9A-Fa-f]{2}", query) or "=" not in query
    return unquote(query) if is_twice else query


def parse(query: str, our_mood: str) -> Rule:
    """Take a query apart.

    Args:
        query: In Plex's language, its signs encoded once.
        our_mood: The number of the mood that is our tag; empty: nothing bears it.

    Raises:
        NotPreviewed: It says something that only Plex can evaluate.
    """
    pairs = [pair for pair in query.split("&") if pair]
    said = dict(map(_split, pairs))
    level = _level_of(said.get("type", str(int(Level.TRACK))))
    if "having" in said:
        raise NotPreviewed("its rule counts what is grouped (having).")
    words = [
        name if name in WORDS else _term(pair, level, our_mood)
        for pair, (name, _) in ((pair, _split(pair)) for pair in pairs)
        if name not in SETTINGS and not name.startswith("X-Plex-")
    ]
    return Rule(
        level=level,
        where=_unwrapped(_Reader(words).group()),
        sort=said.get("sort", ""),
        limit=_limit_of(said.get("limit")),
        is_once_by_guid=_is_by_guid(said.get("group")),
    )


def _unwrapped(group: Group) -> Group:
    """Return a group without brackets around all of it."""
    if len(group.parts) == 1 and isinstance(group.parts[0], Group):
        return _unwrapped(group.parts[0])
    return group


def _split(pair: str) -> tuple[str, str]:
    """Return name and value of a parameter; operators are part of the name."""
    name, _, value = pair.partition("=")
    while value.startswith("="):  # `title==x`, where nobody encoded the operator
        name, value = f"{name}=", value[1:]
    return unquote(name), unquote_plus(value)


def _level_of(value: str) -> Level:
    try:
        return Level(int(value))
    except ValueError:
        raise NotPreviewed(f"it lists what is no music (type {value}).") from None


def _limit_of(value: str | None) -> int | None:
    if value is not None and not value.isdecimal():
        raise NotPreviewed(f"its limit is {value!r}.")
    return None if value is None else int(value)


def _is_by_guid(value: str | None) -> bool:
    if value not in {None, "guid"}:
        raise NotPreviewed(f"its rule groups items by {value}.")
    return value is not None


def _term(pair: str, level: Level, our_mood: str) -> Term:
    name, value = _split(pair)
    match = _TERM.match(name)
    if not match:
        raise NotPreviewed(f"its rule holds {name!r}.")
    whose, field, sign = match.groups()
    is_ours = field in {RATING, DATE}
    if field == MOOD and our_mood in value.split(","):
        is_ours = bool(our_mood)
        if is_ours and value != our_mood:
            raise NotPreviewed("its rule asks for our tag and other moods in one go.")
    own = Level[whose.upper()] if whose else level
    return Term(pair, own, field, f"{sign}=", value, is_ours)


class _Reader:
    """Reads groups from the words of a query."""

    def __init__(self, words: Sequence[str | Term]) -> None:
        self._words = list(words)

    def group(self, depth: int = 0) -> Group:
        """Read up to the end of a group, or of the query."""
        if depth > DEEPEST:
            raise NotPreviewed("its rule is nested too deeply.")
        parts: list[Condition] = []
        joints = set()
        while self._words:
            word = self._words.pop(0)
            if isinstance(word, Term):
                parts.append(word)
            elif word == "push":
                parts.append(self.group(depth + 1))
            elif word == "pop":
                break
            else:
                joints.add(word)
        if len(joints) > 1:
            raise NotPreviewed("its rule mixes and with or, without brackets.")
        return Group(tuple(parts), joints == {"or"})


def query_of(condition: Condition) -> str:
    """Return a condition in Plex's query language.

    >>> one, two = parse("type=10&album.year=1999&or=1&track.mood=5", "").where.parts
    >>> query_of(Group((one, two), is_any=True))
    'push=1&album.year=1999&or=1&track.mood=5&pop=1'
    """
    if isinstance(condition, Term):
        return condition.text
    joint = "&or=1&" if condition.is_any else "&and=1&"
    inside = joint.join(map(query_of, condition.parts))
    return f"push=1&{inside}&pop=1" if len(condition.parts) > 1 else inside


def for_plex(group: Group) -> tuple[Group | None, tuple[Condition, ...]]:
    """Divide the parts of a group: what Plex is asked, and what we evaluate."""
    theirs = tuple(part for part in group.parts if not part.is_ours)
    ours = tuple(part for part in group.parts if part.is_ours)
    return (Group(theirs, group.is_any) if theirs else None), ours


def questions(group: Group) -> Iterator[Group]:
    """Yield all that Plex has to be asked for, to evaluate a group."""
    theirs, ours = for_plex(group)
    if theirs:
        yield theirs
    for part in ours:
        if isinstance(part, Group):
            yield from questions(part)
