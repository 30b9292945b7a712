"""How long the hierarchical model takes for a very large library.

Run `make bench-speed`, or `python -m tests.benchmarks.speed TRACKS`.
"""

import sys
import time
from dataclasses import replace

import numpy as np

from engine.evidence import split, whole
from engine.hierarchical.fitting import fit
from engine.hierarchical.model import predict
from engine.library import Facts, Level, Library
from engine.ownership import RecordView, ownership_of
from tests.benchmarks.csv_part import items_of, objects

CASES = (
    # share of tracks rated, share of albums rated, whether genres are known
    (0.05, 0.0, False),
    (0.05, 0.0, True),
    (0.05, 0.1, True),
    (0.3, 0.0, True),
)


def synthetic(tracks, rated, albums_rated, *, genres) -> Library:
    """Return a library of ten tracks an album and five albums an artist."""
    draw = np.random.default_rng(1)
    albums, artists = tracks // 10, tracks // 50
    above = np.sort(draw.integers(0, artists, albums))
    on_album = np.sort(draw.integers(0, albums, tracks))
    plays = draw.poisson(draw.lognormal(0, 1, tracks)).astype(np.float64)
    level = 6 + draw.normal(0, 0.8, albums) + draw.normal(0, 0.8, artists)[above]
    own = level[on_album] + 0.6 * np.log1p(plays) + draw.normal(0, 1, tracks)
    names = draw.zipf(1.6, albums) % 200 if genres else np.zeros(albums, np.int64)

    def stars(points, share):
        points = np.clip(2 * np.round(points / 2), 2, 10)
        return np.where(draw.random(len(points)) >= share, np.nan, points)

    def items(level, count, parent, rating, facts):
        return items_of(
            level,
            [f"{level.word} {row}" for row in range(count)],
            parent,
            rating=rating,
            critic=np.full(count, np.nan),
            duration=draw.integers(60_000, 400_000, count),
            facts=facts,
        )

    skips = draw.poisson(0.1, tracks).astype(np.float64)
    number = 1.0 + np.arange(tracks) % 10
    known = replace(Facts.unknown(tracks), plays=plays, skips=skips, number=number)
    year = draw.integers(1960, 2024, albums).astype(np.float64)
    genre = objects([f"genre {name}" if name else "" for name in names])
    of_albums = replace(Facts.unknown(albums), year=year, genre=genre)
    unrated = np.full(artists, np.nan)
    return Library(
        items(Level.ARTIST, artists, np.full(artists, -1), unrated, None),
        items(Level.ALBUM, albums, above, stars(level, albums_rated), of_albums),
        items(Level.TRACK, tracks, on_album, stars(own, rated), known),
        objects([chr(65 + 26 * row // artists) for row in range(artists)]),
    )


def main(tracks: int) -> None:
    """Print the seconds of one processor for each case."""
    for rated, albums_rated, genres in CASES:
        library = synthetic(tracks, rated, albums_rated, genres=genres)
        ownerships = {
            level: ownership_of(library[level], RecordView.blank(len(library[level])))
            for level in Level
        }
        part = whole(library, ownerships)
        times = [time.process_time()]
        learned = fit(part)
        times.append(time.process_time())
        for letter in split(library, part).values():
            for level in Level:
                predict(letter, learned, level)
        times.append(time.process_time())
        print(
            f"{tracks} tracks, {rated:.0%} rated, {albums_rated:.0%} of the albums, "
            f"{len(learned.scales)} columns, {len(learned.genres)} genres: "
            f"fit {times[1] - times[0]:.1f} s, predict {times[2] - times[1]:.1f} s"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
