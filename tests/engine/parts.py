"""Small libraries for the tests of models, written as lists."""

from dataclasses import replace

import numpy as np

from engine.evidence import LibraryView, whole
from engine.library import Facts, Items, Level, Library
from engine.ownership import RecordView, ownership_of

NAN = np.nan


def objects(values) -> np.ndarray:
    """Return strings as an object array."""
    texts = np.empty(len(values), object)
    texts[:] = values
    return texts


def facts_of(plays, skips=None, year=None, number=None, genre=None) -> Facts:
    """Return facts; what is not given is unknown."""
    given = {"plays": plays, "skips": skips, "year": year, "number": number}
    known = {
        name: np.array(column, np.float64)
        for name, column in given.items()
        if column is not None
    }
    if genre is not None:
        known["genre"] = objects(genre)
    return replace(Facts.unknown(len(plays)), **known)


def items_of(level, titles, parent, rating=None, **others) -> Items:
    """Return a level; keys and guids are made up, nobody has rated anything."""
    count = len(titles)
    key = np.arange(count) + level * 1000
    nothing = np.full(count, NAN)
    return Items(
        key=key,
        guid=objects([f"local://{k}" for k in key]),
        title=objects(titles),
        parent=np.array(parent, np.int64).reshape(-1),
        rating=nothing if rating is None else np.array(rating, np.float64),
        rated_at=np.zeros(count, np.int64),
        critic=others.get("critic", nothing),
        duration=others.get("duration", np.zeros(count, np.int64)),
        facts=others.get("facts"),
    )


def part_of(library: Library) -> LibraryView:
    """Return a library in which all ratings were given by a person."""
    ownerships = {
        level: ownership_of(library[level], RecordView.blank(len(library[level])))
        for level in Level
    }
    return whole(library, ownerships)


def library_of(artists, albums, tracks, letters=None) -> Library:
    """Return a library; each artist is a letter of its own unless told otherwise."""
    names = letters or [f"L{row}" for row in range(len(artists))]
    return Library(artists, albums, tracks, objects(names))


def worked_example() -> LibraryView:
    """Return two artists with two albums each, four rated tracks and three unrated."""
    return part_of(
        library_of(
            items_of(Level.ARTIST, ["A", "B"], [-1, -1]),
            items_of(Level.ALBUM, ["a", "b", "c", "d"], [0, 0, 1, 1]),
            items_of(
                Level.TRACK,
                list("tuvwxyz"),
                [0, 0, 0, 1, 1, 2, 3],
                [8, 9, NAN, 6, NAN, 4, NAN],
            ),
        )
    )


def random_library(
    seed, *, columns=True, albums_rated=0.0, artists_rated=0.0, rated=0.5
) -> Library:
    """Return a small library, some of whose artists are many or have no album."""
    draw = np.random.default_rng(seed)
    artists = int(draw.integers(1, 7))
    albums = int(draw.integers(artists, 14))
    tracks = int(draw.integers(albums, 40))
    names = [f"artist {row}" for row in range(artists)]
    if draw.random() < 0.5:
        names[-1] = "Various Artists"
    titles = ["" if draw.random() < 0.3 else f"album {row}" for row in range(albums)]
    on_album = np.sort(draw.integers(0, albums, tracks))
    rating = draw.integers(1, 11, tracks).astype(float)
    rating[draw.random(tracks) > rated] = NAN
    number = draw.integers(1, 12, tracks).astype(float)
    number[draw.random(tracks) < 0.2] = NAN
    genres = ["Rock", "Pop; Rock", "", "Jazz"]
    facts = facts_of(
        draw.poisson(3, tracks),
        skips=draw.poisson(1, tracks),
        number=number,
        genre=[genres[at] for at in draw.integers(0, 4, tracks)],
    )
    of_albums = facts_of([NAN] * albums, year=draw.integers(1960, 2020, albums))
    critic = np.where(draw.random(albums) < 0.5, draw.uniform(3, 9, albums), NAN)

    def some(count, share):
        own = draw.integers(1, 11, count).astype(float)
        own[draw.random(count) >= share] = NAN
        return own

    return library_of(
        items_of(Level.ARTIST, names, [-1] * artists, some(artists, artists_rated)),
        items_of(
            Level.ALBUM,
            titles,
            np.sort(draw.integers(0, artists, albums)),
            some(albums, albums_rated),
            critic=critic if columns else np.full(albums, NAN),
            facts=of_albums if columns else None,
        ),
        items_of(
            Level.TRACK,
            [f"track {row}" for row in range(tracks)],
            on_album,
            rating,
            duration=draw.integers(0, 400_000, tracks) * columns,
            facts=facts if columns else None,
        ),
    )
