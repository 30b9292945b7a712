"""The grammar of a query: terms, groups of them, and what joins them."""

from collections.abc import Callable

from tests.simulator.items import Item
from tests.simulator.messages import Refusal

Predicate = Callable[[Item], bool]
Pairs = list[tuple[str, str]]
Group = list[list[Predicate]]
"""Alternatives, each of conditions that hold together."""


def read_conditions(
    pairs: Pairs, read_term: Callable[[str, str], Predicate | None]
) -> list[Predicate]:
    """Return what all must hold of an item.

    `push` and `pop` put terms in brackets. `or` stands between two terms and joins
    less closely than `and`, which may be left out. What is no term is passed over.

    Raises:
        Refusal: The brackets do not pair up.
    """
    groups: list[Group] = [[[]]]
    for name, value in pairs:
        if name == "push":
            groups.append([[]])
        elif name == "pop" and len(groups) > 1:
            inner = _join(groups.pop())
            groups[-1][-1] += inner
        elif name == "pop":
            raise Refusal(400)
        elif name == "or":
            groups[-1].append([])
        elif term := read_term(name, value):
            groups[-1][-1].append(term)
    if len(groups) > 1:
        raise Refusal(400)
    return _join(groups[0])


def _join(group: Group) -> list[Predicate]:
    """Return the conditions of a group, which is one if there are alternatives."""
    ways = [conditions for conditions in group if conditions]
    if len(ways) > 1:
        return [lambda item: any(all(test(item) for test in way) for way in ways)]
    return ways[0] if ways else []
