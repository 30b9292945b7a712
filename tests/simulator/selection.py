"""Which items a listing shows, in which order, and which part of them at a time."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.simulator.fields import SORTS
from tests.simulator.filters import FilterReader, Pairs
from tests.simulator.items import Item, Kind
from tests.simulator.messages import Request
from tests.simulator.world import World

START, SIZE = "X-Plex-Container-Start", "X-Plex-Container-Size"
BY_KEY = {"id", "artist.id", "album.id", "track.id"}
KEPT = 8
"""How many sorted listings are remembered."""


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
        unlisted = self._world.oddities.unlisted
        items = self._kept[key]
        return [i for i in items if i.key not in unlisted] if unlisted else items

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
        items = self.matching(pairs, kind, account)
        named = dict(pairs)
        terms = (named.get("sort") or "titleSort").split(",")
        if terms[-1] in BY_KEY:
            terms.pop()  # the shelves stand in this order
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
    start = _whole(request.option(START)) or 0
    size = _whole(request.option(SIZE))
    asked = request.option(START) is not None or size is not None
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


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
