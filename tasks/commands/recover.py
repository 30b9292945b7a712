"""Getting a record back: from our tag in Plex, or the original's plex_state.json."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.errors import SettingsInvalid, UsageError
from engine.legacy import FORMAT, LegacyState, parse_state
from engine.library import Level, Library
from engine.planning.batches import MOST_IDS
from engine.planning.undo_plan import not_half_star
from engine.rating_scale import Ints, rounded, same, unreadable
from tasks.config.config_file import read_json
from tasks.config.output_files import write_text
from tasks.record.plex_changes import note_dates
from tasks.runtime.context import RunContext, Step
from tasks.sync.integrity import unexplained_ratings
from tasks.sync.reader import read
from tasks.sync.reconcile import (
    UNKNOWN_PHASE,
    Given,
    reconcile,
    shadow_rows_of,
    snapshot_of,
)
from tasks.sync.record_lookup import resolve_renames

NOTHING = np.empty(0, np.int64)


@dataclass
class Recovered:
    """What was taken back onto the record."""

    dry_run: bool
    recovered: int = 0
    """In a dry run: that would be."""
    known: int = 0
    """Tagged items that the record held already."""
    unrated: int = 0
    """Tagged items without a rating: nothing to recover."""
    doubtful: list[str] = field(default_factory=list)
    """Recovered, but on the half-star grid: perhaps a person changed them."""
    unreadable: list[str] = field(default_factory=list)
    """Tagged, but with a rating that cannot be read: left alone."""


def recover(context: RunContext) -> Recovered:
    """Take every rated item that bears our tag back onto the record.

    If Plex's database was restored from a backup, the ratings that stand in it as
    they are recorded stay ours with the dates that they have now.

    Raises:
        SettingsInvalid: No tag is configured, so nothing can be told apart.
    """
    library = read(context)
    compare = reconcile if context.is_live else snapshot_of
    found = unexplained_ratings(context, compare(context, library))
    report = Recovered(dry_run=not context.is_live)
    report.recovered = sum(map(len, found.redated.values()))
    rated, tagged = {}, {}
    if context.settings.inferred_tag:
        for level in Level:
            changed = found.changed[level] if found.exceed_threshold else NOTHING
            rated[level], tagged[level] = _tagged(
                context, library, level, changed, report
            )
    elif not found.are_restored:
        raise SettingsInvalid(
            "INFERRED_TAG is empty, so inferred ratings cannot be told from yours. "
            "Set it to the tag that was used, or restore the state database."
        )
    if context.is_live:
        for level, rows in found.redated.items():
            items = library[level].take(rows)
            dates = zip(items.guid, items.rated_at.tolist(), strict=True)
            note_dates(context.store, level, dict(dates))
        for level, rows in rated.items():
            _own_tags(context, level, tagged[level])
            _adopt(context, library, level, rows)
    return report


def _tagged(
    context: RunContext,
    library: Library,
    level: Level,
    changed: Ints,
    report: Recovered,
) -> tuple[Ints, Ints]:
    """Return the rows of rated and the keys of unrated items that bear our tag."""
    items = library.listed(level)
    record = resolve_renames(context.store, library, level).record
    known = {row.guid for row in record.shadows}
    known |= {row.guid for row in record.expected}
    recorded = np.array([guid in known for guid in items.guid], np.bool_)
    recorded[changed] = False
    found = context.gateway.tagged(level, trusted=items.key[recorded])
    tagged = np.isin(items.key, found.key)
    odd = unreadable(items.rating)
    rated = ~np.isnan(items.rating)
    rows = np.flatnonzero(tagged & rated & ~recorded & ~odd)
    report.known += int((tagged & recorded).sum())
    report.unrated += int((tagged & ~rated & ~recorded).sum())
    report.recovered += len(set(items.guid[rows]))
    doubtful = rows[~not_half_star(items.rating[rows])]
    report.doubtful += [
        f"{items.named(level, row)}: {items.rating[row]:g}" for row in doubtful
    ]
    left = np.flatnonzero(tagged & ~recorded & odd).tolist()
    report.unreadable += [items.named(level, row) for row in left]
    return rows, items.key[tagged & ~rated & ~recorded]


def _own_tags(context: RunContext, level: Level, keys: Ints) -> None:
    """Note that items got our tag from us, whether or not a rating followed."""
    context.watch(Step(total=len(keys)))
    for start in range(0, len(keys), MOST_IDS):
        context.cancellation.checkpoint()
        some = keys[start : start + MOST_IDS]
        look = context.gateway.fetch_items(some)[level]
        context.store.mark_as_ours(level, look, context.settings.inferred_tag)
        context.watch(Step(phase=f"record {level.word}s", items=len(some)))


def _adopt(context: RunContext, library: Library, level: Level, rows: Ints) -> None:
    """Put ratings that stand in Plex onto the record as ours."""
    items = library.listed(level).take(rows)
    _own_tags(context, level, items.key)
    values, now = rounded(items.rating).tolist(), time.time()
    given = {
        guid: Given(UNKNOWN_PHASE, context.run_id, value, now)
        for guid, value in zip(items.guid, values, strict=True)
    }
    shadows = shadow_rows_of(library, level, rows, given)
    context.store.confirm(level, list({row.guid: row for row in shadows}.values()))


@dataclass
class Imported:
    """What of the original's plex_state.json went onto the record."""

    dry_run: bool
    imported: int = 0
    """In a dry run: that would be."""
    known: int = 0
    """Entries that the record held already."""
    different: list[str] = field(default_factory=list)
    """Left out: Plex holds another value, so a person changed it."""
    missing: list[str] = field(default_factory=list)
    """Left out: Plex has no such item."""
    doubtful: list[str] = field(default_factory=list)
    """Left out: twins with half-star ratings, which may be a person's own."""


