"""The query language: which items a listing shows, in which order, which page."""

import operator
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.simulator.fields import FILTERS, OPERATORS, SORTS, Field
from tests.simulator.items import Item, Kind
from tests.simulator.messages import Refusal, Request
from tests.simulator.world import World

Predicate = Callable[[Item], bool]
Test = Callable[[Any], bool]
Pairs = list[tuple[str, str]]

START, SIZE = "X-Plex-Container-Start", "X-Plex-Container-Size"
BY_KEY = {"id", "artist.id", "album.id", "track.id"}
KEPT = 8
"""How many sorted listings are remembered."""

_TERM = re.compile(r"^(?:(artist|album|track)\.)?(\w+)(\W*)$")
_AGO = re.compile(r"^-?(\d+)(mon|[smhdwy])$")
_SECONDS = {
    "s": 1,
    "m": 60,
    "h": 3_600,
    "d": 86_400,
    "w": 604_800,
    "mon": 2_592_000,
    "y": 31_536_000,
}
_NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    ">>=": operator.gt,
    "<<=": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
_STRINGS: dict[str, Callable[[str, str], bool]] = {
    "=": operator.contains,
    "==": operator.eq,
    "<=": str.startswith,
    ">=": str.endswith,
}


def kind_of(request: Request) -> Kind:
    """Return the kind that is asked for; a music section's own is the artist."""
    text = request.value("type") or ""
    return Kind(int(text)) if text in {"8", "9", "10"} else Kind.ARTIST


class Selection:
    """Answers which items fit a query; remembers some, for page after page."""

    def __init__(self, world: World, ignored: frozenset[str] = frozenset()) -> None:
        self._world = world
        self._ignored = ignored
        """Fields by which is not filtered."""
        self._kept: OrderedDict[object, list[Item]] = OrderedDict()

    def choose(self, request: Request) -> list[Item]:
        """Return all items that a listing is about, sorted."""
        account = request.account or 0
        pairs = [(k, v) for k, v in request.pairs if not k.startswith("X-Plex-")]
        key = (self._world.version, account, tuple(pairs))
        if key not in self._kept:
            self._kept[key] = self._choose(pairs, kind_of(request), account)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]

    def matching(self, pairs: Pairs, kind: Kind, account: int) -> list[Item]:
        """Return the items that fit, by ratingKey."""
        fits = FilterReader(self._world, account, kind, self._ignored).read(pairs)
        return [item for item in self._candidates(pairs, kind) if fits(item)]

    def _candidates(self, pairs: Pairs, kind: Kind) -> Iterable[Item]:
        """Return the items that may fit: the few that are named, or all."""
        view = self._world.views[kind]
        named = dict(pairs)
        texts = (named.get("id") or "").split(",")
        is_named = "or" not in named and "id" not in self._ignored
        if not is_named or not all(text.isdecimal() for text in texts):
            return view.values()
        keys = sorted({int(text) for text in texts})
        return [view[key] for key in keys if key in view]

    def _choose(self, pairs: Pairs, kind: Kind, account: int) -> list[Item]:
        items = [i for i in self.matching(pairs, kind, account) if not i.is_hidden]
        named = dict(pairs)
        terms = (named.get("sort") or "titleSort").split(",")
        if terms[-1] in BY_KEY:
            terms.pop()  # the items are in this order
        for term in reversed(terms):
            self._sort(items, term, account)
        limit = named.get("limit", "")
        return items[: int(limit)] if limit.isdecimal() else items

    def _sort(self, items: list[Item], term: str, account: int) -> None:
        """Sort in place by one term; an unknown one changes nothing."""
        column, *directions = term.split(":")
        scope, _, name = column.rpartition(".")
        read = SORTS.get(name)
        if read is None:
            return
        kinds = {kind.label: kind for kind in Kind}
        personal_of = self._world.personal_of

        def key(item: Item) -> tuple[bool, object]:
            related = item.related(kinds.get(scope, item.kind)) or [item]
            value = read(related[0], personal_of(account, related[0]))
            return value is not None, value

        items.sort(key=key, reverse="desc" in directions)
        if "nullsLast" in directions:
            items.sort(key=lambda item: not key(item)[0])


@dataclass(frozen=True, slots=True)
class Page:
    """The part of a listing that goes into one answer."""

    items: Sequence[Item]
    start: int
    total: int
    asked: bool
    """Whether the client asked for a page; only then it is told the total."""


