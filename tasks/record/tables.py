"""The shadow state as tables: what we wrote, what was there, what is under way.

library ─┬─ run          one execution of a flow
         ├─ shadow       a rating in Plex that is ours, one a guid
         ├─ intent       a write that is not yet seen in Plex, or may arrive late
         ├─ given        a rating that was written for a person, and what stood there
         ├─ asked        a track that a person was asked to rate
         ├─ playlist     a playlist of ours
         ├─ mark         what an item's tags and locks were before we came
         └─ lease        who may write at the moment
server                   what a Plex server can be trusted with
"""

from sqlalchemy import (
    BigInteger,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The registry of all tables."""


class LibraryRow(Base):
    """A library as one account sees it; nothing is ever shared between two."""

    __tablename__ = "library"
    __table_args__ = (UniqueConstraint("server", "uuid", "account"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    server: Mapped[str] = mapped_column(String(128))
    uuid: Mapped[str] = mapped_column(String(128))
    account: Mapped[str] = mapped_column(String(128))
    title: Mapped[str] = mapped_column(Text)
    odd_are_theirs: Mapped[bool] = mapped_column(server_default=false())
    """Whether a person said that ratings which are no half stars are theirs."""


class LibraryColumns:
    """A row that belongs to one library."""

    library_id: Mapped[int] = mapped_column(ForeignKey("library.id"), primary_key=True)


class RunRow(Base, LibraryColumns):
    """One live run; a retry of it goes on with what it took as given."""

    __tablename__ = "run"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    started_at: Mapped[float] = mapped_column(Float)
    finished_at: Mapped[float | None] = mapped_column(Float)
    mean: Mapped[float] = mapped_column(Float)
    """The library mean at the start, points."""
    constants: Mapped[str] = mapped_column(Text)
    """The model's constants, JSON."""
    summary: Mapped[str | None] = mapped_column(Text)
    """What came of it, JSON."""
    fit: Mapped[str | None] = mapped_column(Text)
    """What the hierarchical model learned, JSON; none: the classic model inferred."""


class ItemColumns(LibraryColumns):
    """A row about an item, known by level and guid; the key is a hint."""

    level: Mapped[int] = mapped_column(primary_key=True)
    guid: Mapped[str] = mapped_column(String(255), primary_key=True)
    key: Mapped[int] = mapped_column(BigInteger)
    phase: Mapped[int]
    run_id: Mapped[str] = mapped_column(String(64))


class ConfidenceColumns:
    """How sure we were of a value when we gave it; none: nobody can say."""

    sd: Mapped[float | None] = mapped_column(Float)
    """Standard deviation, points."""
    low: Mapped[float | None] = mapped_column(Float)
    """Lower bound of the 80 % interval, points."""
    high: Mapped[float | None] = mapped_column(Float)
    """Its upper bound."""
    ratings: Mapped[int | None] = mapped_column(Integer)
    """How many ratings it rests on."""
    good: Mapped[float | None] = mapped_column(Float)
    """Probability of 3 stars or more."""
    poor: Mapped[float | None] = mapped_column(Float)
    """Probability of 2 stars or fewer."""
    confidence: Mapped[float | None] = mapped_column(Float)
    """0 as without any rating, 1 beyond doubt."""


class ShadowRow(Base, ItemColumns, ConfidenceColumns):
    """A rating in Plex that is ours."""

    __tablename__ = "shadow"

    value: Mapped[float] = mapped_column(Float)
    """What we wrote, points."""
    written_at: Mapped[float] = mapped_column(Float)
    """By our clock, epoch seconds."""
    seen_at: Mapped[int] = mapped_column(BigInteger)
    """Plex's lastRatedAt when it was confirmed; another one means a person. 0: there
    was none, negative: it could not be meant."""
    fingerprint: Mapped[str] = mapped_column(String(32))
    """Artist, album, title and duration, to find the item under a new guid."""


class IntentRow(Base, ConfidenceColumns):
    """A write that we make and have not yet seen in Plex.

    One of a guid is what the record goes by; those in doubt may arrive beside it.
    """

    __tablename__ = "intent"
    __table_args__ = (Index("ix_intent_item", "library_id", "level", "guid"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("library.id"))
    level: Mapped[int]
    guid: Mapped[str] = mapped_column(String(255))
    key: Mapped[int] = mapped_column(BigInteger)
    phase: Mapped[int]
    run_id: Mapped[str] = mapped_column(String(64))
    before: Mapped[float | None] = mapped_column(Float)
    """What Plex held, points; none: unrated."""
    after: Mapped[float | None] = mapped_column(Float)
    """What it is to hold, points; none: only the tag was sent."""
    state: Mapped[int]
    """An `IntentState`."""
    since: Mapped[float] = mapped_column(Float)
    """When it came into that state, by our clock, epoch seconds."""


class GivenRow(Base):
    """A rating that was written for a person, who gave it in a file: it is theirs.

    It only tells what stood there before, for an undo of the run that wrote it.
    """

    __tablename__ = "given"
    __table_args__ = (Index("ix_given_run", "library_id", "run_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("library.id"))
    run_id: Mapped[str] = mapped_column(String(64))
    level: Mapped[int]
    guid: Mapped[str] = mapped_column(String(255))
    key: Mapped[int] = mapped_column(BigInteger)
    before: Mapped[float | None] = mapped_column(Float)
    """What Plex held, points; none: unrated."""
    was_ours: Mapped[str | None] = mapped_column(Text)
    """What was on record of that, JSON, if it was inferred."""
    after: Mapped[float | None] = mapped_column(Float)
    """What was written, points; none: unrated."""
    state: Mapped[int]
    """An `IntentState`."""
    seen_at: Mapped[int] = mapped_column(BigInteger)
    """Plex's lastRatedAt when it was confirmed; 0: it was not, or there was none."""
    since: Mapped[float] = mapped_column(Float)
    """When it was sent or confirmed, by our clock, epoch seconds."""


class MarkRow(Base, LibraryColumns):
    """What an item's tags and locks were before our first write to it."""

    __tablename__ = "mark"

    level: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    guid: Mapped[str] = mapped_column(String(255), index=True)
    tag: Mapped[str] = mapped_column(String(100))
    """The tag that we added; empty: none."""
    had_tag: Mapped[bool]
    """It bore that tag before us, so it keeps it."""
    mood_locked: Mapped[bool]
    rating_locked: Mapped[bool]
    moods: Mapped[str | None] = mapped_column(Text)
    """Its moods, JSON, until its tag was seen to leave them alone; none: it was."""


class AskedRow(Base, LibraryColumns):
    """A track whose rating was asked for, so that it is known as asked."""

    __tablename__ = "asked"

    guid: Mapped[str] = mapped_column(String(255), primary_key=True)
    since: Mapped[float] = mapped_column(Float)
    """When it was asked for first, epoch seconds."""


class PlaylistRow(Base, LibraryColumns):
    """A playlist in Plex that is ours, if it also bears our summary."""

    __tablename__ = "playlist"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    """`ask`, `gems` or `forgotten`."""
    key: Mapped[int] = mapped_column(BigInteger)
    is_described: Mapped[bool]
    """Whether it got our summary; until then it is not ours."""


class LeaseRow(Base):
    """The one run that may write to a library at the moment."""

    __tablename__ = "lease"

    library_id: Mapped[int] = mapped_column(ForeignKey("library.id"), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    """Where its process runs, as `ProcessIdentity.written` says."""
    process: Mapped[int] = mapped_column(BigInteger)
    run_id: Mapped[str] = mapped_column(String(64))
    since: Mapped[float] = mapped_column(Float)
    heartbeat: Mapped[float] = mapped_column(Float)


class ServerRow(Base):
    """What a Plex server of one version can be trusted with."""

    __tablename__ = "server"

    server: Mapped[str] = mapped_column(String(128), primary_key=True)
    """Plex's machineIdentifier."""
    version: Mapped[str] = mapped_column(String(128))
    """The version that was tried; another one is tried again."""
    rating: Mapped[int]
    """An `EditMode`."""
    tagging: Mapped[int]
    """An `EditMode`."""
    has_conditional_edits: Mapped[bool]
    step: Mapped[float] = mapped_column(Float)
    """Points; 0: nothing showed it so far."""
    is_assumed: Mapped[bool] = mapped_column(server_default=false())
    """Whether there is more to try than could be tried so far."""
