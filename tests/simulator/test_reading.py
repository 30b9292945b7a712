"""Pages, listings and queries show what a real server shows, and no more."""

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


def titles(items):
    return [item.title for item in items]


def test_a_section_knows_its_name_and_identity(plex, music, simulator):
    dump = simulator.dump()

    assert music.title == "Music"
    assert music.uuid == dump["uuid"]
    assert plex.machineIdentifier == dump["machineIdentifier"]


def test_artists_are_listed_by_sort_title_without_article_and_accents(music):
    expected = ["", "3 Torvas", "Élvo", "The Melk", "Praised", "Мирелна"]

    assert titles(music.searchArtists()) == expected


def test_every_title_arrives_as_it_was(music):
    expected = ["", "Aurn", "Dorn", "Nameless", "Numbers", 'Quill "X" <&>', "Unheard"]

    assert titles(music.searchAlbums()) == [*expected, "Снежнал"]


@pytest.mark.parametrize("size", [1, 2, 4, 9, 100])
def test_pages_of_any_size_make_up_the_whole(music, size):
    tracks = music.searchTracks(sort="id", container_size=size)

    keys = [track.ratingKey for track in tracks]
    assert len(keys) == music.totalViewSize("track") == 9
    assert keys == sorted(keys)


def test_the_total_is_told_only_to_those_who_page(plex):
    whole = plex.query(f"{ALL}?type=10")
    by_query = plex.query(
        f"{ALL}?type=10&X-Plex-Container-Start=8&X-Plex-Container-Size=5"
    )
    by_header = plex.query(
        f"{ALL}?type=10",
        headers={"X-Plex-Container-Start": "20", "X-Plex-Container-Size": "5"},
    )

    assert whole.get("totalSize") is whole.get("offset") is None
    assert whole.get("size") == "9"
    assert (by_query.get("totalSize"), by_query.get("size")) == ("9", "1")
    assert (by_header.get("totalSize"), by_header.get("size")) == ("9", "0")


def test_a_page_cap_shortens_pages_without_saying_so(serve):
    page = serve(page_cap=3).query(f"{ALL}?type=10&X-Plex-Container-Size=5")

    assert (page.get("totalSize"), len(page)) == ("9", 3)


def test_what_is_not_set_has_no_attribute(plex):
    played, zero, unrated, *_ = plex.query(f"{ALL}?type=10&sort=id")

    assert played.get("viewCount") == "3"
    assert zero.get("userRating") == "0.0"
    optional = {"userRating", "lastRatedAt", "viewCount", "skipCount", "lastViewedAt"}
    assert not optional & set(unrated.attrib)
    assert "originalTitle" in zero.attrib
    assert "originalTitle" not in unrated.attrib


def test_listings_lack_moods_locks_and_section_numbers(plex, simulator):
    simulator.mood(1006, add="Calm")

    row = plex.query(f"{ALL}?type=9&id=1006")[0]
    page = plex.query("/library/metadata/1006")[0]

    assert {child.tag for child in row}.isdisjoint({"Mood", "Field"})
    assert "librarySectionID" not in row.attrib
    assert page.find("Mood").get("tag") == "Calm"
    assert page.find("Field").attrib == {"locked": "1", "name": "mood"}
    assert page.get("librarySectionID") == "1"


@pytest.mark.parametrize(
    ("path", "genres"),
    [
        (f"{ALL}?type=9&id=1002", ["Torv", "Drel"]),
        (f"{ALL}?type=10&id=1003", []),
        ("/library/metadata/1002", ["Torv", "Drel", "Plenn"]),
    ],
)
def test_albums_list_two_genres_and_tracks_none(plex, path, genres):
    assert [genre.get("tag") for genre in plex.query(path)[0].iter("Genre")] == genres


def test_several_items_come_in_one_request_and_missing_ones_are_left_out(plex):
    items = plex.fetchItems([1001, 1002, 999_999, 1003])

    assert [item.type for item in items] == ["artist", "album", "track"]


def test_excluded_fields_and_elements_stay_away(plex):
    query = "type=10&excludeFields=summary,addedAt&excludeElements=Media,Image"
    row = plex.query(f"{ALL}?{query}")[0]

    assert {"summary", "addedAt"}.isdisjoint(row.attrib)
    assert len(row) == 0


def test_children_and_leaves_lead_down_and_parents_up(plex):
    artist = plex.fetchItem(1001)

    assert titles(artist.albums()) == ["Aurn", "Dorn"]
    assert sorted(titles(artist.tracks())) == ["Glin", "Orl", "Trem", "Vesk"]
    assert titles(plex.fetchItem(1002).tracks()) == ["Vesk", "Orl", "Trem"]
    assert plex.fetchItem(1003).album().artist().title == "The Melk"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("userRating!=-1", [1003, 1004, 1010, 1015]),
        ("userRating=-1&limit=2", [1005, 1007]),
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
        ("lastViewedAt%3E%3E=1", [1003, 1010]),
        ("id=1003,1010,999", [1003, 1010]),
        ("title=e&userRating=10", []),
        ("loudness=11&limit=2", [1003, 1004]),
        ("sort=track.userRating:desc&limit=3", [1010, 1003, 1015]),
    ],
)
def test_a_query_finds_its_tracks(find, query, expected):
    assert find(query) == expected


def test_dates_that_are_not_there_count_as_long_ago(find):
    assert len(find("lastViewedAt%3C%3C=1")) == 7


def test_albums_are_found_by_what_their_tracks_have(find):
    assert find("track.userRating=10", kind=9) == [1009]


def test_an_unknown_operator_breaks_the_server(find):
    with pytest.raises(BadRequest, match="500"):
        find("userRating~=5")


def test_the_client_is_told_of_no_operator_that_it_must_not_use(music):
    with pytest.raises(NotFound):
        music.searchTracks(filters={"userRating>": 6})


def test_the_client_filters_by_rating_date_and_mood(music, simulator):
    simulator.mood(1005, add="Still")
    simulator.rate(1012, 4.0)
    before = datetime.now() - timedelta(minutes=5)  # noqa: DTZ005 - as the client does

    liked = music.searchTracks(filters={"userRating>>": 7})
    recent = music.searchTracks(filters={"lastRatedAt>>": before})
    still = music.search(filters={"mood": "Still"}, libtype="track")

    simulator.rate(1012, None)
    assert titles(liked) == ["Vesk", "Zarn"]
    assert [track.ratingKey for track in (*recent, *still)] == [1012, 1005]
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


@pytest.mark.parametrize("kind", Kind)
def test_every_advertised_sort_and_field_works(music, plex, kind):
    for sort in music.listSorts(kind.label):
        assert plex.query(f"{ALL}?type={kind}&sort={sort.key}&limit=1")
    fields = music.listFields(kind.label)
    for field in (field for field in fields if field.key != "having"):  # is refused
        for operator in music.listOperators(field.type):
            key = f"{field.key}{operator.key}"[:-1].replace("=", "%3D")
            plex.query(f"{ALL}?type={kind}&{key}=1")
