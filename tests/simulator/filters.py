"""Understands the query language in which a client asks for some of the items."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.simulator.fields import FILTERS, OPERATORS, Field
from tests.simulator.items import Item, Kind
from tests.simulator.messages import Refusal
from tests.simulator.world import World

Predicate = Callable[[Item], bool]
Test = Callable[[Any], bool]
Pairs = list[tuple[str, str]]

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
        predicate = self._read_bracket(rest)
        while rest:  # a `pop` without its `push`
            predicate = _all_of([predicate, self._read_bracket(rest)])
        return predicate

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
        return _any_of([_all_of(terms) for terms in alternatives])

    def _read_term(self, name: str, value: str) -> Predicate | None:
        match = _TERM.match(name)
        field = FILTERS.get(match[2]) if match else None
        if match is None or field is None or not value or field.name in self.ignored:
            return None
        operator = match[3] + "="
        if operator not in OPERATORS[field.type]:
            raise Refusal(500)
        test = self._test(field, operator, value.split(","))
        scope = Kind[match[1].upper()] if match[1] else self.kind
        personal_of, account = self.world.personal_of, self.account

        def fits(item: Item) -> bool:
            return test(field.read(item, personal_of(account, item)))

        if scope == self.kind:
            return fits
        return lambda item: any(fits(one) for one in item.related(scope))

    def _test(self, field: Field, operator: str, texts: list[str]) -> Test:
        """Return whether a value of the field satisfies the operator."""
        if operator.startswith("!"):
            test = self._test(field, operator[1:], texts)
            return lambda value: not test(value)
        match field.type:
            case "tag":
                return self._tag_test(field.name, texts)
            case "string":
                return _string_test(operator, texts)
            case "boolean":
                return lambda value: value == (texts[0] == "1")
        return self._number_test(field, operator, texts)

    def _tag_test(self, tag_type: str, texts: list[str]) -> Test:
        wanted = {text.casefold() for text in texts}
        number = self.world.tag_book.number

        def test(tags: list[str]) -> bool:
            return any(
                tag.casefold() in wanted or str(number(tag_type, tag)) in wanted
                for tag in tags
            )

        return test

    def _number_test(self, field: Field, operator: str, texts: list[str]) -> Test:
        bounds = [self._number(text) for text in texts]
        compare: Callable[[float, float], bool] = {
            "=": lambda value, bound: value == bound,
            ">>=": lambda value, bound: value > bound,
            "<<=": lambda value, bound: value < bound,
            ">=": lambda value, bound: value >= bound,
            "<=": lambda value, bound: value <= bound,
        }[operator]

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


def _string_test(operator: str, texts: list[str]) -> Test:
    wanted = [text.casefold() for text in texts]
    compare: Callable[[str, str], bool] = {
        "=": lambda value, part: part in value,
        "==": lambda value, part: value == part,
        "<=": str.startswith,
        ">=": str.endswith,
    }[operator]
    return lambda value: any(compare((value or "").casefold(), w) for w in wanted)


def _all_of(terms: list[Predicate]) -> Predicate:
    if len(terms) == 1:
        return terms[0]
    return lambda item: all(term(item) for term in terms)


def _any_of(terms: list[Predicate]) -> Predicate:
    if len(terms) == 1:
        return terms[0]
    return lambda item: any(term(item) for term in terms)
