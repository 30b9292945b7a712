"""What servers can be trusted with, by version: tried once, and remembered."""

from engine.edits import Capabilities, EditMode
from engine.rating_scale import STEP
from tasks.record.store import ShadowStore
from tasks.record.tables import ServerRow


def known_capabilities(
    store: ShadowStore, server: str, version: str
) -> Capabilities | None:
    """Return what was found out about a server; None: nothing yet.

    What is known of another version of it, and what could not be tried whole, is
    better than nothing, and to be tried.
    """
    with store.database.reading() as session:
        found = session.get(ServerRow, server)
    if found is None:
        return None
    is_other = found.version != version
    return Capabilities(
        rating=EditMode(found.rating),
        tagging=EditMode(found.tagging),
        has_conditional_edits=found.has_conditional_edits and not is_other,
        step=STEP if is_other else found.step or STEP,
        # Another version may round where this one did not, or the other way round.
        is_step_seen=found.step > 0 and not is_other,
        is_tagging_seen=not (is_other or found.is_assumed),
        is_assumed=is_other or found.is_assumed,
    )


def record_capabilities(
    store: ShadowStore, server: str, version: str, found: Capabilities
) -> None:
    """Record what was found out about a server; what was known of it is replaced."""
    row = ServerRow(
        server=server,
        version=version,
        rating=int(found.rating),
        tagging=int(found.tagging),
        has_conditional_edits=found.has_conditional_edits,
        step=found.step if found.is_step_seen else 0.0,
        is_assumed=found.is_assumed,
    )
    with store.database.writing() as session:
        session.merge(row)
