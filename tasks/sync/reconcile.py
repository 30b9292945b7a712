"""Comparing the record with Plex: whose ratings are these, which intents held?"""

from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.classic import Phase
from engine.evidence import LibraryView, whole
from engine.hierarchical.evidence_filters import Filler, with_doubles, without_filler
from engine.library import Items, Level, Library
from engine.ownership import Owner, Ownership, ownership_of
from engine.rating_scale import Ints, Texts, rounded
from engine.rename_detection import fingerprints
from tasks.record.plex_changes import follow, note_dates, undated
from tasks.record.rows import Intent, IntentState, Shadow, oldest_expected
from tasks.record.store import ShadowStore
from tasks.runtime.context import RunContext
from tasks.sync.record_lookup import (
    Recorded,
    Renamed,
    arrivals,
    record_view_of,
    resolve_renames,
)

UNKNOWN_PHASE = 0
"""The phase of a rating that some other program, or a lost run, gave."""


@dataclass(frozen=True, eq=False)
class LibrarySnapshot:
    """The library at one moment, with whose rating each of them is."""

    library: Library
    everything: LibraryView

    def __getitem__(self, level: Level) -> Ownership:
        """Return whose ratings of a level are."""
        return self.everything[level].ownership


def snapshot_of(context: RunContext, library: Library) -> LibrarySnapshot:
    """Tell whose each rating of a library is; neither Plex nor the record changes."""
    known = {level: resolve_renames(context.store, library, level) for level in Level}
    return _snapshot(context, library, known)


def reconcile(
    context: RunContext, library: Library, *, gives_up: bool = False
) -> LibrarySnapshot:
    """Bring the record up to date with a library, and tell whose each rating is.

    If it `gives_up`, nobody goes on with what another run left open: it is in doubt.

    Nothing else does: names that changed are followed, what arrived late is recorded,
    and intents that Plex shows are confirmed as our ratings.
    """
    store = context.store
    known = {level: resolve_renames(store, library, level) for level in Level}
    for level, (record, moved) in known.items():
        if moved:
            follow(store, level, moved)
        late = arrivals(library[level], record)
        if late:
            _record_late_arrivals(store, library, level, late)
    snapshot = _snapshot(context, library, known)
    store.expire_in_doubt()
    for level in Level:
        _resolve_intents(context, snapshot, level, gives_up=gives_up)
        _note_first_dates(store, library[level], level, snapshot[level])
    return snapshot


def _snapshot(
    context: RunContext, library: Library, known: Mapping[Level, Renamed]
) -> LibrarySnapshot:
    """Tell whose ratings are, and leave those out as evidence that do not count."""
    ownerships = {
        level: ownership_of(
            library[level], record_view_of(library[level], known[level].record)
        )
        for level in Level
    }
    everything, settings = whole(library, ownerships), context.settings
    if settings.twins:
        everything = with_doubles(everything)
    if settings.filler != Filler():
        everything = without_filler(everything, settings.filler)
    return LibrarySnapshot(library, everything)


def _record_late_arrivals(
    store: ShadowStore, library: Library, level: Level, late: Mapping[int, Intent]
) -> None:
    """Put on record what arrived late, in place of what was intended since."""
    rows = _first_rows(library[level].guid, {one.guid for one in late.values()})
    rows = rows[np.isin(rows, list(late))]
    points = rounded(library[level].rating[rows]).tolist()
    given = {
        one.guid: OurRating(one.phase, one.run_id, seen, one.since)
        for one, seen in zip((late[row] for row in rows), points, strict=True)
    }
    store.discard_intents(level, list(given))
    store.confirm(level, shadow_rows_of(library, level, rows, given))


