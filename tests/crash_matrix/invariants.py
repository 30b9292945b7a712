"""Who changed what, told by the simulator's journal alone: nothing of ours is asked."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from engine.rating_scale import TOLERANCE
from tests.simulator.items import Item
from tests.simulator.plex import Plex
from tests.simulator.world import World
from tests.state_machine.accounts import TAG


@dataclass
class Given:
    """A rating that a person gave."""

    points: float
    after: int
    """The number of the last request that had come before."""


@dataclass
class Verdict:
    """What is to be said against a scenario."""

    overwritten: list[str] = field(default_factory=list)
    """Ratings that a person gave, and that we changed although we could know."""
    locks_in_the_moment: list[str] = field(default_factory=list)
    """Locks that a person set after our last look, and that our write undid."""
    in_the_moment: list[str] = field(default_factory=list)
    """The same, given after our last look, be it the very value that we were about
    to write: nobody could know."""
    mistaken: list[str] = field(default_factory=list)
    """Ratings of ours that passed for a person's."""
    residue: list[str] = field(default_factory=list)
    """What undo left behind, or took along."""

    marred: list[str] = field(default_factory=list)
    """Items on which a server was tried that takes no lock back."""
    faults: int = 0
    """Requests that went wrong."""
    edits: int = 0
    """Things that a person did."""
    ratings: int = 0
    """Ratings that persons had or gave."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing that could be avoided went wrong."""
        return not (self.overwritten or self.mistaken or self.residue)


class Witness:
    """Knows of each rating who gave it, and of each item how a person left it."""

    def __init__(self, plex: Plex) -> None:
        self._plex = plex
        self._world: World = plex.world
        self._guids: dict[int, str] = {}
        """By every key that there ever was."""
        self._requests: dict[int, int] = {}
        """The latest request at each change that a person made."""
        self.moods: dict[Item, list[str]] = {}
        self.locks: dict[Item, set[str]] = {}
        for item in self._world.items():
            self.notice(item)

    def notice(self, item: Item) -> None:
        """Take what an item is like for a person's wish."""
        self._guids[item.key] = item.guid
        self.moods[item] = [m for m in item.tags.get("mood", []) if m != TAG]
        self.locks[item] = set(item.locks)

    def date(self, changes: int) -> None:
        """Note when the changes since the given one were made by a person."""
        now = self._plex.log.noted
        for change in self._world.journal.changes[changes:]:
            self._requests[change.n] = now

    def ever_ours(self, guid: str) -> set[float]:
        """Return all values that we gave a guid."""
        return {
            change.after
            for change in self._world.journal.changes
            if change.what == "rating"
            and change.request is not None
            and self._guids[change.ratingKey] == guid
            and change.after is not None
        }

    def theirs(self, verdict: Verdict) -> dict[str, float]:
        """Return the ratings that are a person's now; note those that we changed."""
        given: dict[str, Given] = {}
        verdict.ratings = 0
        for change in self._world.journal.changes:
            if change.what != "rating":
                continue
            guid = self._guids[change.ratingKey]
            if change.request is None:
                given.pop(guid, None)
                if change.after is not None:
                    verdict.ratings += 1
                    given[guid] = Given(change.after, self._requests.get(change.n, 0))
            elif guid in given:
                lost = given.pop(guid)
                if change.after is None or abs(change.after - lost.points) > TOLERANCE:
                    text = f"{guid}: {lost.points} became {change.after}"
                    looked = self._looked(change.ratingKey, lost.after, change.request)
                    alike = self._sent_the_same(change.ratingKey, lost)
                    could_know = looked and not alike
                    kind = verdict.overwritten if could_know else verdict.in_the_moment
                    kind.append(f"{text} by request {change.request}")
        return {guid: rating.points for guid, rating in given.items()}

    def left(self, item: Item) -> Iterator[str]:
        """Say how the tags and locks of an item differ from what a person wished."""
        moods = item.tags.get("mood", [])
        name = f"{item.kind.label} {item.title!r} ({item.key})"
        if TAG in moods:
            yield f"{name} bears our tag"
        if {mood for mood in moods if mood != TAG} != set(self.moods[item]):
            yield f"{name} has the moods {moods}, not {self.moods[item]}"
        if (item.locks ^ self.locks[item]) - set(self.locks_lost(item)):
            yield f"{name} has the locks {item.locks}, not {self.locks[item]}"

    def _sent_the_same(self, key: int, lost: Given) -> bool:
        """Whether the next thing we sent to an item was the rating it just got."""
        for entry in self._plex.log.entries():
            if entry.n >= lost.after and entry.writes and "userRating" in entry.path:
                query = parse_qs(urlsplit(entry.path).query, keep_blank_values=True)
                if str(key) in query["id"][0].split(","):
                    sent = query.get("userRating.value", [""])[0]
                    return bool(sent) and abs(float(sent) - lost.points) <= TOLERANCE
        return False

    def locks_lost(self, item: Item) -> Iterator[str]:
        """Name the locks that a person set or took off between our look and a write."""
        by_person: dict[str, int] = {}
        for change in self._world.journal.changes:
            if change.ratingKey != item.key or change.what not in {"lock", "unlock"}:
                continue
            name = str(change.after or change.before)
            if change.request is None:
                by_person[name] = self._requests.get(change.n, 0)
            elif name in by_person:
                since = by_person.pop(name)
                if not self._looked(item.key, since, change.request):
                    yield name

    def _looked(self, key: int, since: int, until: int) -> bool:
        """Whether a client could have seen an item between two requests."""
        for entry in self._plex.log.entries():
            is_answered = entry.status == 200 and not entry.writes and entry.items
            if since < entry.n < until and is_answered:
                path = entry.path.split("?")[0]
                keys = path.rpartition("/metadata/")[2].split(",")
                if path.endswith("/all") or str(key) in keys:
                    return True
        return False
