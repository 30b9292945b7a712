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
KEPT = 8
"""How many sorted listings are remembered."""

_TERM = re.compile(r"^(?:(artist|album|track)\.)?(\w+)(\W*)$")
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
        terms = [self._read_term(n, value, kind, account) for n, value in pairs]
        known = [term for term in terms if term]
        candidates = self._candidates(pairs, kind)
        return [item for item in candidates if all(term(item) for term in known)]

    def _candidates(self, pairs: Pairs, kind: Kind) -> Iterable[Item]:
        """Return the items that may fit: the few that are named, or all."""
        view = self._world.views[kind]
        named = dict(pairs)
        texts = (named.get("id") or "").split(",")
        if "id" in self._ignored or not all(text.isdecimal() for text in texts):
            return view.values()
        keys = sorted({int(text) for text in texts})
        return [view[key] for key in keys if key in view]

    def _choose(self, pairs: Pairs, kind: Kind, account: int) -> list[Item]:
        items = [i for i in self.matching(pairs, kind, account) if not i.is_hidden]
        named = dict(pairs)
        column, _, direction = named.get("sort", "titleSort").partition(":")
        read = SORTS.get(column.rpartition(".")[2])
        if read and column != "id":  # in whose order they are
            personal_of = self._world.personal_of

            def key(item: Item) -> tuple[bool, object]:
                value = read(item, personal_of(account, item))
                return value is not None, value

            items.sort(key=key, reverse=direction == "desc")
        limit = named.get("limit", "")
        return items[: int(limit)] if limit.isdecimal() else items

    def _read_term(
        self, name: str, value: str, kind: Kind, account: int
    ) -> Predicate | None:
        """Return what a query parameter asks of an item; none if it is no field.

        Raises:
            Refusal: A field is asked with an operator that it does not have.
        """
        match = _TERM.match(name)
        field = FILTERS.get(match[2]) if match else None
        if match is None or field is None or not value or field.name in self._ignored:
            return None
        sign = match[3] + "="
        if sign not in OPERATORS[field.type]:
            raise Refusal(500)
        test = self._test(field, sign.removeprefix("!"), value.split(","))
        is_wanted = not sign.startswith("!")
        scope = Kind[match[1].upper()] if match[1] else kind
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
        try:
            bounds = [float(text) for text in texts]
        except ValueError:
            raise Refusal(400) from None
        compare = _NUMBERS[sign]

        def test(value: float | None) -> bool:
            known = field.absent if value is None else value
            return known is not None and any(compare(known, b) for b in bounds)

        return test


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
