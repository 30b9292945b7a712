"""Rules of smart playlists in words, as people read and type them."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from engine.errors import UsageError
from engine.library import Level
from engine.playlists.rules import Condition, Group, Rule, Term


@dataclass(frozen=True)
class Field:
    """Something that a rule may ask for."""

    name: str
    """In Plex's query language."""
    kind: str
    """`stars`, `number`, `tag`, `text` or `date`."""
    level: Level = Level.TRACK
    """Of whose it is, if nobody says so."""


FIELDS = {
    "rating": Field("userRating", "stars"),
    "critic rating": Field("rating", "stars", Level.ALBUM),
    "genre": Field("genre", "tag", Level.ALBUM),
    "style": Field("style", "tag", Level.ALBUM),
    "mood": Field("mood", "tag"),
    "collection": Field("collection", "tag", Level.ALBUM),
    "label": Field("label", "tag"),
    "title": Field("title", "text"),
    "year": Field("year", "number", Level.ALBUM),
    "decade": Field("decade", "number", Level.ALBUM),
    "plays": Field("viewCount", "number"),
    "skips": Field("skipCount", "number"),
    "last played": Field("lastViewedAt", "date"),
    "last rated": Field("lastRatedAt", "date"),
    "added": Field("addedAt", "date"),
}
"""By what people call them."""

_NUMBER = {
    "is not": "!=",
    "is greater than": ">>=",
    "is less than": "<<=",
    "is": "=",
    "!=": "!=",
    ">=": ">=",
    "<=": "<=",
    ">": ">>=",
    "<": "<<=",
    "=": "=",
}
SIGNS = {
    "stars": _NUMBER,
    "number": _NUMBER,
    "tag": {"is not": "!=", "is": "=", "!=": "!=", "=": "="},
    "text": {
        "does not contain": "!=",
        "contains": "=",
        "is not": "!==",
        "is": "==",
        "begins with": "<=",
        "ends with": ">=",
    },
    "date": {
        "is not in the last": "<<=",
        "is in the last": ">>=",
        "is before": "<<=",
        "is after": ">>=",
    },
}
"""By kind of field: what is said, and its sign. The first of two is how it is shown."""

UNITS = {"d": "day", "w": "week", "mon": "month", "y": "year", "h": "hour"}

Names = Callable[[Level, str], Mapping[str, str]]
"""Gives the numbers of all tags of a kind, by their names in lower case."""


def in_words(rule: Rule, names: Names) -> str:
    """Return what a rule says, as Plex shows it to people."""
    said = _group_in_words(rule.where, names) or "everything"
    if rule.sort:
        said += f", sorted by {rule.sort}"
    return said + (f", at most {rule.limit}" if rule.limit is not None else "")


def _group_in_words(group: Group, names: Names) -> str:
    joint = " or " if group.is_any else " and "
    return joint.join(_in_words(part, names) for part in group.parts)


def _in_words(part: Condition, names: Names) -> str:
    if isinstance(part, Group):
        inside = _group_in_words(part, names)
        return f"({inside})" if len(part.parts) > 1 else inside
    found = next((w for w, f in FIELDS.items() if f.name == part.field), part.field)
    kind = FIELDS[found].kind if found in FIELDS else "number"
    verb = next((v for v, s in SIGNS[kind].items() if s == part.sign), part.sign)
    value = _value_in_words(part, kind, names)
    if kind == "date" and not part.value.startswith("-"):
        verb = {">>=": "is after", "<<=": "is before"}.get(part.sign, part.sign)
    return f"{part.level.word} {found} {verb} {value}"


def _value_in_words(term: Term, kind: str, names: Names) -> str:
    if kind == "tag":
        known = {number: name for name, number in names(term.level, term.field).items()}
        return ", ".join(known.get(one, one) for one in term.value.split(","))
    relative = re.fullmatch(r"-(\d+)([a-z]+)", term.value)
    if kind == "date" and relative and relative[2] in UNITS:
        return f"{relative[1]} {UNITS[relative[2]]}{'s' * (relative[1] != '1')}"
    try:
        number = float(term.value)
    except ValueError:
        return term.value
    if kind == "stars":
        return f"{number / 2:g}★"
    if kind == "date" and number > 0:
        return _day(number) or term.value
    return term.value


