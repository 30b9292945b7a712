"""Who changed what, told by the simulator's journal alone: nothing of ours is asked."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from engine.rating_scale import TOLERANCE
from tests.lives.process import LOOKS_LAST, Wire
from tests.simulator.items import Item
from tests.simulator.journal import Change
from tests.simulator.world import OWNER, World
from tests.state_machine.accounts import TAG


@dataclass
class Given:
    """A rating that a person gave."""

    points: float
    after: int
    """The number of the last request that had come before."""
    at: float
    """When, in seconds since the life began."""


@dataclass
class Verdict:
    """What is to be said against a life."""

    overwritten: list[str] = field(default_factory=list)
    """Ratings that a person gave, and that we changed although we could know."""
    mistaken: list[str] = field(default_factory=list)
    """Ratings of ours that passed for a person's."""
    residue: list[str] = field(default_factory=list)
    """What undo left behind, or took along."""
    broken: list[str] = field(default_factory=list)
    """Other promises: one writer, no request without ids, a tag at each rating."""
    locks_in_the_moment: list[str] = field(default_factory=list)
    """Locks that a person set after our last look, and that our write undid."""
    in_the_moment: list[str] = field(default_factory=list)
    """Ratings given after our last look, be it the very value that we were about to
    write: nobody could know."""
    damaged: list[str] = field(default_factory=list)
    """Items on which a server was tried that takes no lock back."""
    struck: Counter[str] = field(default_factory=Counter)
    """What went wrong, or came in between, by its name."""
    reached: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Owner of a rating, kind of server, and what struck the run before."""
    acts: int = 0
    """Things that a person did."""
    ratings: int = 0
    """Ratings that persons had or gave."""
    runs: int = 0

    FAULTS = ("overwritten", "mistaken", "residue", "broken")

    @property
    def faults(self) -> list[str]:
        """All that should not be."""
        return [
            f"{name}: {text}" for name in self.FAULTS for text in getattr(self, name)
        ]

    @property
    def is_clean(self) -> bool:
        """Whether nothing that could be avoided went wrong."""
        return not self.faults


class Witness:
    """Knows of each rating who gave it, and of each item how a person left it."""

    def __init__(self, wire: Wire, account: int = OWNER) -> None:
        self._wire = wire
        self._plex = wire.plex
        self._world: World = wire.plex.world
        self._account = account
        self._guids: dict[int, str] = {}
        """By every key that there ever was."""
        self._when: dict[int, tuple[int, float]] = {}
        """The latest request, and the time, at each change that a person made."""
        self.moods: dict[Item, set[str]] = {}
        self.locks: dict[Item, set[str]] = {}
        self.rescanned: dict[Item, set[str]] = {}
        """Moods that went with a re-scan: we may have them on record, and give them."""
        self.untagged: set[str] = set()
        """Guids from which a person took our tag."""
        self._meet()

    def _meet(self) -> None:
        """Take what new items are like for a person's wish."""
        for item in self._world.items():
            self._guids[item.key] = item.guid
            if item not in self.moods:
                self.moods[item] = set(item.tags.get("mood", [])) - {TAG}
                self.locks[item] = set(item.locks)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Take what the block changes for a person's wish."""
        before = len(self._world.journal.changes)
        yield
        now = self._plex.log.noted, self._wire.time.passed
        changes = self._world.journal.changes[before:]
        has_new_key = any(change.what == "rekeyed" for change in changes)
        for change in changes:
            self._when[change.n] = now
            item = self._world.find(change.ratingKey or 0)
            if item in self.moods:
                wishes = self.locks if "lock" in change.what else self.moods
                if change.what in {"mood+", "lock"} and change.after != TAG:
                    wishes[item].add(change.after)
                elif change.what in {"mood-", "unlock"}:
                    wishes[item].discard(change.before)
                if change.what == "mood-" and has_new_key:
                    self.rescanned.setdefault(item, set()).add(change.before)
        self._meet()

    def ever_ours(self, guid: str) -> set[float]:
        """Return all values that we gave a guid."""
        return {
            change.after
            for change in self._ratings()
            if change.request is not None
            and self._guids[change.ratingKey or 0] == guid
            and change.after is not None
        }

    def is_ours(self, guid: str) -> bool:
        """Whether we gave the rating that stands there."""
        of_item = [c for c in self._ratings() if self._guids[c.ratingKey or 0] == guid]
        return bool(of_item) and of_item[-1].request is not None

    def _ratings(self) -> Iterator[Change]:
        for change in self._world.journal.changes:
            if change.what == "rating" and change.account == self._account:
                yield change

    def theirs(self, verdict: Verdict) -> dict[str, float]:
        """Return the ratings that are a person's now; note those that we changed."""
        given: dict[str, Given] = {}
        verdict.ratings = 0
        for change in self._ratings():
            guid = self._guids[change.ratingKey or 0]
            if change.request is None:
                given.pop(guid, None)
                if change.after is not None:
                    verdict.ratings += 1
                    since = self._when.get(change.n, (0, 0.0))
                    given[guid] = Given(change.after, *since)
            elif guid in given:
                lost = given.pop(guid)
                if change.after is None or abs(change.after - lost.points) > TOLERANCE:
                    text = f"{guid}: {lost.points} became {change.after}"
                    could_know = self._could_know(change, lost)
                    kind = verdict.overwritten if could_know else verdict.in_the_moment
                    kind.append(f"{text} by request {change.request}")
        return {guid: rating.points for guid, rating in given.items()}

    def _could_know(self, change: Change, lost: Given) -> bool:
        """Whether somebody who looks as often as we promise would have known."""
        request, key = change.request or 0, change.ratingKey or 0
        sent = self._wire.sent_at.get(request, 0.0)
        if sent < lost.at or self._sent_the_same(key, lost):
            return False
        until = self._wire.looked_before.get(request, request)
        looked = self._looked(key, lost.after, until)
        return looked or sent > lost.at + LOOKS_LAST

    def broken_promises(self, *, tags: bool) -> Iterator[str]:
        """Say which promises about requests were broken, and about `tags` if given."""
        for change in self._world.journal.changes:
            if change.what == "EDIT WITHOUT ID":
                yield f"request {change.request} would edit everything"
        last = {self._guids[c.ratingKey or 0]: c for c in self._ratings()}
        ours = {
            guid
            for guid, change in last.items()
            if change.request is not None
            and change.after is not None
            and change.request not in self._wire.late
        }
        lost = Verdict()
        self.theirs(lost)  # where a person rated, a guarded tag was spared
        ours -= {text.partition(": ")[0] for text in lost.in_the_moment}
        ours -= {  # a request on its way took the tag off what was rated since
            self._guids[change.ratingKey or 0]
            for change in self._world.journal.changes
            if (change.what, change.before) == ("mood-", TAG)
            and change.request in self._wire.late
        }
        bearing = {i.guid for i in self._world.items() if TAG in i.tags.get("mood", [])}
        here = {item.guid for item in self._world.items()}
        for guid in sorted((ours & here) - bearing - self.untagged) if tags else ():
            yield f"{guid} holds a rating of ours and no tag"

    def left(self, item: Item) -> Iterator[str]:
        """Say how the tags and locks of an item differ from what a person wished."""
        moods = item.tags.get("mood", [])
        name = f"{item.kind.label} {item.title!r} ({item.key})"
        if TAG in moods:
            yield f"{name} bears our tag"
        own = {mood for mood in moods if mood != TAG}
        if (
            not self.moods[item]
            <= own
            <= self.moods[item] | self.rescanned.get(item, set())
        ):
            yield f"{name} has the moods {moods}, not {self.moods[item]}"
        if (item.locks ^ self.locks[item]) - set(self.locks_lost(item)):
            yield f"{name} has the locks {item.locks}, not {self.locks[item]}"

    def _sent_the_same(self, key: int, lost: Given) -> bool:
        """Whether the next thing we sent to an item was the rating it just got."""
        for entry in self._plex.log.entries():
            query = parse_qs(urlsplit(entry.path).query, keep_blank_values=True)
            sent = (query.get("userRating.value") or query.get("rating") or [None])[0]
            keys = (query.get("id") or query.get("key") or [""])[0].split(",")
            is_rating = entry.writes and sent is not None and str(key) in keys
            if entry.n >= lost.after and is_rating:
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
                by_person[name] = self._when.get(change.n, (0, 0.0))[0]
            elif name in by_person:
                since = by_person.pop(name)
                until = self._wire.looked_before.get(change.request, change.request)
                if not self._looked(item.key, since, until):
                    yield name

    def _looked(self, key: int, since: int, until: int) -> bool:
        """Whether a client could have seen an item between two requests."""
        for entry in self._plex.log.entries():
            is_answered = entry.status == 200 and not entry.writes and entry.items
            is_heard = is_answered and entry.n not in self._wire.unheard
            if since < entry.n < until and is_heard:
                path = entry.path.split("?")[0]
                keys = path.rpartition("/metadata/")[2].split(",")
                if path.endswith("/all") or str(key) in keys:
                    return True
        return False
