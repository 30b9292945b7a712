"""Which letters ratings are news for, and whose ratings count."""

from dataclasses import replace

import pytest

from engine.library import Level
from tasks.webhook.debouncer import is_echo, letters_of
from tasks.webhook.rating_event import Account, event_of
from tests.tasks.building import batch_of, look_at, settings_of
from tests.tasks.payloads import payload
from tests.tasks.setup import infer

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


@pytest.fixture
def letters(plex, record):
    """Tell of events, and find out which letters they are news for, and why not."""

    def letters(*events, **wishes):
        reasons = []
        wishes = {"state_url": f"sqlite:///{record}"} | wishes
        return letters_of(settings_of(plex, **wishes), events, reasons.append), reasons

    return letters


def test_the_letter_comes_from_the_sort_title(plex, context, letters):
    names = ("The Zombies", "808 State")
    keys = [plex.add(name, "Songs", ["a"])["tracks"][0] for name in names]
    zombies = next(a for a in plex.dump()["artists"] if a["title"] == "The Zombies")
    sort = zombies["titleSort"] or "The Zombies"

    heard = [rated(plex, context, key, 8.0) for key in keys]

    assert letters(*heard) == (["#", "Z" if sort[0] == "Z" else "T"], [])


def test_other_servers_and_artists_that_are_gone_have_no_letter(
    plex, context, tracks, letters
):
    heard = rated(plex, context, tracks[0], 8.0)

    elsewhere, reasons = letters(replace(heard, server="another"))
    gone, _ = letters(replace(heard, artist=999_999))

    assert elsewhere == gone == []
    assert reasons == ["it is of another server"]


def test_what_we_wrote_ourselves_is_an_echo(plex, context, tracks, letters):
    infer(context, {tracks[0]: 7.36})

    echo, news = (rated(plex, context, tracks[0], p) for p in (7.3599996, 8.0))

    assert letters(echo) == ([], ["plexbayes wrote it itself"])
    assert len(letters(echo, news)[0]) == 1


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
def test_whose_ratings_start_runs(plex, context, letters, account, wishes, reason):
    track = plex.dump()["tracks"][0]["ratingKey"]
    heard = replace(rated(plex, context, track, 8.0), account=account)

    found, reasons = letters(heard, **wishes)

    assert bool(found) is not bool(reason)
    assert reasons == [] if not reason else reason in reasons[0]


def test_the_owner_counts_for_nobody_elses_token(plex, letters):
    heard = replace(RATED, server=plex.dump()["machineIdentifier"])

    found, reasons = letters(heard, plex_token=plex.shared_token)

    assert found == []
    assert "set WEBHOOK_ACCOUNT" in reasons[0]


@pytest.mark.parametrize("wanted", [False, True])
def test_new_music_counts_if_wished(plex, context, tracks, letters, wanted):
    added = replace(rated(plex, context, tracks[0], 8.0), points=None)

    assert bool(letters(added, webhook_new_music=wanted)[0]) is wanted
