"""Which record belongs to a library: its own, or the one that it has to follow."""

from dataclasses import asdict

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.errors import LibraryReplaced, ShadowUnreadable
from engine.library import SHARED, Identity
from tasks.shadow.database import Database
from tasks.shadow.tables import LibraryRow, ShadowRow

NONE = 0
"""The number of the record of a library that has none."""


def record_of(
    database: Database, identity: Identity, *, create: bool, accept: bool
) -> int:
    """Return the number of a library's record.

    Args:
        database: Where it is.
        identity: Whose record; libraries and accounts never mix.
        create: Whether one may be begun, or follow another library.
        accept: Whether the library is to take over a record that may be its own
            from before it was created anew, or its token was renewed.

    Raises:
        LibraryReplaced: There is such a record, and nobody decided yet.
    """
    found = _library_id(database, identity)
    if found is None:
        found = _predecessor(database, identity, accept=accept, adopt=create)
    if found is None and create:
        _begin_record(database, identity)
        found = _library_id(database, identity)
    return found or NONE


def _begin_record(database: Database, identity: Identity) -> None:
    try:
        with database.writing() as session:
            session.execute(insert(LibraryRow).values(**asdict(identity)))
    except ShadowUnreadable as fault:
        if not isinstance(fault.__cause__, IntegrityError):
            raise
        # Another run began the same record at this moment: it serves both.


def _predecessor(
    database: Database, identity: Identity, *, accept: bool, adopt: bool
) -> int | None:
    """Return the record that an unknown library may take over, if that is wished.

    It is that of another library of the same name, or that of another account
    which this very library is shared with: both may be the same under a new name.
    """
    namesake = (LibraryRow.title == identity.title) & (
        LibraryRow.account == identity.account
    )
    sharer = (
        (LibraryRow.server == identity.server)
        & (LibraryRow.uuid == identity.uuid)
        & LibraryRow.account.startswith(SHARED)
    )
    is_shared = identity.account.startswith(SHARED)
    wanted = (
        select(LibraryRow)
        .where(
            namesake | sharer if is_shared else namesake,
            LibraryRow.id.in_(select(ShadowRow.library_id)),
        )
        .order_by(LibraryRow.id.desc())
    )
    with database.reading() as session:
        other = session.scalars(wanted).first()
    if other is None:
        return None
    if not accept:
        raise LibraryReplaced(_taken_for(other, identity))
    if adopt:
        present = asdict(identity)
        with database.writing() as session:
            session.execute(
                update(LibraryRow).where(LibraryRow.id == other.id).values(**present)
            )
    return other.id


def _taken_for(other: LibraryRow, identity: Identity) -> str:
    """Say what an unknown library may be taken for, and how to decide."""
    if other.account != identity.account:
        return (
            f"The state database knows the library {identity.title!r} as shared with "
            "an account of another token. If your token was renewed, the recorded "
            "ratings can follow: say --accept-library. If this is another account, "
            "use another STATE_URL."
        )
    return (
        f"The library {identity.title!r} on this server is {identity.uuid} "
        f"(server {identity.server}), but the state database knows {other.uuid} "
        f"(server {other.server}) by that name. If it was created anew, its "
        "recorded ratings can follow: say --accept-library. If it is another "
        "library, use another STATE_URL."
    )


def _library_id(database: Database, identity: Identity) -> int | None:
    wanted = select(LibraryRow.id).where(
        LibraryRow.server == identity.server,
        LibraryRow.uuid == identity.uuid,
        LibraryRow.account == identity.account,
    )
    with database.reading() as session:
        return session.scalar(wanted)
