"""Saving the ratings that a person gave to a file, and giving them back from one."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from engine.library import Level
from engine.saved_ratings.candidates import DetailsByKey
from tasks.commands.given_ratings import GivenReport, give
from tasks.config.ratings_files import read_ratings, write_ratings
from tasks.runtime.context import RunContext
from tasks.sync.integrity import ensure_record_current, ensure_record_present
from tasks.sync.rating_backup import history, manual_ratings, save
from tasks.sync.reconcile import snapshot_of
from tasks.sync.steps import read


@dataclass
class BackedUp:
    """What was saved."""

    dry_run: bool = False
    """Nothing in Plex changes in any case."""
    path: str = ""
    """Of the file; empty: there was nothing to save."""
    artists: int = 0
    albums: int = 0
    tracks: int = 0
    not_understood: list[str] = field(default_factory=list)
    """Items whose ratings may be missing in it."""


def back_up(context: RunContext, path: Path | None = None) -> BackedUp:
    """Save what persons rated, with external ids and paths; nothing else changes.

    Args:
        context: What the command works with.
        path: Where to; none: a new file in the folder of backups.

    Raises:
        ShadowError: Inferred ratings would pass for a person's.
        UsageError: The file cannot be written.
    """
    ensure_record_present(context.store, context.gateway)
    snapshot = snapshot_of(context, read(context))
    ensure_record_current(context, snapshot)
    ratings = manual_ratings(context, snapshot)
    levels = {one.level for one in ratings}
    details: dict[Level, DetailsByKey] = {
        level: context.gateway.details(level, context.cancellation.checkpoint)
        for level in levels
    }
    ratings = manual_ratings(context, snapshot, details)
    count = Counter(one.level for one in ratings)
    report = BackedUp(
        artists=count[Level.ARTIST],
        albums=count[Level.ALBUM],
        tracks=count[Level.TRACK],
        not_understood=snapshot.library.not_understood,
    )
    if path:
        write_ratings(path, ratings)
        report.path = str(path)
    elif ratings:
        report.path = str(save(context, ratings))
    return report


def restore(context: RunContext, path: Path, *, only_missing: bool) -> GivenReport:
    """Give the ratings of a backup back, perhaps only where none of yours stands.

    Raises:
        UsageError: The file cannot be read, or is no backup.
    """
    return give(context, read_ratings(path), replaces=not only_missing)


def rating_history(context: RunContext, wanted: str) -> list[str]:
    """Return what the backups say of an item, by name, guid or ratingKey: a line each.

    A line is only repeated where the rating changed.
    """
    said: dict[str, str] = {}
    lines = []
    folder, identity = Path(context.settings.backup_folder), context.gateway.identity
    for date, one in history(folder, identity, wanted):
        name = f"{one.named} ({one.key})"
        if said.get(name) != one.stars:
            said[name] = one.stars
            lines.append(f"{_day(date)}  {one.stars:>4} stars  {name}")
    return lines


def _day(stamp: str) -> str:
    """Return the date of a file's name for people.

    >>> _day("20261128-061500")
    '2026-11-28 06:15'
    """
    return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[9:11]}:{stamp[11:13]}"
