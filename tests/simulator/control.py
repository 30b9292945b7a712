"""The simulator's own side: looks behind the server and plays its user."""

import json
import os
import pickle
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.simulator.items import Item, Kind
from tests.simulator.messages import Answer
from tests.simulator.plex import Plex
from tests.simulator.world import OWNER, Activity, World

PREFIX = "/__simulator__/"
Json = dict[str, Any]


class Control:
    """Answers the requests below `/__simulator__/`; they are not logged."""

    def __init__(self, plex: Plex) -> None:
        self._plex = plex
        self._world = plex.world
        self._orders: dict[tuple[str, str], Callable[[Any], object]] = {
            ("GET", "dump"): lambda _: dump(plex.world),
            ("GET", "log"): lambda _: plex.log.as_json(),
            ("DELETE", "log"): lambda _: plex.log.clear(),
            ("GET", "counts"): lambda _: plex.log.counts(),
            ("GET", "journal"): lambda _: plex.world.journal.as_json(),
            ("GET", "faults"): lambda _: plex.faults.as_json(),
            ("POST", "faults"): plex.faults.set,
            ("POST", "rate"): self._rate,
            ("POST", "clock"): self._set_clock,
            ("POST", "mood"): self._edit_mood,
            ("POST", "attributes"): self._set_attributes,
            ("POST", "listed"): self._set_listed,
            ("POST", "rekey"): self._rekey,
            ("POST", "delete"): self._delete,
            ("POST", "add"): self._add,
            ("POST", "restart"): self._restart,
            ("POST", "scan"): self._scan,
            ("POST", "die"): self._die,
        }

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """Carry out an order."""
        order = self._orders.get((method, path.removeprefix(PREFIX)))
        if order is None:
            return _json({"error": "no such order"}, 404)
        try:
            with self._world.lock:
                return _json(order(json.loads(body or b"{}")))
        except (KeyError, TypeError, ValueError) as error:
            return _json({"error": repr(error)}, 400)

    def _rate(self, order: Json) -> None:
        item = self._item(order["ratingKey"])
        before = self._world.personal_of(OWNER, item).last_rated_at or 0
        now = int(self._world.clock())
        self._world.rate(item, order["rating"], OWNER, now + (now == before))

    def _set_clock(self, order: Json) -> None:
        self._world.clock.ahead = float(order["ahead"])

    def _edit_mood(self, order: Json) -> None:
        item = self._item(order["ratingKey"])
        if order.get("add"):
            self._world.add_tags(item, "mood", [order["add"]])
        if order.get("remove"):
            self._world.remove_tags(item, "mood", [order["remove"]])
        self._world.set_lock(item, "mood", locked=order.get("lock", True))

    def _set_attributes(self, order: Json) -> None:
        item = self._item(order["ratingKey"])
        self._world.oddities.attributes[item.key] = order["attributes"]

    def _set_listed(self, order: Json) -> None:
        item = self._item(order["ratingKey"])
        unlisted = self._world.oddities.unlisted
        (unlisted.discard if order["listed"] else unlisted.add)(item.key)

    def _rekey(self, order: Json) -> Json:
        rescanned = order.get("rescan", False)
        items = [self._item(key) for key in order["ratingKeys"]]
        pairs = [(i.key, self._world.rekey(i, rescanned=rescanned)) for i in items]
        return {"ratingKeys": {str(old): new for old, new in pairs}}

    def _delete(self, order: Json) -> None:
        for item in [self._item(key) for key in order["ratingKeys"]]:
            self._world.delete(item)

    def _add(self, order: Json) -> Json:
        artist = self._find_or_add(Kind.ARTIST, order["artist"], None)
        album = self._find_or_add(Kind.ALBUM, order["album"], artist)
        first = len(album.children) + 1
        now = int(self._world.clock())
        tracks = []
        for index, track in enumerate(order["tracks"], first):
            facts = {"title": track} if isinstance(track, str) else track
            facts = {"index": index, "duration": 180_000, "added_at": now} | facts
            tracks.append(self._world.add(Kind.TRACK, parent=album, **facts))
            self._world.journal.note(tracks[-1].key, "added", None, tracks[-1].title)
        keys = [track.key for track in tracks]
        return {"artist": artist.key, "album": album.key, "tracks": keys}

    def _restart(self, order: Json) -> None:
        self._plex.down_until = self._world.clock() + order["seconds"]

    def _scan(self, order: Json) -> None:
        until = self._world.clock() + order["seconds"]
        title = f"Scanning {self._world.name}"
        scan = Activity("library.update.section", title, until)
        self._world.activities.append(scan)

    def _die(self, order: Json) -> None:
        """Keep the library for another process, and end as a power cut does."""
        Path(order["path"]).write_bytes(pickle.dumps(self._world))
        os.kill(os.getpid(), signal.SIGKILL)

    def _item(self, key: int) -> Item:
        item = self._world.find(key)
        if item is None:
            raise ValueError(f"no item {key}")
        return item

    def _find_or_add(self, kind: Kind, title: str, parent: Item | None) -> Item:
        for item in self._world.views[kind].values():
            if item.title == title and item.parent is parent:
                return item
        now = int(self._world.clock())
        item = self._world.add(kind, title, parent, added_at=now)
        self._world.journal.note(item.key, "added", None, title)
        return item


def dump(world: World) -> Json:
    """Return the whole state, with what no client is told."""
    return {
        "machineIdentifier": world.machine_identifier,
        "uuid": world.uuid,
        **{
            f"{kind.label}s": [_dump_item(world, item) for item in view.values()]
            for kind, view in world.views.items()
        },
    }


def _dump_item(world: World, item: Item) -> Json:
    mine = world.personal_of(OWNER, item)
    above = item.parent
    return {
        "ratingKey": item.key,
        "guid": item.guid,
        "title": item.title,
        "titleSort": item.title_sort,
        "parentRatingKey": above.key if above else None,
        "grandparentRatingKey": above.parent.key if above and above.parent else None,
        "critic": item.critic,
        "userRating": mine.rating,
        "lastRatedAt": mine.last_rated_at,
        "moods": item.tags.get("mood", []),
        "locks": sorted(item.locks),
        "year": item.year,
        "duration": item.duration,
        "viewCount": mine.view_count,
        "truth": item.truth,
    }


def _json(value: object, status: int = 200) -> Answer:
    body = json.dumps({} if value is None else value).encode()
    return Answer(status, body, "application/json")