def _day(seconds: float) -> str:
    """Return a date; empty if there is no such year."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return ""


def query_of_words(text: str, names: Names) -> str:
    """Return what people typed as a query for tracks.

    >>> query_of_words("rating > 3.5 and year is 1999", lambda *_: {})
    'type=10&push=1&track.userRating%3E%3E=7&and=1&album.year=1999&pop=1'

    Raises:
        UsageError: It is not understood.
    """
    reader = _Reader(text, names)
    query = reader.either()
    if reader.words:
        raise UsageError(
            f"--where: {reader.words[0]!r} comes where nothing may follow."
        )
    return f"type={Level.TRACK:d}&{query}"


_WORD = re.compile(r"\"[^\"]*\"|'[^']*'|[<>!]=|[<>=()]|[^\s<>=()\"]+")


class _Reader:
    """Reads conditions, word by word."""

    def __init__(self, text: str, names: Names) -> None:
        self.words = _WORD.findall(text)
        self._names = names
        if "".join("".join(self.words).split()) != "".join(text.split()):
            raise UsageError(f"--where: a quotation mark is not closed in {text!r}.")

    def either(self) -> str:
        """Read conditions of which any must hold."""
        return self._joined("or", self._all)

    def _all(self) -> str:
        return self._joined("and", self._one)

    def _joined(self, word: str, read: Callable[[], str]) -> str:
        parts = [read()]
        while self._takes(word):
            parts.append(read())
        inside = f"&{word}=1&".join(parts)
        return f"push=1&{inside}&pop=1" if len(parts) > 1 else inside

    def _one(self) -> str:
        if self._takes("("):
            inside = self.either()
            if not self._takes(")"):
                raise UsageError("--where: a bracket is not closed.")
            return inside
        whose = next((w for w in (x.word for x in Level) if self._takes(w)), "")
        field = FIELDS[self._longest(FIELDS, "field")]
        verb = self._longest(SIGNS[field.kind], "comparison")
        level = Level[whose.upper()] if whose else field.level
        return self._term(field, level, verb)

    def _term(self, field: Field, level: Level, verb: str) -> str:
        said, sign = " ".join(self._value()), SIGNS[field.kind][verb]
        value = self._read_value(field, level, verb, said)
        own = f"{level.word}.{field.name}"
        if sign in {">=", "<="} and field.kind != "text":  # Plex has no such sign
            return f"push=1&{own}{quote(sign[0] * 2)}={value}&or=1&{own}={value}&pop=1"
        return f"{own}{quote(sign[:-1], safe='!')}={value}"

    def _read_value(self, field: Field, level: Level, verb: str, said: str) -> str:
        if not said:
            raise UsageError(f"--where: nothing follows {verb!r}.")
        if field.kind == "tag":
            return self._number_of(field, level, said)
        if field.kind == "text":
            return quote(said)
        if field.kind == "date":
            return _date(said, is_relative="in the last" in verb)
        return _number(said, 2 if field.kind == "stars" else 1)

    def _number_of(self, field: Field, level: Level, said: str) -> str:
        known = self._names(level, field.name)
        if said.casefold() not in known:
            some = ", ".join(sorted(known)[:10]) or "none at all"
            raise UsageError(
                f"--where: no {level.word} of this library has the {field.name} "
                f"{said!r}. There are: {some}."
            )
        return known[said.casefold()]

    def _value(self) -> Iterator[str]:
        """Take the words up to the next condition."""
        while self.words and self.words[0].casefold() not in {"and", "or", ")"}:
            word = self.words.pop(0)
            is_quoted = len(word) > 1 and word[0] == word[-1] and word[0] in "\"'"
            yield word[1:-1] if is_quoted else word

    def _takes(self, *words: str) -> bool:
        """Take these words if they come next."""
        ahead = [word.casefold() for word in self.words[: len(words)]]
        if ahead != list(words):
            return False
        del self.words[: len(words)]
        return True

    def _longest(self, known: Mapping[str, object], what: str) -> str:
        for one in sorted(known, key=len, reverse=True):
            if self._takes(*one.split()):
                return one
        found = self.words[0] if self.words else "the end"
        raise UsageError(
            f"--where: {found!r} is no {what}. Write one of: {', '.join(known)}."
        )


def _number(said: str, per_unit: int) -> str:
    bare = re.sub(r"(★|\s*stars?)$", "", said)
    if not re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,6})?", bare):
        raise UsageError(f"--where: {said!r} is no number.")
    return f"{float(bare) * per_unit:.10g}"


def _date(said: str, *, is_relative: bool) -> str:
    if is_relative:
        found = re.fullmatch(r"(\d+) (hour|day|week|month|year)s?", said)
        if not found:
            raise UsageError(f"--where: {said!r} is no time. Write one as in 6 months.")
        unit = next(short for short, word in UNITS.items() if word == found[2])
        return f"-{found[1]}{unit}"
    try:
        return f"{datetime.fromisoformat(said).replace(tzinfo=UTC).timestamp():.0f}"
    except ValueError:
        raise UsageError(f"--where: {said!r} is no date such as 2026-11-28.") from None


def kinds_of(conditions: Sequence[Condition]) -> set[tuple[Level, str]]:
    """Return of which levels and kinds tags are named in conditions."""
    found = set()
    for one in conditions:
        if isinstance(one, Group):
            found |= kinds_of(one.parts)
        elif any(f.name == one.field and f.kind == "tag" for f in FIELDS.values()):
            found.add((one.level, one.field))
    return found