def import_state(context: RunContext, path: Path) -> Imported:
    """Put what the original recorded onto our record, as far as Plex agrees.

    Raises:
        SettingsInvalid: The file cannot be read.
        UsageError: It cannot be understood, or is of another library.
    """
    legacy = read_state(path)
    here = context.gateway.identity.uuid
    if legacy.uuid and legacy.uuid != here:
        raise UsageError(
            f"{path} is of the library {legacy.uuid}, and "
            f"{context.gateway.identity.title!r} is {here}: its keys mean other items."
        )
    library = read(context)
    if context.is_live:
        reconcile(context, library)
    report = Imported(dry_run=not context.is_live)
    found: set[int] = set()
    rows = {}
    for level in Level:
        known = {row.guid for row in context.store.shadows(level)}
        rows[level] = _agreeing(library, level, legacy, known, report)
        found |= set(library.listed(level).key.tolist())
    report.missing += [str(key) for key in legacy.ratings if key not in found]
    if context.is_live:
        for level in Level:
            _adopt(context, library, level, rows[level])
    return report


def _agreeing(
    library: Library,
    level: Level,
    legacy: LegacyState,
    known: set[str],
    report: Imported,
) -> Ints:
    """Return the rows of items that hold what the file says, and note the others."""
    items = library.listed(level)
    chosen = []
    for row, key in enumerate(items.key.tolist()):
        if key not in legacy.ratings:
            continue
        held, value = float(items.rating[row]), legacy.ratings[key]
        shown = "a rating that cannot be read" if np.isinf(held) else f"{held:g}"
        name = f"{items.named(level, row)}: {shown}, was {value:g}"
        if items.guid[row] in known:
            report.known += 1
        elif not same(np.array([held]), np.array([value]))[0]:
            report.different.append(name)
        elif key in legacy.twins and not not_half_star(np.array([held]))[0]:
            report.doubtful.append(name)
        else:
            chosen.append(row)
    report.imported += len(chosen)
    return np.array(chosen, np.int64)


def export_state(context: RunContext, path: Path) -> int:
    """Write the record as a plex_state.json; return the number of its ratings."""
    ratings = {
        str(row.key): row.value
        for level in Level
        for row in context.store.shadows(level)
    }
    uuid = context.gateway.identity.uuid
    document = {"version": FORMAT, "library_uuid": uuid, "ratings": ratings}
    write_text(path, json.dumps(document, indent=2) + "\n")
    return len(ratings)


def read_state(path: Path) -> LegacyState:
    """Read a plex_state.json."""
    return parse_state(read_json(path), str(path))
