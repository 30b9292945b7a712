"""Is the record lost, an old copy, or newer than Plex itself?

Then guesses would pass for your ratings.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.errors import RecordLost, RecordOutdated, ServerRestored, ShadowError
from engine.library import Items, Level
from engine.ownership import Owner
from engine.rating_scale import HALF_STAR, TOLERANCE, Bools, Ints, not_half_star, same
from tasks.plex.client import PlexGateway
from tasks.plex.libraries import begin_backup, is_backing_up
from tasks.record.given import given_values, odd_ratings_are_theirs
from tasks.record.store import ShadowStore
from tasks.runtime.context import RunContext
from tasks.sync.reconcile import LibrarySnapshot

LOOK_EVERY = 1.0
"""Seconds between two looks at whether Plex is done."""

LONGEST = 600.0
"""Seconds for which a run waits; a copy that takes longer does not mind our writes."""


FEW = 10
"""So many ratings of ours some other program may have changed to odd values."""

NAMED = 3
"""How many items a refusal names."""


def precautions(context: RunContext) -> list[str]:
    """Do what has to be done before anything is read; return what to say of it."""
    ensure_record_present(context.store, context.gateway)
    if back_up_plex(context):
        return ["Plex copied its own database first, as BACKUP_PLEX says."]
    return []


def back_up_plex(context: RunContext) -> bool:
    """Have Plex copy its database before the first rating is written; say if it did.

    Raises:
        PlexRefused: Plex does not let us; nothing was written.
        RunStopped: A person asked the run to stop.
    """
    is_first = context.is_live and not context.store.knows()
    if not (context.settings.backup_plex and is_first):
        return False
    begin_backup(context.gateway.send)
    deadline = context.machine.elapsed() + LONGEST
    context.cancellation.sleep(LOOK_EVERY)
    while is_backing_up(context.gateway.get) and context.machine.elapsed() < deadline:
        context.cancellation.checkpoint()
        context.cancellation.sleep(LOOK_EVERY)
    return True


def _tagged_by_nobody_known(
    store: ShadowStore, gateway: PlexGateway, level: Level
) -> int:
    """Count the rated items that bear our tag, but for those that we only tagged.

    A run may end between the tag and the rating. A tag alone could not pass for a
    rating, nor could what cannot be read.
    """
    found = gateway.tagged(level)
    marked = [mark.key for mark in store.marks(level) if mark.tag and not mark.had_tag]
    is_strange = np.isfinite(found.rating) & ~np.isin(found.key, marked)
    return int(np.count_nonzero(is_strange))


@dataclass(frozen=True)
class UnexplainedRatings:
    """Ratings that the record does not explain; all but the last kind bear our tag."""

    unknown: dict[Level, Ints]
    """Rows of items of which nothing is recorded."""
    changed: dict[Level, Ints]
    """Rows of items that hold another rating than is recorded, no half stars."""
    redated: dict[Level, Ints]
    """Rows of items that hold the recorded rating, no half stars, with an earlier
    date; empty unless there are so many that no person can have given them."""

    @property
    def are_restored(self) -> bool:
        """Whether Plex's database must be older than the record."""
        return any(map(len, self.redated.values()))

    @property
    def exceed_threshold(self) -> bool:
        """Whether the record must be older than what stands in Plex."""
        changed = sum(map(len, self.changed.values()))
        return any(map(len, self.unknown.values())) or changed >= FEW


def ensure_record_present(store: ShadowStore, gateway: PlexGateway) -> None:
    """Stop before inferred ratings could pass for a person's.

    Raises:
        RecordLost: Rated items bear our tag, and nothing is recorded.
    """
    if store.knows():
        return
    tagged = {level: _tagged_by_nobody_known(store, gateway, level) for level in Level}
    if any(tagged.values()):
        counts = ", ".join(f"{n} {level.word}s" for level, n in tagged.items() if n)
        raise RecordLost(
            f"{counts} in Plex bear the tag of inferred ratings, but the state "
            "database knows of none: they would pass for your own. Restore the "
            "database (plexbayes.db, or what STATE_URL names), rebuild it with "
            "`plexbayes recover`, or import the original's plex_state.json."
        )


def unexplained_ratings(
    context: RunContext, snapshot: LibrarySnapshot
) -> UnexplainedRatings:
    """Look for ratings that only a newer record could explain.

    People rate in half stars. So what is taken for a person's and is no half
    star is looked at once more: does it bear our tag? Where there is none, that
    costs no request. Inferred ratings that happen to be half stars are not
    found this way; `verify` lists them as stray.
    """
    redated = {level: _redated(context, snapshot, level) for level in Level}
    if sum(map(len, redated.values())) < FEW:
        redated = dict.fromkeys(Level, np.empty(0, np.int64))
    found = {
        level: np.setdiff1d(_doubtful(context, snapshot, level), redated[level])
        for level in Level
    }
    owner = {level: snapshot.everything[level].ownership.owner for level in Level}
    return UnexplainedRatings(
        {level: at[owner[level][at] == Owner.PERSON] for level, at in found.items()},
        {level: at[owner[level][at] != Owner.PERSON] for level, at in found.items()},
        redated,
    )


