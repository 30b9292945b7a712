"""What servers can be trusted with, by version: tried once, and remembered."""

from sqlalchemy import delete, insert, select

from engine.capabilities import Abilities, Reach
from tasks.record.store import ShadowStore
from tasks.record.tables import ServerRow


def known_abilities(store: ShadowStore, server: str, version: str) -> Abilities | None:
    """Return what was found out about a server; None: nothing yet.

    What is known of another version of it is better than nothing, and to be tried.
    """
    with store.database.reading() as session:
        found = session.scalar(select(ServerRow).where(ServerRow.server == server))
    if found is None:
        return None
    is_other = found.version != version
    return Abilities(
        rating=Reach(found.rating),
        tagging=Reach(found.tagging),
        is_guarded=found.is_guarded and not is_other,
        step=found.step,
        is_assumed=is_other,
    )


def remember_abilities(
    store: ShadowStore, server: str, version: str, found: Abilities
) -> None:
    """Record what was found out about a server; what was known of it is replaced."""
    with store.database.writing() as session:
        session.execute(delete(ServerRow).where(ServerRow.server == server))
        session.execute(
            insert(ServerRow).values(
                server=server,
                version=version,
                rating=int(found.rating),
                tagging=int(found.tagging),
                is_guarded=found.is_guarded,
                step=found.step,
            )
        )
