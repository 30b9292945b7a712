"""A person at a Plex, and what of it is theirs."""

from collections.abc import Iterable

from tests.simulator.items import Item, Kind
from tests.simulator.world import OWNER, World
from tests.state_machine.accounts import TAG, StoryClock, add_track
from tests.state_machine.record import Entry, Record

Own = tuple[float, int]
"""Points, and when they were given."""


class Person:
    """Rates, tags and reorganises, and remembers what is their own.

    A rating belongs to a guid and is shared by twins; moods and locks belong to
    the item, whatever key or guid it has at the moment.
    """

    def __init__(self, world: World, record: Record) -> None:
        self.world = world
        self.clock: StoryClock = world.clock
        self._record = record
        self.ratings: dict[str, Own] = {}
        self.moods: dict[Item, list[str]] = {}
        self.locks: dict[Item, set[str]] = {}
        self.former: dict[Item, list[str]] = {}
        """The guids that an item had before, latest last."""
        self.deleted: list[tuple[str, str, str, str]] = []
        """Artist, album, title and guid of tracks that are gone."""
        for item in self.items:
            self._notice(item)
            if self.rating_of(item) is not None:
                self.claim(item.guid)

    @property
    def items(self) -> list[Item]:
        return list(self.world.items())

    def rating_of(self, item: Item) -> float | None:
        return self.world.personal_of(OWNER, item).rating

    def rate(self, item: Item, points: float) -> None:
        """Rate an item; perhaps nobody can tell that it was a person."""
        at = int(self.clock())
        claims = not self._is_taken_for_ours(item, points, at)
        self.world.rate(item, points, OWNER, at)
        if claims:
            self.claim(item.guid)
        else:
            self.ratings.pop(item.guid, None)

    def clear(self, item: Item) -> None:
        self.world.rate(item, None)
        self.ratings.pop(item.guid, None)

    def tag(self, item: Item, mood: str, *, lock: bool) -> None:
        """Add a mood, and lock the moods as the web app does, or unlock them."""
        self.world.add_tags(item, "mood", [mood])
        self.world.set_lock(item, "mood", locked=lock)
        self._notice(item)

    def untag(self, item: Item) -> None:
        """Remove our tag by hand, which locks the moods as the web app does."""
        self.world.remove_tags(item, "mood", [TAG])
        self.world.set_lock(item, "mood", locked=True)
        self._notice(item)

    def rekey(self, item: Item, *, rescanned: bool) -> None:
        guid = item.guid
        self.world.rekey(item, rescanned=rescanned)
        if item.guid != guid:
            # The rating stays behind with a guid that no item will ever have.
            self.former[item].append(guid)
        self._notice(item)

    def delete(self, item: Item) -> None:
        """Delete an item with all below it; its ratings stay with the guids."""
        for track in item.related(Kind.TRACK):
            album = track.parent
            self.deleted.append(
                (album.parent.title, album.title, track.title, track.guid)
            )
        self.world.delete(item)

    def add(self, artist: str, album: str, title: str, guid: str | None = None) -> None:
        """Add a track; one with a former guid comes back with its rating."""
        above = self._find_or_add(Kind.ARTIST, artist, None)
        view = self._find_or_add(Kind.ALBUM, album, above)
        self._notice(add_track(view, self.world, title, guid=guid))

    def forget(self, guid: str) -> None:
        """Give up a rating that nobody can tell from ours any more."""
        self.ratings.pop(guid, None)

    def claim(self, guid: str) -> None:
        mine = self.world.personal[OWNER, guid]
        self.ratings[guid] = (mine.rating, mine.last_rated_at)

    def claim_untagged(self, tagged: Iterable[Item]) -> None:
        """Take all for one's own that no item marks as ours."""
        ours = {item.guid for item in tagged}
        for (account, guid), mine in self.world.personal.items():
            if account == OWNER and mine.rating is not None and guid not in ours:
                self.claim(guid)

    def check(self) -> None:
        for guid, (points, at) in self.ratings.items():
            mine = self.world.personal[OWNER, guid]
            assert (guid, mine.rating, mine.last_rated_at) == (guid, points, at)
        for item in self.items:
            moods = [mood for mood in item.tags.get("mood", []) if mood != TAG]
            assert (item.key, moods) == (item.key, self.moods[item])
            assert (item.key, item.locks) == (item.key, self.locks[item])

    def _find_or_add(self, kind: Kind, title: str, parent: Item | None) -> Item:
        for item in self.world.views[kind].values():
            if item.title == title and item.parent is parent:
                return item
        item = self.world.add(kind, title, parent)
        self._notice(item)
        return item

    def _notice(self, item: Item) -> None:
        self.moods[item] = [mood for mood in item.tags.get("mood", []) if mood != TAG]
        self.locks[item] = set(item.locks)
        self.former.setdefault(item, [])

    def _is_taken_for_ours(self, item: Item, points: float, at: int) -> bool:
        if any(
            (late.level, late.guid) == (item.kind, item.guid)
            and late.resembles(points, at)
            for late in self._record.in_doubt()
        ):
            return True
        own = self.record_of(item)
        intended = [entry for entry in own if entry.seen_at is None]
        return any(entry.resembles(points, at) for entry in intended or own)

    def has_confirmed(self, item: Item) -> bool:
        """Whether a rating of ours was seen there, beyond any promise."""
        return any(entry.seen_at is not None for entry in self.record_of(item))

    def record_of(self, item: Item) -> list[Entry]:
        """Return what is recorded of an item, or will be once it is followed.

        A confirmed rating follows its item to a new guid, and takes along the
        promise beside it; an intent alone does not know what its item is like.
        """
        entries = [e for e in self._record.entries() if e.level == item.kind]
        own = [entry for entry in entries if entry.guid == item.guid]
        if own:
            return own
        former = self.former[item]
        names = {(e.guid, e.key) for e in entries if e.seen_at is not None}
        names = {name for name in names if name[0] in former}
        return [entry for entry in entries if (entry.guid, entry.key) in names]
