"""What Plex's webhook tells: a rating was given, or music was added."""

import unicodedata
from dataclasses import dataclass
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
)

from engine.library import Level

LEVELS = {level.word: level for level in Level}

RATED, ADDED = "media.rate", "library.new"
"""The events that matter; Plex also tells of plays, backups and devices."""

OWNER = 1
"""The number of a server's owner in the server's own list of accounts."""

MAX_WORD = 255

Key = Annotated[int, Field(ge=0, lt=2**63)]
Word = Annotated[
    str, StringConstraints(max_length=MAX_WORD, pattern=r"^[^\x00-\x1f]*$")
]
"""A short text that any database keeps."""


class EventIgnored(Exception):
    """What came starts no run; the message says why."""


@dataclass(frozen=True)
class Account:
    """Who did it, as the event names that person."""

    number: int | None
    """1 for the owner of a server, or any number of plex.tv; None if unknown."""
    name: str
    is_owner: bool
    """Whether the event says that the server's owner did it."""


@dataclass(frozen=True)
class Event:
    """A rating that somebody gave, or an item that was added, in a music library."""

    server: str
    """The identifier of the server that tells of it."""
    account: Account
    level: Level
    guid: str
    artist: int
    """The ratingKey of the artist that the item belongs to."""
    points: float | None
    """The rating, 0 to 10; None: the item is new."""
    date: int | None
    """When it was rated or added, epoch seconds, as the event says."""

    @property
    def item(self) -> tuple[str, int | str | None, Level, str, bool]:
        """What it is about, and whose: a later event may take its place."""
        person = self.account.number or self.account.name
        return self.server, person, self.level, self.guid, self.points is None


def _whole(value: object) -> int | None:
    try:
        return int(value) if isinstance(value, int | float | str) else None
    except (ValueError, OverflowError):
        return None


def _short(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= MAX_WORD else None


MaybeInt = Annotated[int | None, BeforeValidator(_whole)]
MaybeText = Annotated[str | None, BeforeValidator(_short)]
"""Side facts: what cannot be understood is unknown."""


class _Header(BaseModel):
    event: str


class _Kind(BaseModel):
    type: MaybeText = None


class _Described(BaseModel):
    Metadata: _Kind = _Kind()


class _Item(BaseModel):
    type: str
    ratingKey: Key  # noqa: N815 (Plex's names)
    parentRatingKey: Key | None = None  # noqa: N815
    grandparentRatingKey: Key | None = None  # noqa: N815
    guid: Word = ""
    userRating: float | None = Field(None, ge=0, le=10, allow_inf_nan=False)  # noqa: N815
    lastRatedAt: MaybeInt = None  # noqa: N815
    addedAt: MaybeInt = None  # noqa: N815

    @property
    def artist(self) -> int | None:
        """The key at the top of the item's branch."""
        keys = (self.ratingKey, self.parentRatingKey, self.grandparentRatingKey)
        return keys[list(Level).index(LEVELS[self.type])]


class _Server(BaseModel):
    uuid: Word


class _Account(BaseModel):
    id: MaybeInt = None
    title: MaybeText = None


class _Told(BaseModel):
    Server: _Server
    Account: _Account = _Account()
    Metadata: _Item
    user: bool = False
    owner: bool = False


def event_of(payload: bytes | str) -> Event:
    """Return what a webhook's payload tells.

    Raises:
        EventIgnored: It tells of something that starts no run, or cannot be read.
    """
    try:
        event = _Header.model_validate_json(payload).event
    except ValidationError:
        raise EventIgnored("its payload is not one that Plex sends") from None
    if event not in {RATED, ADDED}:
        raise EventIgnored(f"it tells of {event[:40]!r}")
    try:
        kind = _Described.model_validate_json(payload).Metadata.type
        if kind not in LEVELS:
            raise EventIgnored(f"it is about {str(kind)[:40]!r}, not music")
        told = _Told.model_validate_json(payload)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise EventIgnored(f"its {where} cannot be read") from None
    return _understood(told, is_new=event == ADDED)


def _understood(told: _Told, *, is_new: bool) -> Event:
    item = told.Metadata
    if item.artist is None:
        raise EventIgnored(f"the {item.type} names no artist")
    if item.userRating is None and not is_new:
        raise EventIgnored("a rating was removed")
    is_owner = told.user and told.owner
    return Event(
        server=told.Server.uuid,
        account=Account(told.Account.id, told.Account.title or "", is_owner),
        level=LEVELS[item.type],
        guid=item.guid or f"local://{item.ratingKey}",
        artist=item.artist,
        points=None if is_new else item.userRating,
        date=item.addedAt if is_new else item.lastRatedAt,
    )


def is_account(account: Account, known: dict[str, str], wanted: str) -> bool:
    """Return whether an event is of the person whose ratings matter.

    Its number is that of the server's own list, where the owner is 1, or that of
    plex.tv, which the list does not have for the owner; then the name decides.

    Args:
        account: Who did it.
        known: The server's own accounts: name by number; the owner has "1".
        wanted: Name or number of that person; empty: the server's owner.
    """
    number, name = str(account.number), _comparable(account.name)
    if wanted:
        return _comparable(wanted) in {number, name}
    if number in known and account.number != OWNER:
        return False
    namesakes = {n for n, known_as in known.items() if _comparable(known_as) == name}
    if name and namesakes:
        return str(OWNER) in namesakes
    return account.number == OWNER or account.is_owner


def _comparable(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().strip()
