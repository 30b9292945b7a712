"""Which record belongs to a library: its own, or the one that it has to follow."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import ColumnElement, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from engine.errors import LibraryReplaced, ShadowUnreadable
from engine.library import Identity, shown_account
from tasks.record.database import Database
from tasks.record.tables import IntentRow, LibraryRow, ShadowRow

NONE = 0
"""The number of the record of a library that has none."""

EMPTY = "empty-"
"""How the account of an empty record is called whose place another one took."""


def record_of(
    database: Database, identity: Identity, *, create: bool, accept: bool
) -> int:
    """Return the number of a library's record.

    Args:
        database: Where it is.
        identity: Whose record; libraries and accounts never mix.
        create: Whether one may be begun, or follow another library.
        accept: Whether the library is to take over a record that may be its own: of
            another account, or from before it was created anew.

    Raises:
        LibraryReplaced: There is such a record, and nobody decided yet.
    """
    own = _library_id(database, identity)
    if own is None or not _used(database, LibraryRow.id == own):
        is_known = own is not None
        other = _predecessor(database, identity, accept=accept, is_known=is_known)
        if other is not None and create:
            _follow(database, other, identity)
        own = own if other is None else other.id
    if own is None and create:
        _begin_record(database, identity)
        own = _library_id(database, identity)
    return own or NONE


def _begin_record(database: Database, identity: Identity) -> None:
    try:
        with database.writing() as session:
            session.execute(insert(LibraryRow).values(**asdict(identity)))
    except ShadowUnreadable as error:
        if not isinstance(error.__cause__, IntegrityError):
            raise
        # Another run began the same record at this moment: it serves both.


def _predecessor(
    database: Database, identity: Identity, *, accept: bool, is_known: bool
) -> LibraryRow | None:
    """Return the record that a library without one may take over, if that is wished.

    It is that of another account of this very library, or that of another library of
    the same name, unless this one is known by it: both may be the same under a new
    name.
    """
    accounts = _used(
        database,
        LibraryRow.server == identity.server,
        LibraryRow.uuid == identity.uuid,
        LibraryRow.account != identity.account,
    )
    if accounts and not (accept and len(accounts) == 1):
        raise LibraryReplaced(_of_another_account(accounts, identity))
    if accounts or is_known:
        return next(iter(accounts), None)
    namesakes = _used(
        database,
        LibraryRow.title == identity.title,
        LibraryRow.account == identity.account,
    )
    if namesakes and not accept:
        raise LibraryReplaced(_of_another_library(namesakes[0], identity))
    return next(iter(namesakes), None)


def _used(database: Database, *which: ColumnElement[bool]) -> Sequence[LibraryRow]:
    """Return the records, latest first, in which anything is recorded."""
    tables = (ShadowRow, IntentRow)
    is_used = or_(*(LibraryRow.id.in_(select(t.library_id)) for t in tables))
    wanted = select(LibraryRow).where(*which, is_used).order_by(LibraryRow.id.desc())
    with database.reading() as session:
        return session.scalars(wanted).all()


def _follow(database: Database, other: LibraryRow, identity: Identity) -> None:
    """Let a record belong to a library; an empty one in its place makes way."""
    with database.writing() as session:
        session.execute(
            update(LibraryRow)
            .where(*_is(identity), LibraryRow.id != other.id)
            .values(account=f"{EMPTY}{other.id}")
        )
        session.execute(
            update(LibraryRow)
            .where(LibraryRow.id == other.id)
            .values(**asdict(identity))
        )


def _of_another_account(others: Sequence[LibraryRow], identity: Identity) -> str:
    """Say whose record there is, and how to decide."""
    known = [f'"{shown_account(other.account)}"' for other in others]
    follow = ", or use --accept-library to let the record follow"
    return (
        f"The state database holds inferred ratings of {identity.title!r} of the "
        f"account {' and '.join(known)}, but this run is of the account "
        f'"{shown_account(identity.account)}". If both are the same, since Plex could '
        "not say whose token it is or your token was renewed, set ACCOUNT to "
        f"{' or '.join(known)}{follow if len(others) == 1 else ''}. If they are two, "
        "use another STATE_URL for this one."
    )


def _of_another_library(other: LibraryRow, identity: Identity) -> str:
    """Say what an unknown library may be taken for, and how to decide."""
    return (
        f"The library {identity.title!r} on this server is {identity.uuid} "
        f"(server {identity.server}), but the state database knows {other.uuid} "
        f"(server {other.server}) by that name. If it was created anew, its "
        "recorded ratings can follow: use --accept-library. If it is another "
        "library, use another STATE_URL."
    )


def _library_id(database: Database, identity: Identity) -> int | None:
    with database.reading() as session:
        return session.scalar(select(LibraryRow.id).where(*_is(identity)))


def _is(identity: Identity) -> tuple[ColumnElement[bool], ...]:
    return (
        LibraryRow.server == identity.server,
        LibraryRow.uuid == identity.uuid,
        LibraryRow.account == identity.account,
    )
