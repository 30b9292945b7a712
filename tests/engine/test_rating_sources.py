"""Ratings from elsewhere: what their files say is understood, or refused."""

import plistlib

import pytest

from engine.errors import UsageError
from engine.library import Level
from engine.saved_ratings.sources import parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ratingKey,type,title,userRating\n7,track,Tiger,9\n", ("Tiger", 7, 9.0)),
        ("artist,title,track,stars\nAbba,Tiger,9,4.5\n", ("Tiger", -1, 9.0)),
        ("artist;title;stars\nAbba;Tiger;4,5\n", ("Tiger", -1, 9.0)),
        ("artist,track,rating_type,stars\nAbba,Tiger,manual,4.5\n", ("Tiger", -1, 9.0)),
    ],
    ids=["Plex's own heads", "track is a number", "semicolons", "track is a title"],
)
def test_columns_of_other_programs_are_understood(text, expected):
    source = parse(text, "x.csv", scale="" if "stars" in text else "points")

    (one,) = source.ratings
    assert (one.title, one.key, one.points) == expected
    assert one.level is Level.TRACK
    assert source.left_out == []


@pytest.mark.parametrize(
    ("values", "scale", "points"),
    [
        (["1", "4.5", "5"], "stars", [2.0, 9.0, 10.0]),
        (["2", "9"], "points", [2.0, 9.0]),
        (["20", "90"], "percent", [2.0, 9.0]),
    ],
)
def test_the_scale_of_a_column_of_ratings_is_told_by_its_highest(values, scale, points):
    rows = "".join(f"{key},{value}\n" for key, value in enumerate(values))

    source = parse(f"rating_key,rating\n{rows}", "x.csv")

    assert source.scale == scale
    assert [one.points for one in source.ratings] == points
    assert sum(source.histogram.values()) == len(values)
    assert source.mapping()[0] == f"{len(values)} ratings, read as {scale}."
    assert source.mapping()[-1].endswith(f"→ {points[-1] / 2:g} stars: 1")


def test_of_many_values_only_the_most_frequent_are_shown():
    rows = "".join(f"{key},{1 + key / 100}\n" for key in range(50))

    mapping = parse(f"rating_key,stars\n{rows}", "x.csv").mapping()

    assert len(mapping) == 14
    assert mapping[-1] == "  and 38 more values"


def test_a_scale_may_be_said():
    source = parse("rating_key,rating\n1,4\n2,11\n", "x.csv", scale="points")

    assert [one.points for one in source.ratings] == [4.0]
    assert source.left_out == ["line 3: rating '11' is not a number from 0 to 10"]


def test_itunes_gives_what_a_person_rated_and_not_what_it_computed():
    tracks = {
        "1": {
            "Name": "Tiger", "Artist": "Abba", "Album": "Arrival", "Rating": 80,
            "Total Time": 175_000, "Track Number": 9, "Album Rating": 60,
            "Location": "file://localhost/music/Abba/Arrival/09%20Tiger.mp3",
        },
        "2": {
            "Name": "Money", "Artist": "Abba", "Album": "Arrival", "Rating": 60,
            "Rating Computed": True, "Album Rating": 60,
        },
        "3": {"Name": "x", "Album Rating": 40, "Album Rating Computed": True},
        "4": {"Name": "odd", "Rating": "high"},
    }  # fmt: skip

    source = parse(plistlib.dumps({"Tracks": tracks}).decode(), "Library.xml")

    song, album = source.ratings
    assert (song.level, song.title, song.points) == (Level.TRACK, "Tiger", 8.0)
    assert (song.path, song.number) == ("Abba/Arrival/09 Tiger.mp3", 9)
    assert (album.level, album.title, album.points) == (Level.ALBUM, "Arrival", 6.0)
    assert source.skipped == 2
    assert source.histogram == {"80": 1, "60": 1}


@pytest.mark.parametrize(
    "text",
    [
        "<?xml version='1.0'?><a/>",
        "<?xml version='1.0'?><plist><dict/></plist>",
        "<?xml version='1.0'?><plist>",
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "e">]><plist>&e;</plist>',
    ],
)
def test_xml_that_is_no_library_is_refused(text):
    with pytest.raises(UsageError, match=r"x\.xml is"):
        parse(text, "x.xml")


def test_a_list_of_songs_gives_all_of_them_its_stars():
    text = (
        "#EXTM3U\n#EXTINF:175,Abba - Tiger\nD:\\m\\Abba\\Arrival\\09 Tiger.mp3\n\nx\n"
    )

    for source in (
        parse(text, "4.5 stars.m3u8"),
        parse(text, "Best 4.5★.m3u"),
        parse(text, "best.m3u", stars="4,5"),
        parse(text, "best.m3u", stars="4.5"),
    ):
        assert [one.points for one in source.ratings] == [9.0, 9.0]
        assert source.ratings[0].path == "Abba/Arrival/09 Tiger.mp3"
        assert source.ratings[0].duration == 175_000
    with pytest.raises(UsageError, match="How many stars"):
        parse(text, "best of 5 years.m3u")
    with pytest.raises(UsageError, match="from 0 to 5"):
        parse(text, "best.m3u", stars="9")


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", '{"PLEX_URL": "x"}'])
def test_a_file_without_ratings_is_refused(text):
    with pytest.raises(UsageError, match=r"x\.csv has no column of ratings"):
        parse(text, "x.csv")
