"""Of all that Plex tells, ratings and new music matter; the rest says why not."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.library import Level
from tasks.webhook.rating_event import (
    Account,
    Event,
    EventIgnored,
    event_of,
    is_account,
)
from tests.tasks.payloads import payload

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
FACTS = ["type", "ratingKey", "grandparentRatingKey", "guid", "userRating"]
FACTS += ["lastRatedAt", "addedAt", "title"]
LEAST = json.loads(payload())
KNOWN = {"1": "elan", "2": "guest", "4711": "friend"}


def test_a_track_that_its_owner_rated():
    assert event_of(payload()) == Event(
        server="server",
        account=Account(1, "elan", is_owner=True),
        level=Level.TRACK,
        guid="plex://track/33",
        artist=11,
        points=8.0,
        date=1770000000,
    )


@pytest.mark.parametrize(
    ("kind", "artist"), [("artist", 33), ("album", 22), ("track", 11)]
)
def test_every_item_names_its_artist(kind, artist):
    assert event_of(payload(type=kind)).artist == artist


def test_what_has_no_guid_is_known_by_its_key():
    assert event_of(payload(guid=None)).guid == "local://33"


def test_a_rating_of_zero_stars_is_one():
    assert event_of(payload(userRating=0)).points == 0.0


def test_new_music_has_no_rating_and_the_date_when_it_was_added():
    added = event_of(payload(event="library.new", type="album", addedAt=1770000001))

    assert (added.points, added.date, added.artist) == (None, 1770000001, 22)


@pytest.mark.parametrize("date", ["yesterday", None, float("inf"), [1]])
def test_a_date_that_cannot_be_read_is_unknown(date):
    assert event_of(payload(lastRatedAt=date)).date is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (payload(event="media.play"), "it tells of 'media.play'"),
        ('{"event": "admin.database.backup"}', "it tells of 'admin.database.backup'"),
        (payload(type="movie"), "it is about 'movie', not music"),
        ('{"event": "media.rate"}', "it is about 'None', not music"),
        (payload(userRating=None), "a rating was removed"),
        (payload(userRating=11), "its Metadata.userRating cannot be read"),
        (payload(userRating=float("nan")), "its Metadata.userRating cannot be read"),
        (payload(userRating="loud"), "its Metadata.userRating cannot be read"),
        (payload(ratingKey=None), "its Metadata.ratingKey cannot be read"),
        (payload(ratingKey="../1"), "its Metadata.ratingKey cannot be read"),
        (payload(ratingKey=2**63), "its Metadata.ratingKey cannot be read"),
        (payload(grandparentRatingKey=None), "the track names no artist"),
        (payload(guid="\x00"), "its Metadata.guid cannot be read"),
        (payload(guid="g" * 256), "its Metadata.guid cannot be read"),
        (payload(server=None), "its Server.uuid cannot be read"),
    ],
)
def test_what_starts_no_run_says_why(text, reason):
    with pytest.raises(EventIgnored) as ignored:
        event_of(text)

    assert str(ignored.value) == reason


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{}", "{", '{"event": 5}', "[" * 100_000, b"\xff\xfe{"]
)
def test_what_plex_never_sends_is_ignored(text):
    with pytest.raises(EventIgnored, match="not one that Plex sends"):
        event_of(text)


@given(st.text() | ANYTHING.map(json.dumps))
def test_whatever_comes_is_ignored(text):
    with pytest.raises(EventIgnored):
        event_of(text)


@given(st.sampled_from(FACTS), ANYTHING)
def test_a_strange_fact_is_ignored_or_fit_to_be_kept(name, fact):
    strange = json.dumps(LEAST | {"Metadata": LEAST["Metadata"] | {name: fact}})
    with suppress(EventIgnored):
        heard = event_of(strange)
        assert heard.guid.encode()
        assert 0 <= heard.artist < 2**63
        assert heard.points is not None
        assert 0 <= heard.points <= 10


@pytest.mark.parametrize(
    ("facts", "wanted", "counts"),
    [
        ({"account": 1, "name": "elan"}, "", True),
        ({"account": 1, "name": "renamed since"}, "", True),
        ({"account": 1, "name": "guest"}, "", False),
        ({"account": 987654, "name": "Elan"}, "", True),
        ({"account": 987654, "name": "unknown"}, "", True),
        ({"account": 987654, "name": "unknown", "user": False}, "", False),
        ({"account": 987654, "name": "unknown", "owner": False}, "", False),
        ({"account": 4711, "name": "friend"}, "", False),
        ({"account": 4711, "name": "renamed since"}, "", False),
        ({"account": 4711, "name": "elan"}, "", False),
        ({"account": 987654, "name": "Ren\u00e9e"}, "Rene\u0301e", True),
        ({"account": 4711, "name": "friend", "user": False}, "", False),
        ({"account": 2, "name": "guest"}, "GUEST", True),
        ({"account": 2, "name": "guest"}, "2", True),
        ({"account": 1, "name": "elan"}, "guest", False),
        ({"account": "me", "name": 5, "user": False}, "", False),
        ({"account": None, "name": None}, "", True),
    ],
)
def test_whose_ratings_count(facts, wanted, counts):
    account = event_of(payload(**facts)).account

    assert is_account(account, KNOWN, wanted) is counts


def test_a_namesake_of_the_owner_does_not_hide_the_owner():
    account = event_of(payload(account=987654, name="elan", user=False)).account

    assert is_account(account, KNOWN | {"5": "elan"}, "")


def test_without_known_accounts_the_event_itself_decides():
    assert is_account(event_of(payload(account=1, user=False)).account, {}, "")
    assert not is_account(event_of(payload(account=7, user=False)).account, {}, "")
