"""Ratings as a spreadsheet: written with all that is known of each, and read again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.library import Level
from engine.ownership import Owner
from engine.planning.undo_plan import Selection
from engine.rating_scale import Bools
from engine.saved_ratings.candidates import candidates
from engine.saved_ratings.sources import Source, parse
from engine.saved_ratings.table import (
    COLUMNS,
    INFERRED,
    MANUAL,
    cells_of,
    stars_of,
    table_of,
)
from tasks.commands.given_ratings import GivenReport, give
from tasks.config.output_files import write_text
from tasks.config.ratings_files import read_text
from tasks.record.given import inferred_before
from tasks.runtime.context import RunContext
from tasks.sync.reconcile import LibrarySnapshot, snapshot_of
from tasks.sync.steps import read

KNOWN = ("rating_type", "exported", "low", "high", "confidence", "ratings_behind")
"""What a spreadsheet tells besides the columns of a backup, of inferred ratings too."""

UNRATED = "unrated"


@dataclass(frozen=True)
class Wanted:
    """Which items a spreadsheet is to hold."""

    letters: str = ""
    artist: str = ""
    only: str = ""
    """manual, inferred or unrated; empty: all."""
    level: str = ""
    """artist, album or track; empty: all."""


@dataclass
class Exported:
    """What went into a spreadsheet."""

    dry_run: bool = False
    """Nothing in Plex changes in any case."""
    manual: int = 0
    inferred: int = 0
    unrated: int = 0


def export(context: RunContext, path: Path, wanted: Wanted) -> Exported:
    """Write the ratings of a library to a CSV file, an item a row, in stars.

    Raises:
        UsageError: The file cannot be written.
    """
    snapshot = snapshot_of(context, read(context))
    report = Exported()
    rows = [
        row
        for level in Level
        for row in _rows(context, snapshot, level, wanted, report)
    ]
    write_text(path, table_of((*COLUMNS, *KNOWN), rows))
    return report


def _rows(
    context: RunContext,
    snapshot: LibrarySnapshot,
    level: Level,
    wanted: Wanted,
    report: Exported,
) -> Iterator[list[object]]:
    if wanted.level not in {"", level.word}:
        return
    library = snapshot.library
    inside = len(library[level])
    chosen = Selection(letters=wanted.letters, artist=wanted.artist).of(library, level)
    kinds = kinds_of(snapshot, level)
    guids = library[level].guid.tolist()
    known = inferred_before(context.store, level, guids)
    for item in candidates(library, level)[:inside]:
        kind = kinds[item.row]
        if chosen[item.row] and wanted.only in {"", kind}:
            setattr(report, kind, getattr(report, kind) + 1)
            facts = known.get(item.described.guid, {}) if kind == INFERRED else {}
            yield [
                *cells_of(item.described),
                *_facts(kind, item.described.points, facts),
            ]


def kinds_of(snapshot: LibrarySnapshot, level: Level) -> list[str]:
    """Return whose rating each item of a level has, in a word."""
    ownership = snapshot[level]
    ours: Bools = np.isin(ownership.owner, (Owner.US, Owner.WRITTEN, Owner.UNREAD))
    kinds = np.where(np.isnan(ownership.manual), UNRATED, MANUAL).astype(object)
    kinds[ours] = INFERRED
    kinds[ownership.unread & ~ours] = MANUAL
    return list(kinds.tolist())


def _facts(kind: str, points: float, known: dict[str, Any]) -> list[object]:
    """Return the cells of `KNOWN`; what is not known is empty."""
    low, high, sure = (known.get(name) for name in ("low", "high", "confidence"))
    return [
        "" if kind == UNRATED else kind,
        stars_of(points),
        "" if low is None else stars_of(low),
        "" if high is None else stars_of(high),
        "" if sure is None else f"{sure:.3g}",
        "" if known.get("ratings") is None else known["ratings"],
    ]


@dataclass(frozen=True)
class ImportRequest:
    """How a file is to be understood, and what it may change."""

    path: Path
    scale: str = ""
    stars: str = ""
    replaces: bool = False
    adopts_half_stars: bool = False


def understood(request: ImportRequest) -> Source:
    """Read a file without Plex, so that its scale can be shown first.

    Raises:
        UsageError: The file cannot be read, or understood.
    """
    path = request.path
    text = read_text(path)
    return parse(text, path.name, scale=request.scale, stars=request.stars)


def import_ratings(context: RunContext, request: ImportRequest) -> GivenReport:
    """Give the ratings of a file that a person chose: from then on they are theirs.

    Raises:
        UsageError: The file cannot be read, or understood.
    """
    return give(
        context,
        understood(request),
        replaces=request.replaces,
        adopts_half_stars=request.adopts_half_stars,
    )
