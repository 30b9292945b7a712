"""Makes a world from a CSV file with one row per track."""

import csv
import gzip
import re
import zlib
from pathlib import Path

from tests.simulator.items import Item, Kind
from tests.simulator.world import PAST, World

DAY = 86_400
OLDEST_RATING = 1500
"""Days before `PAST` within which everything was rated."""
HIGHEST = 10.0
"""Points."""
Row = dict[str, str]


class CsvInvalid(ValueError):
    """A file is no library."""


UNREADABLE = (OSError, EOFError, zlib.error, csv.Error, UnicodeDecodeError)
"""What comes of a file that is none, or no text."""
SENSELESS = (KeyError, ValueError, TypeError, AttributeError, OverflowError)
"""What comes of a row that lacks a column, or has no number where one belongs."""


def load_csv(world: World, path: Path) -> World:
    """Fill a world from a CSV file, which may be gzipped.

    Artists and albums are told apart by their exact names, empty ones
    included. A row without a track title describes an album only.

    Raises:
        CsvInvalid: The file cannot be read, or a row makes no sense.
    """
    try:
        return _load(world, path)
    except UNREADABLE as fault:
        raise CsvInvalid(f"{path} cannot be read: {fault}.") from None
    except SENSELESS as fault:
        count = sum(map(len, world.views.values()))
        raise CsvInvalid(
            f"{path}: a row makes no sense, after {count} items: {fault!r}."
        ) from None


def _load(world: World, path: Path) -> World:
    opened = gzip.open if path.suffix == ".gz" else open
    artists: dict[str, Item] = {}
    albums: dict[tuple[str, str], Item] = {}
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = row["artist"]
            tags = {"genre": _genres(row)}
            if name not in artists:
                artists[name] = world.add(Kind.ARTIST, name, tags=tags)
            key = (name, row["album"])
            if key not in albums:
                facts = {"year": _whole(row["year"]), "tags": tags}
                facts["critic"] = _number(row["critic_10"])
                albums[key] = world.add(Kind.ALBUM, key[1], artists[name], **facts)
            _rate(world, albums[key], row["album_rating_10"])
            if row["track"]:
                _add_track(world, row, albums[key])
    return world


def _add_track(world: World, row: Row, album: Item) -> None:
    player = row["track_artist"]
    track = world.add(
        Kind.TRACK,
        row["track"],
        album,
        index=_whole(row["track_no"]),
        disc=_whole(row["disc_no"]),
        duration=_whole(row["duration_ms"]),
        original_title=player if player != row["artist"] and player else None,
    )
    _rate(world, track, row["rating_10"])
    plays, skips = _whole(row["play_count"]), _whole(row["skip_count"])
    if plays or skips:
        mine = world.remember(track)
        mine.view_count, mine.skip_count = plays or None, skips or None
        mine.last_viewed_at = _day_for(track) if plays else None


def _rate(world: World, item: Item, points: str) -> None:
    if points:
        if not 0 <= float(points) <= HIGHEST:
            raise ValueError(f"{points} is no rating from 0 to 10")
        mine = world.remember(item)
        mine.rating, mine.last_rated_at = float(points), _day_for(item)


def _day_for(item: Item) -> int:
    """Return some moment in the past, always the same for the same key."""
    number = zlib.crc32(f"day {item.key}".encode())
    return PAST - (number % OLDEST_RATING) * DAY - number % DAY


def _genres(row: Row) -> list[str]:
    return [g.strip() for g in re.split("[;,]", row["genre"]) if g.strip()]


def _whole(text: str) -> int | None:
    return int(float(text)) if text else None


def _number(text: str) -> float | None:
    return float(text) if text else None
