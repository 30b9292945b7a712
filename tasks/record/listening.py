"""Which tracks a person was asked to rate, and which playlists are ours."""

from collections.abc import Sequence

from sqlalchemy import Delete, delete, insert, select

from tasks.record.rows import pieces
from tasks.record.store import ShadowStore
from tasks.record.tables import AskedRow, PlaylistRow


def record_asked(store: ShadowStore, guids: Sequence[str]) -> None:
    """Remember that ratings of tracks were asked for; the first time counts."""
    known = asked(store, guids)
    now = store.machine.now()
    rows = [
        {"library_id": store.library_id, "guid": guid, "since": now}
        for guid in dict.fromkeys(guids)
        if guid not in known
    ]
    if rows:
        with store.writing() as connection:
            connection.execute(insert(AskedRow), rows)


def asked(store: ShadowStore, guids: Sequence[str]) -> dict[str, float]:
    """Return of some tracks since when they were asked for, epoch seconds, by guid."""
    here = select(AskedRow.guid, AskedRow.since).where(
        AskedRow.library_id == store.library_id
    )
    with store.database.reading() as connection:
        return {
            guid: since
            for some in pieces(guids)
            for guid, since in connection.execute(here.where(AskedRow.guid.in_(some)))
        }


def playlists_of_ours(store: ShadowStore, *, described: bool = True) -> dict[str, int]:
    """Return the ratingKeys of the playlists that are ours, by kind.

    Or of those that we made, and did not come to describe.
    """
    mine = PlaylistRow.library_id == store.library_id
    here = select(PlaylistRow.kind, PlaylistRow.key).where(
        mine, PlaylistRow.is_described == described
    )
    with store.database.reading() as connection:
        return {row.kind: row.key for row in connection.execute(here)}


def record_playlist(
    store: ShadowStore, kind: str, key: int, *, described: bool
) -> None:
    """Record a playlist that we made, in place of another one of its kind."""
    row = {"library_id": store.library_id, "kind": kind, "key": key}
    row["is_described"] = described
    with store.writing() as connection:
        connection.execute(_without(store, kind))
        connection.execute(insert(PlaylistRow), [row])


def forget_playlist(store: ShadowStore, kind: str) -> None:
    """Forget which playlist of a kind is ours."""
    with store.writing() as connection:
        connection.execute(_without(store, kind))


def _without(store: ShadowStore, kind: str) -> Delete:
    here = PlaylistRow.library_id == store.library_id
    return delete(PlaylistRow).where(here, PlaylistRow.kind == kind)
