"""New ratings lead to the letters of their artists, once it has become quiet."""

import threading
import time
from dataclasses import replace

import pytest

from engine.errors import PlexUnreachable
from engine.library import Level
from tasks.webhook_events import Account, Event, event_of
from tasks.webhook_listener import (
    MAX_WAIT,
    IgnoredEvents,
    RatingListener,
    is_echo,
    letters_of,
)
from tests.tasks.building import batch_of, look_at, settings_of
from tests.tasks.payloads import payload
from tests.tasks.stage import infer

LONG = 30.0
UNHEARD: list[str] = []
RATED = event_of(payload())


class Ear:
    """What a listener acts on and says."""

    def __init__(self, fails: int = 0) -> None:
        self.fails = fails
        self.acted: list[list[Event]] = []
        self.said: list[str] = []
        self.ignored: list[str] = []
        self.done = threading.Event()

    def start(self, events: list[Event]) -> None:
        if self.fails:
            self.fails -= 1
            raise PlexUnreachable("Plex is away.")
        self.acted.append(events)
        self.done.set()


def listener_of(ear, quiet=0.05):
    """Return a listener that tells an ear."""
    return RatingListener(quiet, ear.start, ear.said.append, ear.ignored.append)


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


def test_several_ratings_become_one_run_with_the_last_of_each_item():
    ear = Ear()
    listener = listener_of(ear, 0.2)
    other = replace(RATED, guid="plex://track/34")
    last = replace(RATED, points=2.0)

    for event in (RATED, other, last):
        listener.hear(event)

    assert ear.done.wait(LONG)
    assert ear.acted == [[last, other]]


def test_the_rating_of_another_person_does_not_replace_the_owners():
    ear = Ear()
    listener = listener_of(ear)
    other = replace(RATED, account=Account(2, "guest", is_owner=False))

    for event in (RATED, other):
        listener.hear(event)

    assert ear.done.wait(LONG)
    assert ear.acted == [[RATED, other]]


def test_the_same_event_sent_again_starts_one_run():
    ear = Ear()
    listener = listener_of(ear)
    listener.hear(RATED)
    assert ear.done.wait(LONG)

    for _ in range(3):
        listener.hear(RATED)
    time.sleep(0.3)

    assert ear.acted == [[RATED]]
    assert ear.ignored == ["it came before"] * 3


@pytest.mark.parametrize("date", [RATED.date + 1, None])
def test_the_same_rating_given_again_starts_another_run(date):
    ear = Ear()
    listener = listener_of(ear)
    again = replace(RATED, date=date)

    for event in (RATED, again, again) if date is None else (RATED, again):
        ear.done.clear()
        listener.hear(event)
        assert ear.done.wait(LONG)

    assert [again] in ear.acted


def test_constant_rating_starts_a_run_within_five_quiet_periods():
    ear = Ear()
    quiet = 0.2
    listener = listener_of(ear, quiet)
    begun = time.monotonic()

    for number in range(200):
        listener.hear(replace(RATED, guid=f"plex://track/{number}"))
        if ear.done.wait(quiet / 4):
            break
    listener.stop()

    assert ear.done.is_set()
    assert len(ear.acted[0]) > MAX_WAIT
    assert time.monotonic() - begun < 2 * MAX_WAIT * quiet


def test_what_could_not_be_done_is_kept_and_said_once():
    ear = Ear(fails=3)

    listener_of(ear).hear(RATED)

    assert ear.done.wait(LONG)
    assert ear.acted == [[RATED]]
    assert ear.said == ["New ratings wait, because: Plex is away."]


def test_a_stopped_listener_forgets():
    ear = Ear()
    listener = listener_of(ear, 0.1)

    listener.hear(RATED)
    listener.stop()

    assert not ear.done.wait(0.3)


def test_a_reason_to_ignore_is_told_now_and_then():
    said: list[str] = []
    ignore = IgnoredEvents(said.append)

    for _ in range(25):
        ignore("it is late")
    ignore("it is early")

    assert said == [
        "Webhook: an event is ignored, because it is late.",
        "Webhook: an event is ignored, because it is late (10 times so far).",
        "Webhook: an event is ignored, because it is early.",
    ]


def test_the_letter_comes_from_the_sort_title(plex, bench, record):
    names = {"The Zombies": "Z", "808 State": "#"}
    keys = {name: plex.add(name, "Songs", ["a"])["tracks"][0] for name in names}
    settings = settings_of(plex, state_url=f"sqlite:///{record}")
    artists = {a["title"]: a for a in plex.dump()["artists"]}

    heard = [rated(plex, bench, key, 8.0) for key in keys.values()]

    sort = artists["The Zombies"]["titleSort"] or "The Zombies"
    assert letters_of(settings, heard, UNHEARD.append) == [
        "#",
        "Z" if sort[0] == "Z" else "T",
    ]


def test_other_servers_and_artists_that_are_gone_have_no_letter(
    plex, bench, tracks, record
):
    settings = settings_of(plex, state_url=f"sqlite:///{record}")
    heard = rated(plex, bench, tracks[0], 8.0)

    assert (
        letters_of(settings, [replace(heard, server="another")], UNHEARD.append) == []
    )
    assert letters_of(settings, [replace(heard, artist=999_999)], UNHEARD.append) == []


def test_what_we_wrote_ourselves_is_an_echo(plex, bench, tracks, record):
    settings = settings_of(plex, state_url=f"sqlite:///{record}")
    infer(bench, {tracks[0]: 7.36})

    echo, news = (rated(plex, bench, tracks[0], p) for p in (7.3599996, 8.0))

    assert letters_of(settings, [echo], UNHEARD.append) == []
    assert len(letters_of(settings, [echo, news], UNHEARD.append)) == 1


def test_a_promise_has_an_echo_too(store):
    look = look_at("plex://track/33")
    store.intend([batch_of(look, 4.0)], look, "", "run 1", 1.0)

    assert is_echo(store, replace(RATED, points=4.0))
    assert not is_echo(store, RATED)
    assert not is_echo(store, replace(RATED, level=Level.ALBUM, points=4.0))


@pytest.mark.parametrize(
    ("account", "wishes", "reason"),
    [
        (Account(5, "friend", is_owner=False), {}, "friend rated it"),
        (Account(987654, "owner", is_owner=False), {}, ""),
        (Account(2, "shared", is_owner=False), {"webhook_account": "shared"}, ""),
        (Account(1, "owner", is_owner=True), {"webhook_account": "shared"}, "owner"),
    ],
)
def test_whose_ratings_start_runs(plex, bench, record, account, wishes, reason):
    settings = settings_of(plex, state_url=f"sqlite:///{record}", **wishes)
    track = plex.dump()["tracks"][0]["ratingKey"]
    heard = replace(rated(plex, bench, track, 8.0), account=account)
    reasons: list[str] = []

    letters = letters_of(settings, [heard], reasons.append)

    assert bool(letters) is not bool(reason)
    assert reasons == [] if not reason else reason in reasons[0]


@pytest.mark.parametrize("wanted", [False, True])
def test_new_music_counts_if_wished(plex, bench, tracks, record, wanted):
    settings = settings_of(
        plex, state_url=f"sqlite:///{record}", webhook_new_music=wanted
    )
    added = replace(rated(plex, bench, tracks[0], 8.0), points=None)

    assert bool(letters_of(settings, [added], UNHEARD.append)) is wanted
