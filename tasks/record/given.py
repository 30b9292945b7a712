"""What a person gave or said: ratings written for them, and whose odd ones are."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, or_, select, update

from engine.library import Level
from tasks.record.rows import UNKNOWN, IntentState, pieces
from tasks.record.store import ShadowStore
from tasks.record.tables import GivenRow, LibraryRow, ShadowRow


@dataclass(frozen=True)
class GivenRating:
    """A rating that was written for a person."""

    level: Level
    guid: str
    key: int
    before: float | None
    """What Plex held, points; none: unrated."""
    after: float | None
    """What was written; none: the rating was taken away."""
    was_ours: Mapping[str, Any] | None = None
    """What was on record of the rating before, if it was inferred."""
    is_seen: bool = False
    """Whether Plex showed what was written."""
    seen_at: int = 0
    """The date of the rating then, epoch seconds; 0: unknown."""


def record_given(store: ShadowStore, run_id: str, given: Sequence[GivenRating]) -> None:
    """Record what a run is about to write; if it is repeated, the first one stays."""
    now = store.machine.now()
    known = _known_keys(store, run_id, [one.key for one in given])
    rows = [
        {
            "library_id": store.library_id,
            "run_id": run_id,
            "level": int(one.level),
            "guid": one.guid,
            "key": one.key,
            "before": one.before,
            "was_ours": None if one.was_ours is None else json.dumps(one.was_ours),
            "after": one.after,
            "state": IntentState.OPEN,
            "seen_at": 0,
            "since": now,
        }
        for one in given
        if (one.level, one.key) not in known
    ]
    if rows:
        with store.writing() as connection:
            connection.execute(insert(GivenRow), rows)


def _known_keys(
    store: ShadowStore, run_id: str, keys: Sequence[int]
) -> set[tuple[int, int]]:
    here = GivenRow.library_id == store.library_id, GivenRow.run_id == run_id
    wanted = select(GivenRow.level, GivenRow.key).where(*here)
    with store.database.reading() as connection:
        return {
            (level, key)
            for some in pieces(keys)
            for level, key in connection.execute(wanted.where(GivenRow.key.in_(some)))
        }


def confirm_given(
    store: ShadowStore,
    run_id: str,
    level: Level,
    seen: Mapping[int, tuple[float | None, int]],
) -> None:
    """Note what Plex shows now of what a run gave: value and date, by ratingKey."""
    if not seen:
        return
    here = (
        GivenRow.library_id == store.library_id,
        GivenRow.run_id == run_id,
        GivenRow.level == int(level),
        GivenRow.key == bindparam("of_key"),
    )
    confirmed = (
        update(GivenRow)
        .where(*here)
        .values(
            state=IntentState.CONFIRMED,
            after=bindparam("points"),
            seen_at=bindparam("date"),
            since=store.machine.now(),
        )
    )
    rows = [
        {"of_key": key, "points": points, "date": date}
        for key, (points, date) in seen.items()
    ]
    with store.writing() as connection:
        connection.execute(confirmed, rows)


def given_by(store: ShadowStore, run: str) -> list[GivenRating]:
    """Return what runs gave whose id begins so, the latest first."""
    wanted = (
        select(GivenRow)
        .where(
            GivenRow.library_id == store.library_id,
            GivenRow.run_id.startswith(run, autoescape=True),
        )
        .order_by(GivenRow.id.desc())
    )
    with store.database.reading() as connection:
        return [
            GivenRating(
                level=Level(row.level),
                guid=row.guid,
                key=row.key,
                before=row.before,
                after=row.after,
                was_ours=row.was_ours and json.loads(row.was_ours),
                is_seen=row.state == IntentState.CONFIRMED,
                seen_at=row.seen_at,
            )
            for row in connection.execute(wanted)
        ]


def given_values(store: ShadowStore, level: Level) -> dict[str, set[float]]:
    """Return by guid what was ever given for a person, points.

    What was adopted stands there as it did before, and is no person's.
    """
    here = GivenRow.library_id == store.library_id, GivenRow.level == int(level)
    is_adopted = GivenRow.was_ours.is_(None) & (GivenRow.before == GivenRow.after)
    wanted = select(GivenRow.guid, GivenRow.after).where(*here)
    wanted = wanted.where(or_(GivenRow.before.is_(None), ~is_adopted))
    found: dict[str, set[float]] = {}
    with store.database.reading() as connection:
        for guid, after in connection.execute(wanted):
            if after is not None:
                found.setdefault(guid, set()).add(after)
    return found


def drop_given(
    store: ShadowStore, run: str, guids: Iterable[tuple[Level, str]]
) -> None:
    """Drop what runs gave whose id begins so, of these items: it was taken back."""
    rows = [{"of_level": int(level), "of_guid": guid} for level, guid in guids]
    if not rows:
        return
    gone = delete(GivenRow).where(
        GivenRow.library_id == store.library_id,
        GivenRow.run_id.startswith(run, autoescape=True),
        GivenRow.level == bindparam("of_level"),
        GivenRow.guid == bindparam("of_guid"),
    )
    with store.writing() as connection:
        connection.execute(gone, rows)


def inferred_before(
    store: ShadowStore, level: Level, guids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Return what is on record of ratings that are ours, whole, by guid."""
    names = ("phase", "value", *UNKNOWN)
    columns = [getattr(ShadowRow, name) for name in names]
    wanted = select(ShadowRow.guid, *columns).where(*store.here(ShadowRow, level))
    with store.database.reading() as connection:
        return {
            guid: dict(zip(names, values, strict=True))
            for some in pieces(guids)
            for guid, *values in connection.execute(
                wanted.where(ShadowRow.guid.in_(some))
            )
        }


def odd_ratings_are_theirs(store: ShadowStore) -> bool:
    """Return whether a person said that ratings which are no half stars are theirs."""
    wanted = select(LibraryRow.odd_are_theirs).filter_by(id=store.library_id)
    with store.database.reading() as connection:
        return bool(connection.scalar(wanted))


def remember_odd_ratings(store: ShadowStore, *, theirs: bool) -> None:
    """Remember what a person said of ratings that are no half stars."""
    library = update(LibraryRow).filter_by(id=store.library_id)
    with store.writing() as connection:
        connection.execute(library.values(odd_are_theirs=theirs))
