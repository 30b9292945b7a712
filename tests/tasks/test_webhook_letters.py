"""Which letters ratings are news for, and whose ratings count."""

from dataclasses import replace

import pytest

from engine.library import Level
from tasks.webhook.debouncer import is_echo, letters_of
from tasks.webhook.rating_event import Account, event_of
from tests.tasks.building import batch_of, look_at, settings_of
from tests.tasks.payloads import payload
from tests.tasks.setup import infer

UNHEARD: list[str] = []
RATED = event_of(payload())


def rated(plex, context, key, points):
    """Return what Plex would tell of a track that was rated by its owner."""
    dump = plex.dump()
    track = next(track for track in dump["tracks"] if track["ratingKey"] == key)
    return replace(
        RATED,
        server=context.gateway.identity.server,
        guid=track["guid"],
        artist=track["grandparentRatingKey"],
        points=points,
    )


def test_the_letter_comes_from_the_sort_title(plex, context, record):
    names = {"The Zombies": "Z", "808 State": "#"}
    keys = {name: plex.add(name, "Songs", ["a"])["tracks"][0] for name in names}
    settings = settings_of(plex, state_url=f"sqlite:///{record}")
    artists = {a["title"]: a for a in plex.dump()["artists"]}

    heard = [rated(plex, context, key, 8.0) for key in keys.values()]

    sort = artists["The Zombies"]["titleSort"] or "The Zombies"
    assert letters_of(settings, heard, UNHEARD.append) == [
        "#",
        "Z" if sort[0] == "Z" else "T",
    ]


def test_other_servers_and_artists_that_are_gone_have_no_letter(
    plex, context, tracks, record
):
    settings = settings_of(plex, state_url=f"sqlite:///{record}")
    heard = rated(plex, context, tracks[0], 8.0)

    assert (
        letters_of(settings, [replace(heard, server="another")], UNHEARD.append) == []
    )
    assert letters_of(settings, [replace(heard, artist=999_999)], UNHEARD.append) == []


def test_what_we_wrote_ourselves_is_an_echo(plex, context, tracks, record):
    settings = settings_of(plex, state_url=f"sqlite:///{record}")
    infer(context, {tracks[0]: 7.36})

    echo, news = (rated(plex, context, tracks[0], p) for p in (7.3599996, 8.0))

    assert letters_of(settings, [echo], UNHEARD.append) == []
    assert len(letters_of(settings, [echo, news], UNHEARD.append)) == 1


def test_a_promise_has_an_echo_too(store):
    look = look_at("plex://track/33")
    store.record_intents([batch_of(look, 4.0)], look, "", "run 1", 1.0)

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
def test_whose_ratings_start_runs(plex, context, record, account, wishes, reason):
    settings = settings_of(plex, state_url=f"sqlite:///{record}", **wishes)
    track = plex.dump()["tracks"][0]["ratingKey"]
    heard = replace(rated(plex, context, track, 8.0), account=account)
    reasons: list[str] = []

    letters = letters_of(settings, [heard], reasons.append)

    assert bool(letters) is not bool(reason)
    assert reasons == [] if not reason else reason in reasons[0]


def test_the_owner_counts_for_nobody_elses_token(plex, record):
    heard = replace(RATED, server=plex.dump()["machineIdentifier"])
    reasons: list[str] = []
    settings = settings_of(
        plex, plex_token=plex.shared_token, state_url=f"sqlite:///{record}"
    )

    assert letters_of(settings, [heard], reasons.append) == []
    assert "set WEBHOOK_ACCOUNT" in reasons[0]


@pytest.mark.parametrize("wanted", [False, True])
def test_new_music_counts_if_wished(plex, context, tracks, record, wanted):
    settings = settings_of(
        plex, state_url=f"sqlite:///{record}", webhook_new_music=wanted
    )
    added = replace(rated(plex, context, tracks[0], 8.0), points=None)

    assert bool(letters_of(settings, [added], UNHEARD.append)) is wanted
