"""The query language: which items a listing shows, in which order, which page."""

import operator
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Generic, TypeVar

from tests.simulator.fields import FILTERS, OPERATORS, RANDOM, SORTS, Field
from tests.simulator.items import Item, Kind
from tests.simulator.messages import Refusal, Request
from tests.simulator.rules import Pairs, Predicate, read_conditions
from tests.simulator.world import World

Test = Callable[[Any], bool]
Shown = TypeVar("Shown")
"""What a page is of."""

START, SIZE = "X-Plex-Container-Start", "X-Plex-Container-Size"
KEPT = 8
"""How many sorted listings are remembered."""

_TERM = re.compile(r"^(?:(artist|album|track)\.)?(\w+)(\W*)$")
_AGO = re.compile(r"^-(\d+)(mon|[smhdwy])$")
_SECONDS = {
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "w": 7 * 86_400,
    "mon": 30 * 86_400,
    "y": 365 * 86_400,
}
"""Of the units in which a moment lies back."""
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


def kind_of(pairs: Pairs) -> Kind:
    """Return the kind that is asked for; a music section's own is the artist."""
    text = next((value for name, value in pairs if name == "type"), "")
    return Kind(int(text)) if text in {"8", "9", "10"} else Kind.ARTIST


class Selection:
    """Answers which items fit a query; remembers some, for page after page."""

    def __init__(self, world: World, ignored: frozenset[str] = frozenset()) -> None:
        self._world = world
        self._ignored = ignored
        """Fields by which is not filtered."""
        self._kept: OrderedDict[object, list[Item]] = OrderedDict()
        self._random = Random(0)  # noqa: S311 - must be repeatable

    def choose(self, pairs: Pairs, account: int) -> list[Item]:
        """Return all items that a listing is about, sorted."""
        pairs = [(k, v) for k, v in pairs if not k.startswith("X-Plex-")]
        if any(_is_fleeting(name, value) for name, value in pairs):
            return self._choose(pairs, account)
        key = (self._world.version, account, tuple(pairs))
        if key not in self._kept:
            self._kept[key] = self._choose(pairs, account)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]

    def matching(self, pairs: Pairs, account: int) -> list[Item]:
        """Return the items that fit, by ratingKey.

        Raises:
            Refusal: The query makes no sense to the server.
        """
        kind = kind_of(pairs)
        terms = read_conditions(
            pairs, lambda name, value: self._read_term(name, value, kind, account)
        )
        candidates = self._candidates(pairs, kind)
        return [item for item in candidates if all(term(item) for term in terms)]

    def _candidates(self, pairs: Pairs, kind: Kind) -> Iterable[Item]:
        """Return the items that may fit: the few that are named, or all."""
        view = self._world.views[kind]
        named = dict(pairs)
        texts = (named.get("id") or "").split(",")
        is_named = "id" not in self._ignored and "or" not in named
        if not is_named or not all(text.isdecimal() for text in texts):
            return view.values()
        keys = sorted({int(text) for text in texts})
        return [view[key] for key in keys if key in view]

    def _choose(self, pairs: Pairs, account: int) -> list[Item]:
        items = [i for i in self.matching(pairs, account) if not i.is_hidden]
        named = dict(pairs)
        self._sort(items, named.get("sort", "titleSort"), account)
        if named.get("group") == "guid":
            firsts: dict[str, Item] = {}
            for item in items:
                firsts.setdefault(item.guid, item)
            items = list(firsts.values())
        limit = named.get("limit", "")
        return items[: int(limit)] if limit.isdecimal() else items

    def _sort(self, items: list[Item], sort: str, account: int) -> None:
        """Sort by columns, the first of which counts most; ties by ratingKey."""
        columns = [] if sort == "id" else sort.split(",")  # in whose order they are
        for column in reversed(columns):
            name, _, direction = column.partition(":")
            scope, _, field = name.rpartition(".")
            if field == RANDOM:
                self._random.shuffle(items)
            elif field in SORTS:
                self._sort_by(items, scope, field, direction, account)

    def _sort_by(
        self, items: list[Item], scope: str, field: str, direction: str, account: int
    ) -> None:
        """Sort by one column, which may be of what is above an item."""
        read, personal_of = SORTS[field], self._world.personal_of
        absent_last = direction == "nullsLast"
        level = _scope_of(scope)

        def key(item: Item) -> tuple[bool, object]:
            if level is not None and level < item.kind:
                item = next(iter(item.related(level)), item)
            value = read(item, personal_of(account, item))
            return (value is not None) != absent_last, value

        items.sort(key=key, reverse=direction == "desc")

    def _read_term(
        self, name: str, value: str, kind: Kind, account: int
    ) -> Predicate | None:
        """Return what a query parameter asks of an item; none if it is no field.

        Raises:
            Refusal: A field is asked with an operator that it does not have, or
                something is asked of groups.
        """
        if name == "having":
            raise Refusal(400)
        match = _TERM.match(name)
        field = FILTERS.get(match[2]) if match else None
        if match is None or field is None or not value or field.name in self._ignored:
            return None
        sign = match[3] + "="
        if sign not in OPERATORS[field.type]:
            raise Refusal(500)
        test = self._test(field, sign.removeprefix("!"), value.split(","))
        is_wanted = not sign.startswith("!")
        scope = _scope_of(match[1]) or kind
        personal_of = self._world.personal_of

        def fits(item: Item) -> bool:
            return test(field.read(item, personal_of(account, item))) == is_wanted

        if scope == kind:
            return fits
        return lambda item: any(map(fits, item.related(scope)))

    def _test(self, field: Field, sign: str, texts: list[str]) -> Test:
        """Return whether a value of the field satisfies the operator."""
        if field.type == "tag":
            return self._tag_test(field.name, texts)
        if field.type == "string":
            wanted = [text.casefold() for text in texts]
            compare = _STRINGS[sign]
            return lambda value: any(
                compare((value or "").casefold(), text) for text in wanted
            )
        return self._number_test(field, sign, texts)

    def _tag_test(self, tag_type: str, texts: list[str]) -> Test:
        wanted = {text.casefold() for text in texts}
        number = self._world.tag_book.number
        return lambda tags: any(
            tag.casefold() in wanted or str(number(tag_type, tag)) in wanted
            for tag in tags
        )

    def _number_test(self, field: Field, sign: str, texts: list[str]) -> Test:
        is_date = field.type == "date"
        try:
            bounds = [self._moment(text) if is_date else float(text) for text in texts]
        except ValueError:
            raise Refusal(400) from None
        # "Is in the last month" is what `=` means where a moment lies back.
        is_since = is_date and sign == "=" and all(map(_AGO.match, texts))
        compare = _NUMBERS[">>=" if is_since else sign]

        def test(value: float | None) -> bool:
            known = field.absent if value is None else value
            return known is not None and any(compare(known, b) for b in bounds)

        return test

    def _moment(self, text: str) -> float:
        """Return a date in epoch seconds, which may be told by how far it lies back."""
        match = _AGO.match(text)
        if match is None:
            return float(text)
        return self._world.clock() - int(match[1]) * _SECONDS[match[2]]


def _scope_of(label: str | None) -> Kind | None:
    """Return the kind that stands before a field's name, such as `album`."""
    return next((kind for kind in Kind if kind.label == label), None)


def _is_fleeting(name: str, value: str) -> bool:
    """Whether a part of a query gives something else each time."""
    return (name == "sort" and RANDOM in value) or any(
        map(_AGO.match, value.split(","))
    )


@dataclass(frozen=True, slots=True)
class Page(Generic[Shown]):
    """The part of a listing that goes into one answer."""

    items: Sequence[Shown]
    start: int
    total: int
    asked: bool
    """Whether the client asked for a page; only then it is told the total."""


def cut_page(items: list[Shown], request: Request, cap: int | None) -> Page[Shown]:
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
