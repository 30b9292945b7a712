"""The query language finds what a real server finds, and fails where it fails."""

from datetime import datetime, timedelta

import pytest
from plexapi.exceptions import BadRequest, NotFound

from tests.simulator.items import Kind
from tests.simulator.world import OWNER

ALL = "/library/sections/1/all"


@pytest.fixture
def find(plex):
    def find(query, kind=10):
        rows = plex.query(f"{ALL}?type={kind}&sort=id&{query}")
        return [int(row.get("ratingKey")) for row in rows]

    return find


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("userRating!=-1", [1003, 1004, 1010, 1015]),
        ("userRating%3E%3E=-1", [1003, 1004, 1010, 1015]),
        ("userRating%3E%3E=0", [1003, 1010, 1015]),
        ("userRating>=8", [1003, 1010]),
        ("track.userRating=0,6", [1004, 1015]),
        ("album.userRating%3E%3E=6", [1003, 1004, 1005]),
        ("artist.id=1008", [1010, 1012]),
        ("title==vesk", [1003]),
        ("title%3D=Vesk", [1003]),
        ("title<=O", [1004, 1015]),
        ("title>=rn", [1010]),
        ("title=es", [1003]),
        ("album.genre=Plenn", [1003, 1004, 1005]),
        ("viewCount%3E%3E=3", [1010]),
        ("lastViewedAt%3E%3E=-30d", []),
        ("id=1003,1010,999", [1003, 1010]),
        ("push=1&title==Vesk&or=1&title==Zarn&pop=1&userRating=10", [1010]),
        ("limit=2", [1003, 1004]),
    ],
)
def test_a_query_finds_its_tracks(find, query, expected):
    assert find(query) == expected


def test_unrated_is_minus_one(find):
    assert len(find("userRating=-1")) == 5


def test_dates_that_are_not_there_count_as_long_ago(find):
    assert len(find("lastViewedAt%3C%3C=1")) == 7


def test_albums_are_found_by_what_their_tracks_have(find):
    assert find("track.userRating=10", kind=9) == [1009]


def test_an_unknown_field_is_ignored(find):
    assert len(find("loudness=11")) == 9


def test_an_unknown_operator_breaks_the_server(find):
    with pytest.raises(BadRequest, match="500"):
        find("userRating~=5")


def test_the_client_is_told_of_no_operator_that_it_must_not_use(music):
    with pytest.raises(NotFound):
        music.searchTracks(filters={"userRating>": 6})


def test_the_client_filters_by_rating(music):
    rated = music.searchTracks(filters={"userRating!": -1})
    liked = music.searchTracks(filters={"userRating>>": 7})

    assert [track.title for track in rated] == ["One", "Orl", "Vesk", "Zarn"]
    assert [track.title for track in liked] == ["Vesk", "Zarn"]


def test_the_client_finds_moods_by_name(music, simulator):
    simulator.mood(1005, add="Still")

    found = music.search(filters={"mood": "Still"}, libtype="track")

    assert [track.ratingKey for track in found] == [1005]
    assert music.search(filters={"mood": "Still"}) == []


@pytest.mark.parametrize(
    ("ignored", "query", "ids"),
    [
        ({"userRating"}, "userRating!=-1", range(1003, 1100)),
        ({"mood"}, "userRating=10", [1010]),
        ({"userRating"}, "id=1003&userRating=10", [1003]),
        ({"id"}, "id=1003&userRating=10", [1010]),
    ],
)
def test_a_filter_may_be_ignored_and_all_others_hold(serve, ignored, query, ids):
    plex = serve(ignored_filters=frozenset(ignored))

    rows = plex.query(f"{ALL}?type=10&sort=id&{query}")

    found = [int(row.get("ratingKey")) for row in rows]
    tracks = [int(row.get("ratingKey")) for row in plex.query(f"{ALL}?type=10")]
    assert found == [key for key in sorted(tracks) if key in ids]


def test_an_edit_on_a_server_that_ignores_ids_is_one_of_the_whole_library(serve, world):
    plex = serve(ignored_filters=frozenset({"id"}))

    edit = "type=10&id=1003&userRating.value=3"
    plex.query(f"{ALL}?{edit}", method=plex._session.put)  # noqa: SLF001

    tracks = world.views[Kind.TRACK].values()
    assert {world.personal_of(OWNER, track).rating for track in tracks} == {3.0}


def test_choices_are_the_tags_in_use_for_a_kind(music):
    genres = [c.title for c in music.listFilterChoices("genre", libtype="album")]

    assert genres == ["Drel", "Plenn", "Torv"]
    assert music.listFilterChoices("style", libtype="album") == []


def test_recent_ratings_are_found_by_their_date(music, simulator):
    simulator.rate(1012, 4.0)
    before = datetime.now() - timedelta(minutes=5)  # noqa: DTZ005 - as the client does

    found = music.searchTracks(filters={"lastRatedAt>>": before})
    simulator.rate(1012, None)

    assert [track.ratingKey for track in found] == [1012]


def test_several_sort_terms_hold_one_after_the_other(plex):
    rows = plex.query(f"{ALL}?type=10&sort=artist.titleSort,track.index:desc")

    melk = [r.get("title") for r in rows if r.get("grandparentTitle") == "The Melk"]
    assert melk == ["Trem", "Orl", "Vesk", "Glin"]


def test_every_advertised_sort_and_field_works(music, plex):
    for kind in ("artist", "album", "track"):
        for sort in music.listSorts(kind):
            assert music.search(libtype=kind, sort=sort.key, maxresults=1)
        for field in music.listFields(kind):
            for operator in music.listOperators(field.type):
                number = {"artist": 8, "album": 9, "track": 10}[kind]
                key = f"{field.key}{operator.key}"[:-1].replace("=", "%3D")
                plex.query(f"{ALL}?type={number}&{key}=1")
