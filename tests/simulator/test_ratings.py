"""Ratings behave as a real server's do: zero, none, twins, dates and precision."""

import time

import pytest
from plexapi.exceptions import BadRequest, NotFound

RATE = "/:/rate?identifier=com.plexapp.plugins.library"


@pytest.fixture
def put(plex):
    return lambda path: plex.query(path, method=plex._session.put)  # noqa: SLF001


@pytest.fixture
def track(plex):
    track = plex.fetchItem(1012)
    track.rate(None)
    return track.reload()


def test_a_rating_is_kept_with_its_date_and_touches_nothing_else(track):
    before = track.updatedAt
    track.rate(7.36)
    track.reload()

    assert track.userRating == 7.36
    assert abs(track.lastRatedAt.timestamp() - time.time()) < 5
    assert track.updatedAt == before
    assert track.fields == []


def test_zero_is_a_rating(track):
    track.rate(0)

    assert track.reload().userRating == 0.0


def test_minus_one_takes_a_rating_back(track):
    track.rate(8)
    track.rate(None)

    track.reload()
    assert track.userRating is None
    assert track.lastRatedAt is None


def test_an_album_and_an_artist_can_be_rated(plex):
    for key in (1006, 1001):
        item = plex.fetchItem(key)
        item.rate(5.5)
        assert item.reload().userRating == 5.5
        item.rate(None)


def test_the_date_of_a_rating_can_be_given(track, put):
    put(f"{RATE}&key={track.ratingKey}&rating=6&ratedAt=1600000000")

    assert track.reload().lastRatedAt.timestamp() == 1_600_000_000


@pytest.mark.parametrize(
    "query",
    [
        "key=1003",
        "rating=5",
        "key=1003&rating=nan",
        "key=1003&rating=11",
        "key=1003&rating=-2",
        "key=1003&rating=null",
        "key=1003&rating=5&ratedAt=9999999999",
    ],
)
def test_a_malformed_rating_is_refused(put, query):
    with pytest.raises(BadRequest, match="400"):
        put(f"{RATE}&{query}")


def test_rating_what_is_not_there_fails(put):
    with pytest.raises(NotFound):
        put(f"{RATE}&key=999999&rating=5")


def test_a_get_rates_as_well(plex, track):
    plex.query(f"{RATE}&key={track.ratingKey}&rating=3")

    assert track.reload().userRating == 3.0


def test_tracks_with_one_guid_share_their_rating(plex, simulator):
    keys = simulator.add(
        "Twins",
        "Twice",
        [{"title": "Same", "guid": "plex://track/one"}] * 2,
    )["tracks"]

    plex.fetchItem(keys[0]).rate(9)

    assert plex.fetchItem(keys[1]).userRating == 9.0


def test_an_edit_rates_several_items_and_an_empty_value_clears(music):
    items = music.searchTracks(sort="id")[2:4]

    music.batchMultiEdits(items).editUserRating(6.5, locked=False).saveMultiEdits()
    rated = [item.reload().userRating for item in items]
    music.batchMultiEdits(items).editUserRating(None, locked=False).saveMultiEdits()
    cleared = [item.reload().userRating for item in items]

    assert (rated, cleared) == ([6.5, 6.5], [None, None])


@pytest.mark.parametrize(
    ("mode", "shown"),
    [
        ("exact", "7.36"),
        ("float32", "7.360000133514404"),
        ("one-decimal", "7.4"),
    ],
)
def test_floats_are_written_in_the_chosen_way(serve, world, mode, shown):
    world.rate(world.find(1003), 7.36)
    page = serve(float_mode=mode).query("/library/metadata/1003")

    assert page[0].get("userRating") == shown


def test_the_user_rates_a_second_after_the_last_time(simulator):
    simulator.rate(1014, 6.0)
    simulator.rate(1014, 8.0)

    first, second = (item for item in simulator.journal() if item["ratingKey"] == 1014)
    assert (first["after"], second["before"], second["after"]) == (6.0, 6.0, 8.0)
    assert first["request"] is None
