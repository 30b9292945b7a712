"""Of all that Plex tells, only ratings of music are heard; nonsense is refused."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.library import Level
from tasks.notices import Notice, NoticeInvalid, notice_of
from tests.tasks.payloads import payload

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
FACTS = ["type", "ratingKey", "grandparentRatingKey", "guid", "userRating"]
LEAST = json.loads(payload())


def test_a_track_that_its_owner_rated():
    assert notice_of(payload()) == Notice(
        server="server",
        is_owner=True,
        level=Level.TRACK,
        guid="plex://track/33",
        artist=11,
        points=8.0,
    )


@pytest.mark.parametrize(
    ("kind", "artist"), [("artist", 33), ("album", 22), ("track", 11)]
)
def test_every_item_names_its_artist(kind, artist):
    assert notice_of(payload(type=kind)).artist == artist


def test_what_has_no_guid_is_known_by_its_key():
    assert notice_of(payload(guid=None)).guid == "local://33"


def test_a_rating_that_was_taken_away_has_no_points():
    assert notice_of(payload(userRating=None)).points is None


def test_a_rating_of_zero_stars_is_one():
    assert notice_of(payload(userRating=0)).points == 0.0


def test_somebody_else_is_not_the_owner():
    assert not notice_of(payload(account=4711)).is_owner


@pytest.mark.parametrize(
    "facts", [{"event": "media.play"}, {"type": "movie"}, {"type": "episode"}]
)
def test_of_something_else_nothing_is_heard(facts):
    assert notice_of(payload(**facts)) is None


def test_another_event_need_not_look_like_a_rating():
    assert notice_of('{"event": "admin.database.backup"}') is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "{",
        '{"event": "media.rate"}',
        '{"event": 5}',
        "[" * 100_000,
        payload(ratingKey=None),
        payload(ratingKey="../1"),
        payload(ratingKey=-1),
        payload(ratingKey=2**63),
        payload(grandparentRatingKey=None),
        payload(userRating=11),
        payload(userRating=float("nan")),
        payload(userRating="loud"),
        payload(guid="\x00"),
        payload(guid="\ud800"),
        payload(guid="g" * 256),
        payload(server=None),
        payload(account="me"),
    ],
)
def test_nonsense_is_refused(text):
    with pytest.raises(NoticeInvalid):
        notice_of(text)


@given(st.text() | ANYTHING.map(json.dumps))
def test_whatever_comes_is_no_rating_or_refused(text):
    with suppress(NoticeInvalid):
        assert notice_of(text) is None


@given(st.sampled_from(FACTS), ANYTHING)
def test_a_strange_fact_is_refused_or_fit_to_be_kept(name, fact):
    strange = json.dumps(LEAST | {"Metadata": LEAST["Metadata"] | {name: fact}})
    try:
        heard = notice_of(strange)
    except NoticeInvalid:
        return
    if heard is not None:
        assert heard.guid.encode()
        assert 0 <= heard.artist < 2**63
        assert heard.points is None or 0 <= heard.points <= 10
