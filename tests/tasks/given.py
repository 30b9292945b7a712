"""A library, and files with ratings of a person, to be given to it."""

import csv
from datetime import timedelta

import pytest

from engine.library import Level
from tasks.machine import Machine
from tests.simulator.control import Control, dump
from tests.simulator.plex import Plex
from tests.simulator.synthetic import make_library
from tests.simulator.world import World
from tests.state_machine.accounts import TAG, small_world
from tests.tasks.first_batches import state


@pytest.fixture
def plex() -> Plex:
    return Plex(small_world())


def ratings(plex):
    """Return what Plex holds, by ratingKey; what is unrated is left out."""
    rated = {key: rating for key, (rating, _, _) in state(plex).items()}
    return {key: rating for key, rating in rated.items() if rating is not None}


def tagged(plex):
    return {key for key, (_, moods, _) in state(plex).items() if TAG in moods}


def on_record(context):
    return {row.key for level in Level for row in context.store.shadows(level)}


def rate(plex, key, points):
    item = next(item for item in plex.world.items() if item.key == key)
    plex.world.clock.jump(1)
    plex.world.rate(item, points)


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path, rows):
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)


def made_anew(plex):
    """Delete everything and add it again; return new ratingKeys by old."""
    control, told = Control(plex), dump(plex.world)
    title = {one["ratingKey"]: one["title"] for one in told["artists"] + told["albums"]}
    numbers = {item.key: item for item in plex.world.items()}
    facts = {
        key: (item.index, item.disc, item.duration) for key, item in numbers.items()
    }
    control.delete([one["ratingKey"] for one in told["artists"]])
    keys: dict[int, int] = {}
    for track in told["tracks"]:
        index, disc, duration = facts[track["ratingKey"]]
        song = {"title": track["title"], "index": index, "duration": duration}
        above = track["grandparentRatingKey"], track["parentRatingKey"]
        added = control.add(*(title[key] for key in above), [song | {"disc": disc}])
        keys |= dict(zip(above, (added["artist"], added["album"]), strict=True))
        keys[track["ratingKey"]] = added["tracks"][0]
    return keys


@pytest.fixture
def files(tmp_path):
    """A folder for files of a person's."""
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


def random_plex(seed):
    return Plex(make_library(World(), 60, seed=seed))


def told(plex):
    whole = dump(plex.world)
    return whole["artists"] + whole["albums"] + whole["tracks"]


def at_day(day):
    return Machine(
        now=lambda: 1_700_000_000.0 + day * timedelta(days=1).total_seconds()
    )
