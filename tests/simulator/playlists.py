"""Playlists: lists of tracks that somebody keeps, and rules that find tracks."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from tests.simulator.items import Item
from tests.simulator.journal import Journal
from tests.simulator.messages import Refusal, read_query
from tests.simulator.rules import Pairs

FIRST_PLAYLIST = 9_000_001
"""The first playlist's ratingKey, far beyond all items'."""
DIRECTORY = "/directory/"
"""Stands in a URI before a path that is encoded once more."""
AS_IT_IS = "<>!=."
"""Characters of a field's name and operator that one of the spellings leaves."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The query whose answers are the members of a smart playlist."""

    path: str
    """Of the listing that is asked."""
    pairs: Pairs
    root: str
    """What its URI begins with: `server://…` or `library://…`."""

    @property
    def content(self) -> str:
        """The URI, as the playlist's own page has it.

        The two kinds differ: after one decoding, operators are plain text in the
        one, and still encoded in the other.
        """
        safe = AS_IT_IS if self.root.startswith("server") else "."
        query = "&".join(
            f"{quote(name, safe=safe)}={quote(value, safe=',:')}"
            for name, value in self.pairs
        )
        return f"{self.root}{DIRECTORY}{quote(f'{self.path}?{query}', safe='')}"


def read_uri(uri: str, roots: Iterable[str]) -> tuple[str, str]:
    """Return with which root a URI begins, and the path and query that it names.

    Raises:
        Refusal: It begins with none of them.
    """
    for root in roots:
        path = uri.removeprefix(root)
        if path != uri and path.startswith(DIRECTORY):
            return root, unquote(path.removeprefix(DIRECTORY))
        if path != uri:
            return root, path
    raise Refusal(400)


def read_rule(target: str, root: str) -> Rule:
    """Return the rule that a path with a query stands for."""
    path, _, query = target.partition("?")
    return Rule(path, read_query(query), root)


@dataclass(frozen=True, slots=True)
class Member:
    """One place in a playlist."""

    item: Item
    number: int | None = None
    """Its `playlistItemID`; the members that a rule finds have none."""


@dataclass(slots=True, eq=False)
class Playlist:
    """One playlist of one account."""

    key: int
    account: int
    title: str
    rule: Rule | None
    """Of a smart playlist."""
    added_at: int
    updated_at: int
    summary: str = ""
    members: list[Member] = field(default_factory=list)
    """Put there by hand, in their order."""


class Playlists:
    """The playlists of all accounts; whatever happens to them is in the journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._known: dict[int, Playlist] = {}
        self._next_key = FIRST_PLAYLIST
        self._next_number = 1

    def all(self) -> list[Playlist]:
        """Return everybody's playlists, by ratingKey."""
        return list(self._known.values())

    def find(self, key: int, account: int) -> Playlist | None:
        """Return a playlist, unless it is somebody else's."""
        found = self._known.get(key)
        return found if found and found.account == account else None

    def create(
        self, account: int, title: str, rule: Rule | None, now: float
    ) -> Playlist:
        """Make a playlist without members."""
        key, self._next_key = self._next_key, self._next_key + 1
        playlist = Playlist(key, account, title, rule, int(now), int(now))
        self._known[key] = playlist
        self._note(playlist, "created", None, title)
        return playlist

    def delete(self, playlist: Playlist) -> None:
        """Delete a playlist; its tracks stay."""
        del self._known[playlist.key]
        self._note(playlist, "deleted", playlist.title, None)

    def rename(self, playlist: Playlist, title: str, now: float) -> None:
        """Give a playlist another title."""
        self._note(playlist, "title", playlist.title, title)
        playlist.title, playlist.updated_at = title, int(now)

    def describe(self, playlist: Playlist, summary: str, now: float) -> None:
        """Give a playlist another summary."""
        self._note(playlist, "summary", playlist.summary, summary)
        playlist.summary, playlist.updated_at = summary, int(now)

    def set_rule(self, playlist: Playlist, rule: Rule, now: float) -> None:
        """Let a smart playlist follow another rule."""
        before = playlist.rule.content if playlist.rule else None
        self._note(playlist, "rule", before, rule.content)
        playlist.rule, playlist.updated_at = rule, int(now)

    def append(self, playlist: Playlist, items: list[Item], now: float) -> None:
        """Add items at the end; one that is there already is there twice then."""
        numbers = range(self._next_number, self._next_number + len(items))
        self._next_number = numbers.stop
        added = map(Member, items, numbers)
        self.arrange(playlist, [*playlist.members, *added], now)

    def arrange(self, playlist: Playlist, members: list[Member], now: float) -> None:
        """Replace the members put there by hand."""
        before = [member.item.key for member in playlist.members]
        after = [member.item.key for member in members]
        self._note(playlist, "items", before, after)
        playlist.members, playlist.updated_at = members, int(now)

    def forget(self, item: Item) -> None:
        """Take an item that is gone out of all playlists."""
        for playlist in self._known.values():
            playlist.members = [m for m in playlist.members if m.item is not item]

    def _note(
        self, playlist: Playlist, what: str, before: object, after: object
    ) -> None:
        self._journal.note(
            playlist.key, f"playlist {what}", before, after, playlist.account
        )
