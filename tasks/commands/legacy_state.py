"""The original's plex_state.json: taken over onto our record, and written from it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from engine.errors import UsageError
from engine.legacy import FORMAT, LegacyState, parse_state
from engine.library import Level, Library
from engine.rating_scale import Ints, not_half_star, same
from tasks.commands.adoption import adopt
from tasks.config.config_file import read_json
from tasks.config.output_files import write_text
from tasks.runtime.context import RunContext
from tasks.sync.reconcile import LibrarySnapshot
from tasks.sync.steps import plan_and_apply


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


@dataclass(frozen=True, eq=False)
class ImportPlan:
    """Which ratings are to be recorded as ours."""

    library: Library
    rows: Mapping[Level, Ints]
    predicted: Imported
    """What becomes of the file."""

    def apply(self, context: RunContext) -> Imported:
        """Record them."""
        for level, rows in self.rows.items():
            adopt(context, self.library, level, rows)
        return replace(self.predicted, dry_run=False)


def import_state(context: RunContext, path: Path) -> Imported:
    """Import what the original recorded, as far as it still matches Plex.

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
    return plan_and_apply(context, partial(plan_import, legacy=legacy))


def plan_import(
    context: RunContext, snapshot: LibrarySnapshot, legacy: LegacyState
) -> ImportPlan:
    """Find out which entries stand in Plex as the file says."""
    report, rows = Imported(dry_run=True), {}
    found: set[int] = set()
    for level in Level:
        known = {row.guid for row in context.store.shadows(level)}
        rows[level] = _agreeing(snapshot.library, level, legacy, known, report)
        found |= set(snapshot.library.listed(level).key.tolist())
    report.missing += [str(key) for key in legacy.ratings if key not in found]
    return ImportPlan(snapshot.library, rows, report)


def _agreeing(
    library: Library,
    level: Level,
    legacy: LegacyState,
    known: set[str],
    report: Imported,
) -> Ints:
    """Return the rows of items that hold what the file says, and note the others."""
    items = library.listed(level)
    listed = [
        row for row, key in enumerate(items.key.tolist()) if key in legacy.ratings
    ]
    chosen = []
    for row in listed:
        key, held = int(items.key[row]), float(items.rating[row])
        value = legacy.ratings[key]
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
    """Read a plex_state.json.

    Raises:
        SettingsInvalid: It is missing, broken or something else.
    """
    return parse_state(read_json(path), str(path))
