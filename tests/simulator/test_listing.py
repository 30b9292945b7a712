"""Listings and item pages show what a real server shows, and no more."""

from urllib.request import Request, urlopen
from xml.etree import ElementTree as ET

import pytest

ALL = "/library/sections/1/all"


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
    albums = titles(music.searchAlbums())

    assert albums == [
        "",
        "Aurn",
        "Dorn",
        "Nameless",
        "Numbers",
        'Quill "X" <&>',
        "Unheard",
        "Снежнал",
    ]


@pytest.mark.parametrize("size", [1, 2, 4, 9, 100])
def test_pages_of_any_size_make_up_the_whole(music, size):
    tracks = music.searchTracks(sort="id", container_size=size)

    keys = [track.ratingKey for track in tracks]
    assert len(keys) == 9
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


def test_counting_needs_no_items(music):
    assert music.totalViewSize("track") == 9
    assert music.totalViewSize("album") == 8


def test_what_is_not_set_has_no_attribute(plex):
    rows = plex.query(f"{ALL}?type=10&sort=id")
    played, zero, unrated = rows[:3]

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


def test_albums_list_two_genres_and_tracks_none(plex):
    album = plex.query(f"{ALL}?type=9&id=1002")[0]
    track = plex.query(f"{ALL}?type=10&id=1003")[0]
    page = plex.query("/library/metadata/1002")[0]

    assert [genre.attrib for genre in album.iter("Genre")] == [
        {"tag": "Torv"},
        {"tag": "Drel"},
    ]
    assert track.find("Genre") is None
    assert [genre.get("tag") for genre in page.iter("Genre")] == [
        "Torv",
        "Drel",
        "Plenn",
    ]


def test_reading_an_unrated_listed_track_costs_a_request(music, simulator):
    tracks = music.searchTracks(sort="id")
    simulator.clear_log()

    assert tracks[2].userRating is None

    log = simulator.log()
    assert [entry["path"].split("?")[0] for entry in log] == ["/library/metadata/1005"]


def test_several_items_come_in_one_request_and_missing_ones_are_left_out(plex):
    items = plex.fetchItems([1001, 1002, 999_999, 1003])

    assert [item.type for item in items] == ["artist", "album", "track"]


def test_excluded_fields_and_elements_stay_away(plex):
    query = "type=10&excludeFields=summary,addedAt&excludeElements=Media,Image"
    row = plex.query(f"{ALL}?{query}")[0]

    assert {"summary", "addedAt"}.isdisjoint(row.attrib)
    assert len(row) == 0


def test_children_and_leaves_lead_down_and_parents_up(plex, music):
    artist = music.get("The Melk")

    assert titles(artist.albums()) == ["Aurn", "Dorn"]
    assert (
        titles(artist.tracks()) == ["Vesk", "Orl", "Trem", "Glin"]
        or len(artist.tracks()) == 4
    )
    assert titles(plex.fetchItem(1002).tracks()) == ["Vesk", "Orl", "Trem"]
    assert plex.fetchItem(1003).album().artist().title == "The Melk"


def test_first_characters_count_everybody_once(music, plex):
    letters = {c.title: int(c.size) for c in music.firstCharacter()}
    listed = plex.query("/library/sections/1/firstCharacter/M?type=8")

    assert letters == {
        "#": 2,
        "E": 1,
        "M": 1,
        "P": 1,
        "\N{CYRILLIC CAPITAL LETTER EM}": 1,
    }
    assert [row.get("title") for row in listed] == ["The Melk"]


def test_first_character_as_a_filter_is_ignored(plex):
    assert len(plex.query(f"{ALL}?type=8&firstCharacter=M")) == 6


def test_answers_are_compressed_for_those_who_accept_it(simulator):
    url = f"{simulator.url}{ALL}?type=10&X-Plex-Token={simulator.token}"
    plain = urlopen(url)  # noqa: S310 - always http
    packed = urlopen(Request(url, headers={"Accept-Encoding": "gzip"}))  # noqa: S310

    with plain, packed:
        assert plain.headers["Content-Encoding"] is None
        assert ET.fromstring(plain.read()).get("size") == "9"  # noqa: S314 - our own
        assert packed.headers["Content-Encoding"] == "gzip"


def test_a_page_cap_shortens_pages_without_saying_so(serve):
    music = serve(page_cap=3).library.section("Music")

    assert len(music.searchTracks(container_size=5)) < 9
