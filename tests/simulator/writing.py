"""Answers the requests that change the library."""

import math
import re
from urllib.parse import unquote

from tests.simulator.filters import Selection
from tests.simulator.items import TAG_TYPES, Item
from tests.simulator.messages import Answer, Refusal, Request
from tests.simulator.options import Latency
from tests.simulator.rules import Pairs
from tests.simulator.world import OWNER, World

MOST_POINTS = 10
CLEAR = -1
LOCKABLE = {*TAG_TYPES, "userRating", "title", "titleSort", "summary", "thumb", "art"}

_EDIT = re.compile(r"^(\w+)\.(value|locked)$")
_ADD = re.compile(r"^(\w+)\[\d+\]\.tag\.tag$")
_REMOVE = re.compile(r"^(\w+)\[\]\.tag\.tag-$")


class Writing:
    """The writes that a server accepts; each happens under the world's lock."""

    def __init__(self, world: World, selection: Selection) -> None:
        self._world = world
        self._selection = selection

    def rate(self, request: Request) -> Answer:
        """Rate one item, or take its rating back."""
        key, points = _read_rating(request)
        item = self._world.find(key)
        if item is None:
            raise Refusal(404)
        account = request.account or OWNER
        self._world.rate(item, None if points == CLEAR else points, account)
        return Answer(items=1)

    def edit(self, request: Request) -> Answer:
        """Edit the fields, locks and tags of all items that fit the query."""
        request = _with_quirks(request)
        items = self._selection.matching(request.pairs, request.account or OWNER)
        if not request.value("id"):
            self._world.journal.note(None, "EDIT WITHOUT ID", len(items), request.shown)
        edits = [(name, value) for name, value in request.pairs if is_edit(name)]
        for item in items:
            if "replace_tags" in request.quirks:
                self._drop_replaced(item, edits)
            for name, value in edits:
                self._edit(request, item, name, value)
        return Answer(items=len(items))

    def _drop_replaced(self, item: Item, edits: Pairs) -> None:
        """Remove the tags that a server would lose if new ones replaced them."""
        added = [(m[1], text) for name, text in edits if (m := _ADD.match(name))]
        for tag_type in {tag_type for tag_type, _ in added}:
            new = {text.casefold() for _, text in added}
            old = [t for t in item.tags.get(tag_type, []) if t.casefold() not in new]
            self._world.remove_tags(item, tag_type, old)

    def _edit(self, request: Request, item: Item, name: str, value: str) -> None:
        """Apply one parameter to one item; an unknown field changes nothing."""
        if match := _ADD.match(name):
            if match[1] in TAG_TYPES and value:
                self._world.add_tags(item, match[1], [value])
        elif match := _REMOVE.match(name):
            if match[1] in TAG_TYPES:
                texts = [unquote(text) for text in value.split(",") if text]
                self._world.remove_tags(item, match[1], texts)
        elif match := _EDIT.match(name):
            if name == "userRating.value":
                self._rate(request, item, value)
            elif match[2] == "locked" and match[1] in LOCKABLE:
                locked = value == "1" or "lock_fields" in request.quirks
                self._world.set_lock(item, match[1], locked=locked)

    def _rate(self, request: Request, item: Item, value: str) -> None:
        try:
            points = float(value) if value else None
        except ValueError:
            raise Refusal(400) from None
        self._world.rate(item, points, request.account or OWNER)


def _read_rating(request: Request) -> tuple[int, float]:
    """Return the key and the points.

    Raises:
        Refusal: A parameter is missing, malformed or out of range.
    """
    key, rating = request.value("key"), request.value("rating")
    if not key or not rating or not request.value("identifier"):
        raise Refusal(400)
    try:
        number, points = int(key), float(rating)
    except ValueError:
        raise Refusal(400) from None
    is_rating = math.isfinite(points) and 0 <= points <= MOST_POINTS
    if not is_rating and points != CLEAR:
        raise Refusal(400)
    return number, points


def is_edit(name: str) -> bool:
    """Whether a query parameter edits, rather than filters."""
    return any(pattern.match(name) for pattern in (_EDIT, _ADD, _REMOVE))


def seconds_of(request: Request, latency: Latency) -> float:
    """Return how long the database is busy with a write."""
    edits = [name for name, _ in request.pairs if is_edit(name)]
    rates = request.path == "/:/rate" or "userRating.value" in edits
    tags = any(not name.startswith("userRating.") for name in edits)
    tags |= request.path.startswith("/playlists")
    items = len((request.value("id") or request.value("uri") or "").split(","))
    of_tags = tags * (latency.tag + latency.tag_item * items)
    return (latency.rate * rates + of_tags) / 1000


def _with_quirks(request: Request) -> Request:
    """Misunderstand a request in the ways that were ordered."""
    keys = [key for key in (request.value("id") or "").split(",") if key]
    if "ignore_batch_rating" in request.quirks and len(keys) > 1:
        request.pairs = [p for p in request.pairs if not p[0].startswith("userRating.")]
    if "ignore_guard" in request.quirks:
        request.pairs = [p for p in request.pairs if "lastRatedAt" not in p[0]]
    if "first_id_only" in request.quirks and keys:
        rest = [pair for pair in request.pairs if pair[0] != "id"]
        request.pairs = [*rest, ("id", keys[0])]
    return request
