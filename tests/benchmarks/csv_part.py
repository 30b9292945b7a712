"""A CSV library, one row per track, as the engine sees it."""

import csv
import gzip
from pathlib import Path

import numpy as np

from engine.evidence import Part, whole
from engine.library import Facts, Items, Level, Library
from engine.ownership import Memory, standing_of


def column(rows, name):
    """Return a numeric column; NaN where it is empty."""
    return np.array([float(row[name]) if row[name] else np.nan for row in rows])


def objects(values):
    """Return strings as an object array."""
    texts = np.empty(len(values), object)
    texts[:] = values
    return texts


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


def read_part(path: Path, *, albums_rated: bool = False, critics: bool = True) -> Part:
    """Read a library; artists and albums are told apart by their exact names.

    Args:
        path: A CSV file packed by gzip.
        albums_rated: Whether the albums' own ratings are evidence.
        critics: Whether the critics' ratings are known.
    """
    return part_of_rows(rows_of(path), albums_rated=albums_rated, critics=critics)


def albums_as_tracks(path: Path) -> Part:
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


def part_of_rows(rows, *, albums_rated: bool, critics: bool) -> Part:
    """Return rows, one a track, as a part."""
    artists, artist = first_of([row["artist"] for row in rows])
    albums, album = first_of([(row["artist"], row["album"]) for row in rows])
    above = np.zeros(len(albums), np.int64)
    above[album] = artist
    is_track = [bool(row["track"]) for row in rows]
    tracks = [row for row in rows if row["track"]]
    own_rating = firsts(column(rows, "album_rating_10"), album, len(albums))
    critic = firsts(column(rows, "critic_10"), album, len(albums))
    year = firsts(column(rows, "year"), album, len(albums))
    nothing = np.full(len(albums), np.nan)
    genre = objects([""] * len(albums))
    if not tracks:
        genre[album] = [row["genre"] for row in rows]
    facts = Facts(
        plays=column(tracks, "play_count"),
        skips=column(tracks, "skip_count"),
        year=column(tracks, "year"),
        number=column(tracks, "track_no"),
        genre=objects([row["genre"] for row in tracks]),
    )
    of_albums = Facts(nothing, nothing, nothing if tracks else year, nothing, genre)
    nobody = np.full(len(artists), np.nan)
    library = Library(
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
            rating=own_rating if albums_rated else nothing,
            critic=critic if critics else nothing,
            duration=np.zeros(len(albums), np.int64),
            facts=of_albums,
        ),
        tracks=items_of(
            Level.TRACK,
            [row["track"] for row in tracks],
            album[is_track],
            rating=column(tracks, "rating_10"),
            critic=np.full(len(tracks), np.nan),
            duration=np.nan_to_num(column(tracks, "duration_ms")).astype(np.int64),
            facts=facts,
        ),
        letter=objects([name[:1] for name in artists]),
    )
    standings = {
        level: standing_of(library[level], Memory.blank(len(library[level])))
        for level in Level
    }
    return whole(library, standings)