def _resolve_intents(
    context: RunContext, snapshot: LibrarySnapshot, level: Level, *, gives_up: bool
) -> None:
    """Keep the intents that Plex shows, and drop those that never arrived.

    One that Plex shows but never acknowledged stays open: its tag may be
    missing, so the next run writes it once more.
    An intent whose write is still on its way may look broken, so it is only
    dropped when it is old, or becomes one in doubt if another run left it open. One
    that a person overtook stays until its release. One that was acknowledged and
    whose rating is gone was kept, and then cleared.
    """
    store = context.store
    expected = Recorded(intents=store.intents(level)).expected
    intents = {intent.guid: intent for intent in expected}
    library, items, ownership = (
        snapshot.library,
        snapshot.library[level],
        snapshot[level],
    )
    rows = _first_rows(items.guid, intents)
    here = [intents[guid] for guid in items.guid[rows]]
    owner, sure = ownership.owner[rows], ~ownership.unsure[rows]
    arrived = np.array([one.state == IntentState.ACKNOWLEDGED for one in here], bool)
    cleared = arrived & np.isnan(items.rating[rows])
    kept = ((owner == Owner.WRITTEN) & sure) | cleared
    kept &= np.array([one.after is not None for one in here], bool)
    given = {
        one.guid: OurRating(one.phase, one.run_id, one.after, one.since)
        for one, is_kept in zip(here, kept, strict=True)
        if is_kept and one.after is not None
    }
    store.confirm(level, shadow_rows_of(library, level, rows[kept], given))
    broken = (owner == Owner.UNWRITTEN) & ~cleared
    broken &= np.array([_is_given_up(context, one, gives_up) for one in here], bool)
    _confirm_what_stood(store, library, level, rows[broken], intents)
    store.discard_intents(level, items.guid[rows[broken]].tolist())


def _is_given_up(context: RunContext, intent: Intent, gives_up: bool) -> bool:  # noqa: FBT001
    """Return whether nobody waits for a write any more that Plex does not show."""
    is_late = intent.since < oldest_expected(context.machine.now())
    is_open = gives_up and intent.state == IntentState.OPEN
    return is_late or (is_open and intent.run_id != context.run_id)


def _confirm_what_stood(
    store: ShadowStore,
    library: Library,
    level: Level,
    rows: Ints,
    intents: Mapping[str, Intent],
) -> None:
    """Record a rating of ours that nobody had confirmed before it was to change."""
    guids = library[level].guid[rows].tolist()
    known = {row.guid for row in store.shadows(level, guids)}
    rows = rows[[guid not in known for guid in guids]]
    given = {
        guid: OurRating(one.phase, one.run_id, one.before, one.since)
        for guid in library[level].guid[rows]
        if (one := intents[guid]).before is not None
    }
    rows = rows[[guid in given for guid in library[level].guid[rows]]]
    store.confirm(level, shadow_rows_of(library, level, rows, given))


def _note_first_dates(
    store: ShadowStore, items: Items, level: Level, ownership: Ownership
) -> None:
    """Record the dates of ratings of ours for which Plex had none so far."""
    rows = _first_rows(items.guid, undated(store, level))
    rows = rows[(ownership.owner[rows] == Owner.US) & (items.rated_at[rows] > 0)]
    dates = zip(items.guid[rows], items.rated_at[rows].tolist(), strict=True)
    note_dates(store, level, dict(dates))


def seen_in_plex(
    store: ShadowStore, library: Library, run_id: str
) -> Counter[tuple[str, Phase]]:
    """Count the confirmed ratings of a run by letter and phase."""
    counts: Counter[tuple[str, Phase]] = Counter()
    for level in Level:
        rows = [row for row in store.shadows(level) if row.run_id == run_id]
        phase_of = {row.guid: Phase(row.phase) for row in rows}
        letters = library.letters(level)
        for row in _first_rows(library[level].guid, phase_of):
            counts[letters[row], phase_of[library[level].guid[row]]] += 1
    return counts


def _first_rows(guids: Texts, wanted: Container[str]) -> Ints:
    """Return the first row of each guid that is wanted."""
    first: dict[str, int] = {}
    for row, guid in enumerate(guids):
        if guid in wanted:
            first.setdefault(guid, row)
    return np.array(list(first.values()), np.int64)


class OurRating(NamedTuple):
    """A rating that we gave, as far as Plex does not tell."""

    phase: int
    run_id: str
    value: float
    written_at: float


def shadow_rows_of(
    library: Library, level: Level, rows: Ints, given: Mapping[str, OurRating]
) -> list[Shadow]:
    """Return what to record of ratings that are seen in Plex and are ours.

    The rows are those of all that is listed; of a shared guid, one is enough.
    """
    items = library.listed(level).take(rows)
    prints = fingerprints(library, level, rows)
    columns = items.guid, items.key.tolist(), items.rated_at.tolist(), prints
    return [
        Shadow(guid, key, *given[guid], seen_at, fingerprint)
        for guid, key, seen_at, fingerprint in zip(*columns, strict=True)
    ]
