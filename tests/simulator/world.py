"""A music library and its rules: what a rating, a tag edit or a re-scan changes."""

import hashlib
import threading
import time
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.simulator.items import LOCAL, Item, Kind, Personal, TagBook, file_title
from tests.simulator.journal import Journal
from tests.simulator.playlists import Playlists

OWNER = 1
SHARED = 2
FIRST_KEY = 1001
RELEASE = "1.43.0.10467-2b1ba6e69"
PAST = 1_700_000_000
"""When the library was made: everything given at the start is older (epoch s)."""
ONE_IN_LOCAL = 7
NOBODY = Personal()


class Clock:
    """What time it is for a server, which may be wrong about it."""

    def __init__(self, read: Callable[[], float] = time.time) -> None:
        self._read = read
        self.ahead = 0.0
        """Seconds by which it is ahead of what it reads."""

    def __call__(self) -> float:
        """Return the time in epoch seconds; it never goes back behind 1970."""
        return max(1.0, self._read() + self.ahead)

    def jump(self, seconds: float) -> None:
        """Set the clock forward, or back if negative."""
        self.ahead += seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass; even no sleep at all would let another thread go first."""
        if seconds:
            time.sleep(seconds)


@dataclass(slots=True)
class Activity:
    """Something the server is busy with until a moment (epoch s)."""

    type: str
    title: str
    until: float


class World:
    """The state of one server with one music section.

    Hold `lock` around whatever reads or writes while other threads do.
    """

    name = "Music"
    section = 1
    machine_identifier = hashlib.sha1(name.encode()).hexdigest()  # noqa: S324 - a name

    def __init__(self, *, unrating_keeps_date: bool = False, created: int = 1) -> None:
        """Begin with an empty library.

        Args:
            unrating_keeps_date: Whether `lastRatedAt` stays when a rating is taken
                back; nobody knows what a real server does.
            created: How often the library was created anew, each time with another
                UUID.
        """
        self.unrating_keeps_date = unrating_keeps_date
        self.clock = Clock()
        self.lock = threading.RLock()
        self.journal = Journal()
        self.tag_book = TagBook()
        self.views: dict[Kind, dict[int, Item]] = {kind: {} for kind in Kind}
        self.personal: dict[tuple[int, str], Personal] = {}
        self.playlists = Playlists(self.journal)
        self.activities: list[Activity] = []
        self.version = 0
        """Grows with every change, so that sorted listings can be kept."""
        self.release = RELEASE
        """The version of the server."""
        self.uuid = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.name} {created}"))
        self._next_key = FIRST_KEY

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what only means something in this process."""
        return {k: v for k, v in self.__dict__.items() if k != "lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Go on where another process ended."""
        self.__dict__ |= state | {"lock": threading.RLock()}

    def find(self, key: int) -> Item | None:
        """Return the item with a ratingKey."""
        return next((view[key] for view in self.views.values() if key in view), None)

    def items(self) -> Iterator[Item]:
        """Yield artists, then albums, then tracks, each by ratingKey."""
        for view in self.views.values():
            yield from view.values()

    def personal_of(self, account: int, item: Item) -> Personal:
        """Return what an account did with an item, for reading only."""
        return self.personal.get((account, item.guid), NOBODY)

    def remember(self, item: Item, account: int = OWNER) -> Personal:
        """Return what an account did with an item, to be written on."""
        return self.personal.setdefault((account, item.guid), Personal())

    def begin(self, type_: str, title: str, seconds: float) -> None:
        """Make the server busy for a while."""
        self.activities.append(Activity(type_, title, self.clock() + seconds))

    def running(self) -> list[Activity]:
        """Return what the server is busy with now."""
        now = self.clock()
        return [activity for activity in self.activities if activity.until > now]

    def add(
        self,
        kind: Kind,
        title: str,
        parent: Item | None = None,
        guid: str | None = None,
        **facts: Any,
    ) -> Item:
        """Add an item; a guid given twice makes twins that share their ratings."""
        key = self._next_key
        tags = facts.pop("tags", {})
        item = Item(key, kind, guid or self._new_guid(kind, key), title, parent)
        item.title_sort = file_title(title)
        for name, fact in ({"added_at": PAST} | facts).items():
            setattr(item, name, fact)
        if item.updated_at is None and not item.is_local:
            item.updated_at = item.added_at
        for tag_type, texts in tags.items():
            item.tags[tag_type] = [self.tag_book.spell(tag_type, t) for t in texts]
        if parent is not None:
            parent.children.append(item)
        self._file(item)
        return item

    def rate(
        self, item: Item, points: float | None, account: int = OWNER, at: int = 0
    ) -> None:
        """Rate everything that carries the item's guid; None takes it back."""
        mine = self.remember(item, account)
        item.make_rating_readable()
        before = (mine.rating, mine.last_rated_at)
        mine.rating = points
        if points is not None:
            mine.last_rated_at = at or int(self.clock())
        elif not self.unrating_keeps_date:
            mine.last_rated_at = None
        if before != (mine.rating, mine.last_rated_at):
            self._note(item, "rating", before[0], points, account)

    def add_tags(self, item: Item, tag_type: str, texts: Iterable[str]) -> None:
        """Add tags that the item does not carry yet."""
        mine = item.tags.setdefault(tag_type, [])
        for text in texts:
            spelling = self.tag_book.spell(tag_type, text)
            if spelling not in mine:
                mine.append(spelling)
                self._touch(item)
                self._note(item, f"{tag_type}+", None, spelling)

    def remove_tags(self, item: Item, tag_type: str, texts: Iterable[str]) -> None:
        """Remove tags; one that the item does not carry is no mistake."""
        mine = item.tags.get(tag_type, [])
        for text in texts:
            spelling = self.tag_book.spell(tag_type, text)
            if spelling in mine:
                mine.remove(spelling)
                self._touch(item)
                self._note(item, f"{tag_type}-", spelling, None)

    def set_lock(self, item: Item, name: str, *, locked: bool) -> None:
        """Keep a metadata refresh from changing a field, or let it."""
        if locked and name not in item.locks:
            item.locks.add(name)
            self._note(item, "lock", None, name)
        elif not locked and name in item.locks:
            item.locks.remove(name)
            self._note(item, "unlock", name, None)

    def delete(self, item: Item) -> None:
        """Delete an item with all below it, and parents that are left empty."""
        for child in list(item.children):
            self.delete(child)
        parent = item.parent
        if self.views[item.kind].pop(item.key, None) is None:
            return  # its last child has already taken it along
        self.playlists.forget(item)
        self._note(item, "deleted", item.title, None)
        if parent is not None:
            parent.children.remove(item)
            if not parent.children:
                self.delete(parent)

    def merge(self, item: Item, into: Item) -> None:
        """Put all that is below an item below another one; the item goes."""
        for child in list(item.children):
            item.children.remove(child)
            child.parent = into
            into.children.append(child)
            self._note(child, "moved", item.key, into.key)
        self.delete(item)

    def rekey(self, item: Item, *, rescanned: bool = False) -> int:
        """Give an item a new ratingKey and return it.

        A local guid follows the key, so that its ratings stay behind with the
        old one. A re-scan makes the item anew: its moods and locks are gone, and it
        is in no playlist any more.
        """
        before = item.key
        del self.views[item.kind][before]
        item.key = self._next_key
        if item.is_local:
            item.guid = f"{LOCAL}{item.key}"
        self._file(item)
        self._note(item, "rekeyed", before, item.key)
        if rescanned:
            item.added_at = int(self.clock())
            self.playlists.forget(item)
            self.remove_tags(item, "mood", list(item.tags.get("mood", [])))
            for name in sorted(item.locks):
                self.set_lock(item, name, locked=False)
        return item.key

    def _file(self, item: Item) -> None:
        self.views[item.kind][item.key] = item
        self._next_key = item.key + 1
        self.version += 1

    def _new_guid(self, kind: Kind, key: int) -> str:
        if kind == Kind.TRACK and zlib.crc32(str(key).encode()) % ONE_IN_LOCAL == 0:
            return f"{LOCAL}{key}"
        name = f"{self.name}/{key}".encode()
        return (
            f"plex://{kind.label}/{hashlib.blake2b(name, digest_size=12).hexdigest()}"
        )

    def _touch(self, item: Item) -> None:
        item.updated_at = int(self.clock())

    def _note(
        self,
        item: Item,
        what: str,
        before: object,
        after: object,
        account: int | None = None,
    ) -> None:
        self.version += 1
        self.journal.note(item.key, what, before, after, account)