def ensure_record_current(
    context: RunContext, snapshot: LibrarySnapshot, *, spares_unknown: bool = False
) -> None:
    """Stop before inferred ratings could pass for a person's.

    With `spares_unknown`, tagged items of which nothing is recorded do no harm.

    Raises:
        RecordLost: No tag tells, and many ratings look like ours.
        ServerRestored: Plex shows ratings of ours from before they were confirmed.
        RecordOutdated: Plex shows ratings of ours that the record is too old for.
    """
    _ensure_values_are_explained(context, snapshot)
    found = unexplained_ratings(context, snapshot)
    if found.are_restored:
        named = _named_rows(snapshot, found.redated)
        raise ServerRestored(
            f"{len(named)} inferred ratings are in Plex as they were written, but with "
            f"earlier dates, such as {', '.join(named[:NAMED])}. It seems that Plex's "
            "own database was restored from a backup. Let `plexbayes recover` take "
            "the ratings back onto the record, then run again."
        )
    kinds = [found.changed] if spares_unknown else [found.changed, found.unknown]
    named = [name for rows in kinds for name in _named_rows(snapshot, rows)]
    if not named or not found.exceed_threshold:
        return
    some = ", ".join(named[:NAMED])
    raise RecordOutdated(
        f"{len(named)} ratings in Plex bear the tag of inferred ratings, but are not "
        f"as the state database says, such as {some}. It seems to be an old copy, and "
        "they would pass for your own. Put the newest database or copy in its place, "
        "or let `plexbayes recover` take them back onto the record. If you gave them "
        f"with another program, take the tag {context.settings.inferred_tag} off them."
    )


def unexplained_values(
    store: ShadowStore, snapshot: LibrarySnapshot, level: Level
) -> Ints:
    """Return the rows of ratings that look like ours by their value, one of a guid.

    They are no half stars, and nothing on record explains them. Other programs write
    such values, too.
    """
    view = snapshot.everything[level]
    looks_ours = not_half_star(view.items.rating) & view.is_primary
    rows: Ints = np.flatnonzero(looks_ours & (view.ownership.owner == Owner.PERSON))
    given = given_values(store, level) if len(rows) else {}
    return rows[[not _is_given(view.items, row, given) for row in rows.tolist()]]


def _is_given(items: Items, row: int, given: Mapping[str, set[float]]) -> bool:
    """Whether a rating is one that a person gave by a file."""
    known = given.get(items.guid[row], ())
    return any(abs(items.rating[row] - points) < TOLERANCE for points in known)


def is_explained(context: RunContext, snapshot: LibrarySnapshot) -> bool:
    """Return whether the record tells all inferred ratings from a person's."""
    try:
        ensure_record_present(context.store, context.gateway)
        ensure_record_current(context, snapshot)
    except ShadowError:
        return False
    return True


def _ensure_values_are_explained(
    context: RunContext, snapshot: LibrarySnapshot
) -> None:
    """Stop where no tag tells inferred ratings, and many ratings look like them."""
    store = context.store
    levels = [level for level in Level if not context.tag_for(level)]
    if not levels or odd_ratings_are_theirs(store):
        return
    found = {level: unexplained_values(store, snapshot, level) for level in levels}
    named = _named_rows(snapshot, found)
    if len(named) < FEW:
        return
    lost = RecordOutdated if store.knows() else RecordLost
    raise lost(
        f"{len(named)} ratings in Plex are no half stars, like inferred ones, such as "
        f"{', '.join(named[:NAMED])}, but the state database does not know them: they "
        "would pass for your own. Restore the database, or let `plexbayes recover` "
        "show them: it takes them onto the record, or remembers that they are yours."
    )


def _doubtful(context: RunContext, snapshot: LibrarySnapshot, level: Level) -> Ints:
    view = snapshot.everything[level]
    owner, odd = view.ownership.owner, not_half_star(view.items.rating)
    unknown = owner == Owner.PERSON
    if context.settings.grid.step < HALF_STAR:
        unknown &= odd
    suspects: Bools = unknown | ((owner == Owner.TAKEN_OVER) & odd)
    if not suspects.any():
        return np.empty(0, np.int64)
    theirs = [mark.key for mark in context.store.marks(level) if mark.had_tag]
    keys = np.setdiff1d(view.items.key[suspects], theirs)
    tagged = context.gateway.bearing_tag(level, keys)
    rows: Ints = np.flatnonzero(np.isin(view.items.key, tagged))
    return rows


def _redated(context: RunContext, snapshot: LibrarySnapshot, level: Level) -> Ints:
    """Return the rows whose rating only differs from the record by an earlier date."""
    view = snapshot.everything[level]
    items = view.items
    taken = (view.ownership.owner == Owner.TAKEN_OVER) & not_half_star(items.rating)
    rows = np.flatnonzero(taken & view.is_primary & (items.rated_at > 0))
    known = {
        row.guid: row for row in context.store.shadows(level, items.guid[rows].tolist())
    }
    rows = rows[[guid in known for guid in items.guid[rows]]]
    shadows = [known[guid] for guid in items.guid[rows]]
    value = np.array([shadow.value for shadow in shadows], np.float64)
    seen_at = np.array([shadow.seen_at for shadow in shadows], np.int64)
    is_earlier = same(items.rating[rows], value) & (items.rated_at[rows] < seen_at)
    return rows[is_earlier]


def _named_rows(snapshot: LibrarySnapshot, rows: dict[Level, Ints]) -> list[str]:
    return [
        f"{level.word} {items.title[row]!r} ({items.key[row]}) "
        f"with {items.rating[row] / 2:.2f} stars"
        for level, items in ((level, snapshot.library[level]) for level in rows)
        for row in rows[level]
    ]
