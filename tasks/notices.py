"""What Plex's webhook tells: somebody just gave a rating."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints, ValidationError

from engine.library import Level

LEVELS = {level.word: level for level in Level}
OWNER = 1
"""The number of the server's owner in notices."""

Key = Annotated[int, Field(ge=0, lt=2**63)]
Word = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00-\x1f]*$")]
"""A short text that any database keeps."""


class NoticeInvalid(ValueError):
    """What came is no notice of Plex."""


@dataclass(frozen=True)
class Notice:
    """A rating that somebody gave to an item of a music library."""

    server: str
    """The identifier of the server that tells of it."""
    is_owner: bool
    """Whether the server's owner gave it."""
    level: Level
    guid: str
    artist: int
    """The ratingKey of the artist that the item belongs to."""
    points: float | None
    """None: a rating was taken away."""


class _Event(BaseModel):
    event: str


class _Server(BaseModel):
    uuid: Word


class _Account(BaseModel):
    id: int


class _Kind(BaseModel):
    type: str


class _Any(BaseModel):
    Metadata: _Kind


class _Item(BaseModel):
    type: str
    ratingKey: Key  # noqa: N815 (Plex's names)
    parentRatingKey: Key | None = None  # noqa: N815
    grandparentRatingKey: Key | None = None  # noqa: N815
    guid: Word = ""
    userRating: float | None = Field(None, ge=0, le=10, allow_inf_nan=False)  # noqa: N815

    @property
    def artist(self) -> int | None:
        """The key at the top of the item's branch."""
        keys = (self.ratingKey, self.parentRatingKey, self.grandparentRatingKey)
        return keys[list(Level).index(LEVELS[self.type])]


class _Rating(BaseModel):
    Server: _Server
    Account: _Account
    Metadata: _Item


def notice_of(payload: str) -> Notice | None:
    """Return the rating that a webhook's payload tells of; None: of something else.

    Raises:
        NoticeInvalid: It is not what Plex sends.
    """
    try:
        if _Event.model_validate_json(payload).event != "media.rate":
            return None
        if _Any.model_validate_json(payload).Metadata.type not in LEVELS:
            return None  # a film, say
        told = _Rating.model_validate_json(payload)
    except ValidationError:
        raise NoticeInvalid("This is no payload of Plex.") from None
    item = told.Metadata
    if item.artist is None:
        raise NoticeInvalid("The item names no artist.")
    return Notice(
        server=told.Server.uuid,
        is_owner=told.Account.id == OWNER,
        level=LEVELS[item.type],
        guid=item.guid or f"local://{item.ratingKey}",
        artist=item.artist,
        points=item.userRating,
    )
