"""A CSV library, one row per track, as the engine sees it."""

import csv
import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.evidence import LibraryView
from engine.library import Facts, Items, Level, Library
from tests.engine.parts import objects, part_of


def column(rows, name):
    """Return a numeric column; NaN where it is empty."""
    return np.array([float(row[name]) if row[name] else np.nan for row in rows])


def items_of(level, titles, parent, **columns):
    """Return a level whose keys and guids are made up."""
    count = len(titles)
    key = np.arange(count) + level * 1_000_000_000
    return Items(
        key=key,
        guid=objects([f"local://{k}" for k in key]),
        title=objects(titles),
        parent=np.array(parent, np.int64),
        rated_at=np.zeros(count, np.int64),
        **columns,
    )


def first_of(texts):
    """Return the distinct texts in order, and the number of each text."""
    number = {}
    own = np.array([number.setdefault(text, len(number)) for text in texts], np.int64)
    return list(number), own


def firsts(values, group, count):
    """Return of each group the first value that is known."""
    out = np.full(count, np.nan)
    for value, at in zip(values, group, strict=True):
        if np.isnan(out[at]):
            out[at] = value
    return out


def read_part(
    path: Path, *, albums_rated: bool = False, critics: bool = True
) -> LibraryView:
    """Read a library; artists and albums are told apart by their exact names.

    Args:
        path: A CSV file packed by gzip.
        albums_rated: Whether the albums' own ratings are evidence.
        critics: Whether the critics' ratings are known.
    """
    return part_of_rows(rows_of(path), albums_rated=albums_rated, critics=critics)


def albums_as_tracks(path: Path) -> LibraryView:
    """Read a library of rated albums as if they were tracks without an album."""
    rows = [
        row | {"track": row["album"], "album": "", "rating_10": row["album_rating_10"]}
        for row in rows_of(path)
        if row["album_rating_10"]
    ]
    return part_of_rows(rows, albums_rated=False, critics=False)


def rows_of(path: Path):
    """Return the rows of a CSV file packed by gzip."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def part_of_rows(rows, *, albums_rated: bool, critics: bool) -> LibraryView:
    """Return rows, one a track, as a part."""
    artists, artist = first_of([row["artist"] for row in rows])
    albums, album = first_of([(row["artist"], row["album"]) for row in rows])
    above = np.zeros(len(albums), np.int64)
    above[album] = artist
    nobody = np.full(len(artists), np.nan)
    wishes = {
        "rating": column(rows, "album_rating_10") if albums_rated else None,
        "critic": column(rows, "critic_10") if critics else None,
    }
    is_track = [bool(row["track"]) for row in rows]
    return part_of(
        Library(
            artists=items_of(
                Level.ARTIST,
                artists,
                [-1] * len(artists),
                rating=nobody,
                critic=nobody,
                duration=np.zeros(len(artists), np.int64),
            ),
            albums=items_of(
                Level.ALBUM,
                [title for _, title in albums],
                above,
                **{name: by_album(own, album, above) for name, own in wishes.items()},
                duration=np.zeros(len(albums), np.int64),
                facts=facts_of_albums(rows, album, above),
            ),
            tracks=tracks_of([row for row in rows if row["track"]], album[is_track]),
            letter=objects([name[:1] for name in artists]),
        )
    )


def by_album(values, album, above):
    """Return the first known value of each album; none are known without values."""
    if values is None:
        return np.full(len(above), np.nan)
    return firsts(values, album, len(above))


def facts_of_albums(rows, album, above) -> Facts:
    """Return year and genre of albums that stand for themselves, without tracks."""
    unknown = Facts.unknown(len(above))
    genre = objects([""] * len(above))
    if any(row["track"] for row in rows):
        return unknown
    genre[album] = [row["genre"] for row in rows]
    year = by_album(column(rows, "year"), album, above)
    return replace(unknown, year=year, genre=genre)


def tracks_of(rows, album) -> Items:
    """Return the tracks, one a row."""
    return items_of(
        Level.TRACK,
        [row["track"] for row in rows],
        album,
        rating=column(rows, "rating_10"),
        critic=np.full(len(rows), np.nan),
        duration=np.nan_to_num(column(rows, "duration_ms")).astype(np.int64),
        facts=replace(
            Facts.unknown(len(rows)),
            plays=column(rows, "play_count"),
            skips=column(rows, "skip_count"),
            year=column(rows, "year"),
            number=column(rows, "track_no"),
            genre=objects([row["genre"] for row in rows]),
        ),
    )
