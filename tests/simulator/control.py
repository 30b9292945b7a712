"""The simulator's own side: looks behind the server and plays its user."""

import json
import os
import pickle
import signal
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.simulator.filters import Selection
from tests.simulator.items import Item, Kind
from tests.simulator.messages import Answer
from tests.simulator.playlist_pages import members_of, roots_of, section_path
from tests.simulator.playlists import Playlist, read_rule
from tests.simulator.plex import Plex
from tests.simulator.world import OWNER, World

Json = dict[str, Any]


class Control:
    """What a test may ask of a simulator, or do to it; clients notice nothing."""

    def __init__(self, plex: Plex) -> None:
        self._plex = plex
        self._world = plex.world

    def dump(self) -> Json:
        """Return the whole state, with what no client is told."""
        return dump(self._world)

    def log(self) -> list[Json]:
        """Return the requests since the log was cleared."""
        return self._plex.log.as_json()

    def clear_log(self) -> None:
        """Forget the requests, and so the counts."""
        self._plex.log.clear()

    def counts(self) -> dict[str, int]:
        """Return how many reads, writes and items written are in the log."""
        return self._plex.log.counts()

    def journal(self) -> list[Json]:
        """Return every change of state since the start."""
        return [asdict(change) for change in self._world.journal.changes]

    def faults(self, rules: list[Json]) -> None:
        """Replace what goes wrong."""
        self._plex.faults.set(rules)

    def faults_met(self) -> list[Json]:
        """Return what goes wrong now, and how often each rule was met."""
        return self._plex.faults.as_json()

    def rate(self, key: int, points: float | None) -> None:
        """Let the user rate an item, or take the rating back with None."""
        item = self._item(key)
        before = self._world.personal_of(OWNER, item).last_rated_at or 0
        now = int(self._world.clock())
        self._world.rate(item, points, OWNER, now + (now == before))

    def mood(
        self,
        key: int,
        *,
        add: str | None = None,
        remove: str | None = None,
        lock: bool = True,
    ) -> None:
        """Let the user edit moods, which locks them as the web app does."""
        item = self._item(key)
        self._world.add_tags(item, "mood", [add] if add else [])
        self._world.remove_tags(item, "mood", [remove] if remove else [])
        self._world.set_lock(item, "mood", locked=lock)

    def set_attributes(self, key: int, **attributes: str | None) -> None:
        """Send these attributes of an item instead of its own; none: its own again.

        The text is XML source, sent as it is (`userRating="7,5"`, `title="A&#4;B"`);
        None leaves the attribute out. Once somebody rates the item anew, its
        `userRating` and `lastRatedAt` are its own again.
        """
        self._item(key).odd_attributes = attributes

    def hide(self, key: int) -> None:
        """Leave an item out of all listings, as stray tracks' albums are."""
        self._item(key).is_hidden = True
        self._world.version += 1

    def show(self, key: int) -> None:
        """List an item again."""
        self._item(key).is_hidden = False
        self._world.version += 1

    def rekey(self, keys: list[int], *, rescan: bool = False) -> dict[int, int]:
        """Give items new ratingKeys; return old → new."""
        items = [self._item(key) for key in keys]
        return {i.key: self._world.rekey(i, rescanned=rescan) for i in items}

    def delete(self, keys: list[int]) -> None:
        """Delete items with all below them."""
        for item in [self._item(key) for key in keys]:
            self._world.delete(item)

    def add(self, artist: str, album: str, tracks: list[str | Json]) -> Json:
        """Add tracks to an album, made if need be; return the ratingKeys."""
        above = self._find_or_add(Kind.ARTIST, artist, None)
        below = self._find_or_add(Kind.ALBUM, album, above)
        keys = []
        for track in tracks:
            facts = {"title": track} if isinstance(track, str) else track
            index = len(below.children) + 1
            facts = {"index": index, "duration": 180_000} | facts
            keys.append(self._add_now(Kind.TRACK, parent=below, **facts).key)
        return {"artist": above.key, "album": below.key, "tracks": keys}

    def add_playlist(
        self,
        title: str,
        *,
        items: list[int] | None = None,
        rule: str | None = None,
        spelling: str = "server",
    ) -> int:
        """Let the user make a playlist; return its ratingKey.

        Args:
            title: Its title.
            items: The ratingKeys of its tracks, unless it is to be a smart one.
            rule: The query of a smart one, as in `type=10&userRating>>=8`.
            spelling: How the server tells the rule: `server` or `library`.
        """
        store, now = self._world.playlists, self._world.clock()
        target = f"{section_path(self._world)}?{rule}"
        root = roots_of(self._world)[spelling]
        followed = read_rule(target, root) if rule else None
        tracks = [self._item(key) for key in items or []]
        playlist = store.create(OWNER, title, followed, now)
        if tracks:
            store.append(playlist, tracks, now)
        return playlist.key

    def playlists(self) -> list[Json]:
        """Return everybody's playlists, with their members as they are now."""
        selection = Selection(self._world, self._plex.options.ignored_filters)
        found = self._world.playlists.all()
        return [_dump_playlist(playlist, selection) for playlist in found]

    def set_clock(self, ahead: float) -> None:
        """Let the server's clock be wrong, by seconds; it keeps no other time."""
        self._world.clock.ahead = float(ahead)

    def restart(self, seconds: float) -> None:
        """Let the server be away for a while."""
        self._plex.down_until = self._world.clock() + seconds

    def scan(self, seconds: float) -> None:
        """Let the server scan its library for a while."""
        title = f"Scanning {self._world.name}"
        self._world.begin("library.update.section", title, seconds)

    def die(self, path: str) -> None:
        """Keep the library for another process, and end as a power cut does."""
        Path(path).write_bytes(pickle.dumps(self._world))
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
        return self._add_now(kind, title, parent)

    def _add_now(
        self, kind: Kind, title: str, parent: Item | None, **facts: Any
    ) -> Item:
        facts = {"added_at": int(self._world.clock())} | facts
        item = self._world.add(kind, title, parent, **facts)
        self._world.journal.note(item.key, "added", None, title)
        return item


def carry_out(control: Control, order: str, body: bytes) -> Answer:
    """Call a method of the control side with arguments that came as JSON."""
    method = None if order.startswith("_") else getattr(control, order, None)
    if method is None:
        return _json({"error": "no such order"}, 404)
    try:
        values, named = json.loads(body)
        with control._world.lock:  # noqa: SLF001 - as if it were a method
            return _json(method(*values, **named))
    except (KeyError, TypeError, ValueError) as error:
        return _json({"error": repr(error)}, 400)


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
        "moods": list(item.tags.get("mood", [])),
        "locks": sorted(item.locks),
        "year": item.year,
        "duration": item.duration,
        "viewCount": mine.view_count,
        "truth": item.truth,
    }


def _dump_playlist(playlist: Playlist, selection: Selection) -> Json:
    members = members_of(playlist, selection)
    return {
        "ratingKey": playlist.key,
        "account": playlist.account,
        "title": playlist.title,
        "summary": playlist.summary,
        "smart": playlist.rule is not None,
        "content": playlist.rule.content if playlist.rule else None,
        "items": [member.item.key for member in members],
    }


def _json(value: object, status: int = 200) -> Answer:
    body = json.dumps(value).encode()
    return Answer(status, body, "application/json")
