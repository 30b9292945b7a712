"""Which record belongs to a library: its own, or the one that it has to follow."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from engine.errors import LibraryReplaced, ShadowUnreadable
from engine.library import Identity, shown_account
from tasks.record.database import Database
from tasks.record.tables import IntentRow, LibraryRow, ShadowRow


def record_of(
    database: Database, identity: Identity, *, create: bool, accept: bool
) -> int:
    """Return the number of a library's record; `ShadowStore.open` explains the words.

    Raises:
        LibraryReplaced: There is a record that this library may have to follow.
    """
    numbers = select(LibraryRow.id).filter_by(**_key_of(identity))
    with database.reading() as connection:
        own = connection.scalar(numbers)
    is_known = own is not None
    if not (is_known and _used(database, LibraryRow.id == own)):
        other = _predecessor(database, identity, accept=accept, is_known=is_known)
        if other is not None:
            own = other.id
            if create:
                _follow(database, other, identity)
    if own is None and create:
        _begin_record(database, identity)
        with database.reading() as connection:
            own = connection.scalar(numbers)
    return own or 0  # the number of no record


def _begin_record(database: Database, identity: Identity) -> None:
    try:
        with database.writing() as connection:
            connection.execute(insert(LibraryRow).values(**asdict(identity)))
    except ShadowUnreadable as error:
        if not isinstance(error.__cause__, IntegrityError):
            raise
        # Another run began the same record at this moment: it serves both.


def _predecessor(
    database: Database, identity: Identity, *, accept: bool, is_known: bool
) -> Row[Any] | None:
    """Return the record that a library without one may take over, if that is wished.

    It is that of another account of this very library, or that of another library of
    the same name, unless this one is known by it: both may be the same under a new
    name.
    """
    row = LibraryRow
    here = row.server == identity.server, row.uuid == identity.uuid
    accounts = _used(database, *here, row.account != identity.account)
    if accounts and not (accept and len(accounts) == 1):
        raise LibraryReplaced(_of_another_account(accounts, identity))
    if accounts or is_known:
        return next(iter(accounts), None)
    mine = row.title == identity.title, row.account == identity.account
    namesakes = _used(database, *mine)
    if namesakes and not accept:
        raise LibraryReplaced(_of_another_library(namesakes[0], identity))
    return next(iter(namesakes), None)


def _used(database: Database, *which: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """Return the records, latest first, in which anything is recorded."""
    tables = (ShadowRow, IntentRow)
    is_used = or_(*(LibraryRow.id.in_(select(t.library_id)) for t in tables))
    wanted = select(LibraryRow).where(*which, is_used).order_by(LibraryRow.id.desc())
    with database.reading() as connection:
        return connection.execute(wanted).all()


def _follow(database: Database, other: Row[Any], identity: Identity) -> None:
    """Let a record belong to a library; an empty one in its place gets a false name."""
    with database.writing() as connection:
        connection.execute(
            update(LibraryRow)
            .where(LibraryRow.id != other.id)
            .filter_by(**_key_of(identity))
            .values(account=f"empty-{other.id}")
        )
        followed = update(LibraryRow).where(LibraryRow.id == other.id)
        connection.execute(followed.values(**asdict(identity)))


def _of_another_account(others: Sequence[Row[Any]], identity: Identity) -> str:
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


def _of_another_library(other: Row[Any], identity: Identity) -> str:
    return (
        f"The library {identity.title!r} on this server is {identity.uuid} "
        f"(server {identity.server}), but the state database knows {other.uuid} "
        f"(server {other.server}) by that name. If it was re-created, its "
        "recorded ratings can follow: use --accept-library. If it is another "
        "library, use another STATE_URL."
    )


def _key_of(identity: Identity) -> dict[str, str]:
    """Return what tells a library from all others: not its title."""
    return {k: v for k, v in asdict(identity).items() if k != "title"}
