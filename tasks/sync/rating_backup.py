"""The ratings that a person gave, as dated files beside Plex: written and verified."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import numpy as np

from engine.errors import UsageError
from engine.library import Identity, Level
from engine.rating_scale import unreadable
from engine.saved_ratings.candidates import Candidate, DetailsByKey, candidates
from engine.saved_ratings.table import SavedRating
from tasks.config.ratings_files import read_ratings, write_ratings
from tasks.runtime.context import RunContext
from tasks.sync.reconcile import LibrarySnapshot

ENDING = ".csv.gz"


def manual_ratings(
    context: RunContext,
    snapshot: LibrarySnapshot,
    details: dict[Level, DetailsByKey] | None = None,
) -> list[SavedRating]:
    """Return what persons rated, artists first; what cannot be read is left out."""
    return [
        item.described
        for level in Level
        for item in _manual(context, snapshot, level, (details or {}).get(level))
    ]


def _manual(
    context: RunContext,
    snapshot: LibrarySnapshot,
    level: Level,
    details: DetailsByKey | None,
) -> list[Candidate]:
    library = snapshot.library
    items, inside = library.listed(level), len(library[level])
    by_person = ~np.isnan(items.rating) & ~unreadable(items.rating)
    by_person[:inside] = ~np.isnan(snapshot[level].manual)
    if len(items) > inside:  # whose ratings of items without a parent are is on record
        recorded = {row.guid for row in context.store.shadows(level)}
        recorded |= {row.guid for row in context.store.intents(level)}
        by_person[inside:] &= [guid not in recorded for guid in items.guid[inside:]]
    return candidates(library, level, details, np.flatnonzero(by_person))


def back_up_automatically(context: RunContext, snapshot: LibrarySnapshot) -> str:
    """Save the ratings that persons gave, once a day; return what to say of it.

    That costs no request. Nothing is written if the newest backup says the same.
    """
    settings, identity = context.settings, context.gateway.identity
    if not (settings.backup_keep and settings.backup_folder):
        return ""
    folder = Path(settings.backup_folder)
    newest = backups_of(folder, identity)[-1:]
    today = f"{context.machine.date:%Y%m%d}"
    if newest and _date_of(newest[0]).startswith(today):
        return ""
    ratings = manual_ratings(context, snapshot)
    if not ratings or (newest and _says_the_same(newest[0], ratings)):
        return ""
    path = save(context, ratings)
    return f"Your {len(ratings)} ratings were saved to {path}."


def save(context: RunContext, ratings: Sequence[SavedRating]) -> Path:
    """Save ratings to a new file in the folder of backups; the oldest ones go.

    Raises:
        UsageError: It cannot be written, or does not hold what was written.
    """
    settings, identity = context.settings, context.gateway.identity
    folder = Path(settings.backup_folder)
    name = f"{_stem(identity)}-{context.machine.date:%Y%m%d-%H%M%S}-{len(ratings)}"
    path = folder / f"{name}{ENDING}"
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)
        write_ratings(path, ratings)
    except (OSError, UsageError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(
            f"Your ratings cannot be saved in {folder}: {reason} Nothing was written "
            "to Plex. Let BACKUP_FOLDER name a folder that plexbayes may write to; "
            "BACKUP_KEEP 0 saves none before a run."
        ) from None
    if settings.backup_keep:
        _drop_old(backups_of(folder, identity), settings.backup_keep)
    return path


def backups_of(folder: Path, identity: Identity) -> list[Path]:
    """Return the backups of a library and account, oldest first."""
    pattern = re.compile(
        re.escape(_stem(identity)) + r"-\d{8}-\d{6}-\d+" + re.escape(ENDING)
    )
    if not folder.is_dir():
        return []
    return sorted(file for file in folder.iterdir() if pattern.fullmatch(file.name))


def _stem(identity: Identity) -> str:
    """Return how the names begin of the backups of one library and account."""
    whose = f"{identity.server} {identity.uuid} {identity.account}"
    digest = blake2b(whose.encode(), digest_size=4).hexdigest()
    title = re.sub(r"[^\w-]+", "-", identity.title).strip("-")[:40]
    return "-".join(filter(None, (title, digest)))


def _date_of(backup: Path) -> str:
    return "-".join(backup.name.removesuffix(ENDING).split("-")[-3:-1])


def _says_the_same(backup: Path, ratings: Sequence[SavedRating]) -> bool:
    try:
        return sorted(map(_told, read_ratings(backup).ratings)) == sorted(
            map(_told, ratings)
        )
    except UsageError:  # damaged: a new one is due
        return False


def _told(rating: SavedRating) -> tuple[object, ...]:
    """Return what a backup is worth being made for."""
    return rating.level, rating.guid, rating.key, round(rating.points, 2)


def _drop_old(backups: Sequence[Path], kept: int) -> None:
    """Drop the oldest ones, but never the one that holds most ratings."""

    def count(backup: Path) -> int:
        return int(backup.name.removesuffix(ENDING).rpartition("-")[2])

    spared = {*backups[-kept:], max(reversed(backups), key=count)}
    for backup in backups:
        if backup not in spared:
            with suppress(OSError):  # somebody is reading it: the next run tries again
                backup.unlink()


def _ratings_of(backup: Path) -> Sequence[SavedRating]:
    """Return what a backup holds; nothing if it is damaged."""
    try:
        return read_ratings(backup).ratings
    except UsageError:
        return ()


def history(
    folder: Path, identity: Identity, wanted: str
) -> Iterator[tuple[str, SavedRating]]:
    """Yield what backups say of items of a name or key, with their dates."""
    name = wanted.casefold()
    for backup in backups_of(folder, identity):
        for one in _ratings_of(backup):
            names = one.artist, one.album, one.title, f"{one.named}"
            is_meant = str(one.key) == wanted or one.guid == wanted
            if is_meant or name in " / ".join(dict.fromkeys(names)).casefold():
                yield _date_of(backup), one