def cut_page(items: list[Item], request: Request, cap: int | None) -> Page:
    """Return the page that the client asked for, by header or by query."""
    start, size = (
        int(text) if text and text.isdecimal() else None
        for text in (request.option(START), request.option(SIZE))
    )
    asked = request.option(START) is not None or size is not None
    start = start or 0
    most = len(items) if size is None else size
    most = min(most, cap) if cap is not None else most
    total = len(items)
    if "short_page" in request.quirks:
        most //= 2
    if "duplicate_page" in request.quirks:
        start = max(0, start - most)
    if "changing_total" in request.quirks:
        total += 1 + start // max(1, most)
    return Page(items[start : start + most], start, total, asked)


@dataclass(frozen=True)
class FilterReader:
    """Turns query parameters into a question about one item."""

    world: World
    account: int
    kind: Kind
    ignored: frozenset[str] = frozenset()
    """Fields by which is not filtered."""

    def read(self, pairs: Pairs) -> Predicate:
        """Return whether an item fits; parameters that are no field are ignored.

        Raises:
            Refusal: A field is asked with an operator that it does not have.
        """
        rest = list(pairs)
        brackets = [self._read_bracket(rest)]
        while rest:  # a `pop` without its `push`
            brackets.append(self._read_bracket(rest))
        return _combined(all, brackets)

    def _read_bracket(self, rest: Pairs) -> Predicate:
        """Consume the pairs up to the end of the present bracket."""
        alternatives: list[list[Predicate]] = [[]]
        while rest:
            name, value = rest.pop(0)
            if name == "push":
                alternatives[-1].append(self._read_bracket(rest))
            elif name == "pop":
                break
            elif name == "or":
                alternatives.append([])
            elif term := self._read_term(name, value):
                alternatives[-1].append(term)
        return _combined(any, [_combined(all, terms) for terms in alternatives])

    def _read_term(self, name: str, value: str) -> Predicate | None:
        match = _TERM.match(name)
        field = FILTERS.get(match[2]) if match else None
        if match is None or field is None or not value or field.name in self.ignored:
            return None
        sign = match[3] + "="
        if sign not in OPERATORS[field.type]:
            raise Refusal(500)
        test = self._test(field, sign.removeprefix("!"), value.split(","))
        is_wanted = not sign.startswith("!")
        scope = Kind[match[1].upper()] if match[1] else self.kind
        personal_of, account = self.world.personal_of, self.account

        def fits(item: Item) -> bool:
            return test(field.read(item, personal_of(account, item))) == is_wanted

        if scope == self.kind:
            return fits
        return lambda item: any(map(fits, item.related(scope)))

    def _test(self, field: Field, sign: str, texts: list[str]) -> Test:
        """Return whether a value of the field satisfies the operator."""
        if field.type == "tag":
            return self._tag_test(field.name, texts)
        if field.type == "boolean":
            return lambda value: value == (texts[0] == "1")
        if field.type == "string":
            wanted = [text.casefold() for text in texts]
            compare = _STRINGS[sign]
            return lambda value: any(
                compare((value or "").casefold(), text) for text in wanted
            )
        return self._number_test(field, sign, texts)

    def _tag_test(self, tag_type: str, texts: list[str]) -> Test:
        wanted = {text.casefold() for text in texts}
        number = self.world.tag_book.number
        return lambda tags: any(
            tag.casefold() in wanted or str(number(tag_type, tag)) in wanted
            for tag in tags
        )

    def _number_test(self, field: Field, sign: str, texts: list[str]) -> Test:
        bounds = [self._number(text) for text in texts]
        compare = _NUMBERS[sign]

        def test(value: float | None) -> bool:
            known = field.absent if value is None else value
            return known is not None and any(compare(known, b) for b in bounds)

        return test

    def _number(self, text: str) -> float:
        ago = _AGO.match(text)
        if ago:
            return self.world.clock() - int(ago[1]) * _SECONDS[ago[2]]
        try:
            return float(text)
        except ValueError:
            raise Refusal(400) from None


def _combined(how: Callable[..., bool], terms: list[Predicate]) -> Predicate:
    """Return whether all, or any, of the terms hold."""
    if len(terms) == 1:
        return terms[0]
    return lambda item: how(term(item) for term in terms)
