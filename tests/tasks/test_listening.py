"""New ratings lead to the letters of their artists, once it has become quiet."""

import threading
from dataclasses import replace

import pytest

from engine.errors import PlexUnreachable
from engine.library import Level
from tasks.listening import Listener, is_echo, letters_of
from tasks.notices import Notice, notice_of
from tests.tasks.building import batch_of, look_at, settings_of
from tests.tasks.payloads import payload
from tests.tasks.stage import infer

LONG = 30.0
RATED = notice_of(payload())
assert RATED is not None


class Ear:
    """What a listener acts on and says."""

    def __init__(self, fails: int = 0) -> None:
        self.fails = fails
        self.acted: list[list[Notice]] = []
        self.said: list[str] = []
        self.done = threading.Event()

    def act(self, notices: list[Notice]) -> None:
        if self.fails:
            self.fails -= 1
            raise PlexUnreachable("Plex is away.")
        self.acted.append(notices)
        self.done.set()


def rated(plex, bench, key, points):
    """Return what Plex would tell of a track that was rated by its owner."""
    dump = plex.dump()
    track = next(track for track in dump["tracks"] if track["ratingKey"] == key)
    return replace(
        RATED,
        server=bench.gateway.identity.server,
        guid=track["guid"],
        artist=track["grandparentRatingKey"],
        points=points,
    )


def test_several_ratings_become_one_act_with_the_last_of_each_item():
    ear = Ear()
    listener = Listener(0.2, ear.act, ear.said.append)
    other = replace(RATED, guid="plex://track/34")

    for notice in (RATED, other, replace(RATED, points=2.0)):
        listener.hear(notice)

    assert ear.done.wait(LONG)
    assert ear.acted == [[replace(RATED, points=2.0), other]]


@pytest.mark.parametrize("change", [{"points": None}, {"is_owner": False}])
def test_what_is_no_rating_of_the_owner_starts_nothing(change):
    ear = Ear()

    Listener(0, ear.act, ear.said.append).hear(replace(RATED, **change))

    assert not ear.done.wait(0.1)


def test_what_could_not_be_done_is_kept_and_tried_again():
    ear = Ear(fails=1)

    Listener(0.05, ear.act, ear.said.append).hear(RATED)

    assert ear.done.wait(LONG)
    assert ear.acted == [[RATED]]
    assert ear.said == ["New ratings wait, because: Plex is away."]


def test_who_stops_listening_forgets():
    ear = Ear()
    listener = Listener(0.1, ear.act, ear.said.append)

    listener.hear(RATED)
    listener.stop()

    assert not ear.done.wait(0.3)


def test_the_letter_comes_from_the_sort_title(plex, bench, record):
    names = {"The Zombies": "Z", "808 State": "#"}
    keys = {name: plex.add(name, "Songs", ["a"])["tracks"][0] for name in names}
    settings = settings_of(plex, state_url=f"sqlite:///{record}")
    artists = {a["title"]: a for a in plex.dump()["artists"]}

    heard = [rated(plex, bench, key, 8.0) for key in keys.values()]

    sort = artists["The Zombies"]["titleSort"] or "The Zombies"
    assert letters_of(settings, heard) == ["#", "Z" if sort[0] == "Z" else "T"]


def test_other_servers_and_artists_that_are_gone_have_no_letter(
    plex, bench, tracks, record
):
    settings = settings_of(plex, state_url=f"sqlite:///{record}")
    heard = rated(plex, bench, tracks[0], 8.0)

    assert letters_of(settings, [replace(heard, server="another")]) == []
    assert letters_of(settings, [replace(heard, artist=999_999)]) == []


def test_what_we_wrote_ourselves_is_an_echo(plex, bench, tracks, record):
    settings = settings_of(plex, state_url=f"sqlite:///{record}")
    infer(bench, {tracks[0]: 7.36})

    echo, news = (rated(plex, bench, tracks[0], p) for p in (7.3599996, 8.0))

    assert letters_of(settings, [echo]) == []
    assert len(letters_of(settings, [echo, news])) == 1


def test_a_promise_has_an_echo_too(store):
    look = look_at("plex://track/33")
    store.intend([batch_of(look, 4.0)], look, "", "run 1", 1.0)

    assert is_echo(store, replace(RATED, points=4.0))
    assert not is_echo(store, RATED)
    assert not is_echo(store, replace(RATED, level=Level.ALBUM, points=4.0))
