"""Ratings in files: what is written can be read again, and means one item or none."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.library import Level
from engine.saved_ratings.candidates import Candidate
from engine.saved_ratings.matching import match
from engine.saved_ratings.table import COLUMNS, SavedRating, csv_of, parse_csv

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
WORD = st.text("abc:/.-123", min_size=1, max_size=12)
RATINGS = st.builds(
    SavedRating,
    level=st.sampled_from(Level),
    points=st.integers(0, 1000).map(lambda n: n / 100),
    rated_at=st.integers(0, 2_000_000_000),
    artist=TEXT,
    album=TEXT,
    title=TEXT,
    duration=st.integers(0, 900_000),
    disc=st.integers(0, 20),
    number=st.integers(0, 99),
    guid=WORD,
    ids=st.lists(WORD, max_size=3).map(tuple),
    path=TEXT,
    key=st.integers(-1, 10**9),
)
TIGER = SavedRating(
    Level.TRACK,
    9.0,
    artist="Abba",
    album="Arrival",
    title="Tiger",
    duration=175_000,
    disc=1,
    number=9,
    guid="plex://track/1",
    ids=("mbid://1",),
    path="Abba/Arrival/09 Tiger.mp3",
    key=7,
)
NEW = {"guid": "plex://track/new", "ids": (), "path": "", "key": 99}


def found(ratings, *items):
    """Return for each rating the row of its item; what is unclear, and missing."""
    candidates = [Candidate(row, item) for row, item in enumerate(items)]
    matches = match(ratings, candidates)
    rows = {saved: item.row for saved, item in matches.found}
    return rows, matches.unclear, matches.missing


@given(st.lists(RATINGS, max_size=5))
def test_a_backup_says_what_was_saved(ratings):
    read = parse_csv(csv_of(ratings), "x.csv")

    assert read.ratings == ratings
    assert read.left_out == []


def test_titles_that_would_be_formulas_are_texts_in_a_spreadsheet():
    saved = replace(TIGER, title="=1+1", artist="'-x", album="'Round")

    text = csv_of([saved])

    assert "'=1+1" in text
    assert parse_csv(text, "x.csv").ratings == [saved]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("stars", "6", "stars '6' is not a number from 0 to 5"),
        ("stars", "nan", "stars 'nan' is not a number"),
        ("stars", "-1", "stars '-1' is not a number"),
        ("level", "song", "level 'song' is not artist, album or track"),
    ],
)
def test_one_bad_row_is_named_and_the_others_are_read(column, value, said):
    lines = csv_of([TIGER, TIGER]).splitlines()
    cells = lines[1].split(",")
    cells[COLUMNS.index(column)] = value

    read = parse_csv("\n".join([lines[0], ",".join(cells), lines[2]]), "x.csv")

    assert read.ratings == [TIGER]
    assert len(read.left_out) == 1
    assert read.left_out[0].startswith("line 2: ")
    assert said in read.left_out[0]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "stars\n5\n"])
def test_a_file_without_the_columns_is_refused(text):
    with pytest.raises(UsageError, match=r"x\.csv has no column"):
        parse_csv(text, "x.csv")


@pytest.mark.parametrize(
    ("column", "value"),
    [("rated_at", "yesterday"), ("seconds", "3:45"), ("key", "inf"), ("disc", "A")],
)
def test_what_only_helps_to_find_an_item_may_be_unreadable(column, value):
    first, second = csv_of([TIGER]).splitlines()
    cells = second.split(",")
    cells[COLUMNS.index(column)] = value

    read = parse_csv(f"{first}\n{','.join(cells)}", "x.csv")

    assert read.left_out == []
    assert read.ratings[0].points == TIGER.points


def test_a_key_counts_with_its_title():
    one = SavedRating(Level.TRACK, 9.0, title="Tiger", key=7)

    assert found([one], TIGER)[0] == {one: 0}
    assert found([one], replace(TIGER, title="Money"))[2] == [one]


def test_a_path_is_no_proof_against_a_duration():
    item = replace(TIGER, **NEW | {"path": TIGER.path, "duration": 620_000})
    saved = replace(TIGER, ids=(), title="Other")

    assert found([saved], item) == ({}, [], [saved])


def test_ids_of_two_items_tell_nothing():
    saved = replace(TIGER, guid="", ids=("mbid://1", "mbid://2"), path="", title="")
    items = [
        replace(TIGER, **NEW | {"guid": f"g{n}", "ids": (f"mbid://{n}",)})
        for n in (1, 2)
    ]

    assert found([saved], *items) == ({}, [saved], [])


def test_columns_may_stand_in_any_order_and_case():
    text = 'Title,STARS,Level,Artist\nTiger,"4,5",Track,Abba\n'

    (one,) = parse_csv(text, "x.csv").ratings

    assert (one.title, one.artist, one.points) == ("Tiger", "Abba", 9.0)


@pytest.mark.parametrize(
    "item",
    [
        TIGER,
        replace(TIGER, ids=(), path="", title="Tyger", artist="ABBA", duration=1),
        replace(TIGER, guid="plex://track/new", path="", title="Tyger"),
        replace(TIGER, guid="plex://track/new", ids=(), title="Tyger"),
        replace(TIGER, **NEW),
        replace(TIGER, **NEW, duration=177_000, number=0),
    ],
    ids=["same", "guid", "external id", "path", "names", "names, two seconds off"],
)
def test_an_item_is_found_by_each_of_its_names(item):
    other = replace(TIGER, **NEW | {"guid": "plex://track/2"}, title="Money")

    assert found([TIGER], other, item) == ({TIGER: 1}, [], [])


@pytest.mark.parametrize(
    "facts",
    [
        {"duration": 177_001},
        {"title": "Tiger (live)"},
        {"title": "tiger"},
        {"album": "Gold"},
        {"artist": "ABBA"},
    ],
    ids=["longer", "other title", "case", "album", "artist"],
)
def test_nothing_is_matched_by_likeness(facts):
    item = replace(TIGER, **NEW | facts)

    assert found([TIGER], item) == ({}, [], [TIGER])


def test_a_local_guid_alone_names_nothing():
    saved = replace(TIGER, guid="local://7", ids=(), path="")
    other = replace(saved, title="Money", duration=1)

    assert found([saved], other) == ({}, [], [saved])
    assert found([saved], saved) == ({saved: 0}, [], [])


def test_two_items_of_one_name_are_told_apart_by_their_place():
    first, second = (replace(TIGER, **NEW, number=n) for n in (1, 2))
    low = replace(TIGER, number=2, points=2.0, guid="plex://track/2", ids=(), path="x")
    high = replace(TIGER, number=1)

    rows, unclear, missing = found([high, low], first, second)

    assert rows == {high: 0, low: 1}
    assert (unclear, missing) == ([], [])


def test_what_cannot_be_told_apart_is_named_and_not_rated():
    items = [replace(TIGER, **NEW), replace(TIGER, **NEW | {"key": 98, "guid": "g"})]
    low = replace(TIGER, points=2.0, guid="plex://track/2", ids=(), path="x")

    rows, unclear, missing = found([TIGER, low], *items)

    assert (rows, missing) == ({}, [])
    assert set(unclear) == {TIGER, low}


def test_copies_that_were_all_rated_alike_all_get_their_rating():
    items = [replace(TIGER, **NEW), replace(TIGER, **NEW | {"key": 98, "guid": "g"})]
    copy = replace(TIGER, guid="plex://track/2", ids=(), path="x", key=8)

    rows, unclear, missing = found([TIGER, copy], *items)

    assert sorted(rows.values()) == [0, 1]
    assert (unclear, missing) == ([], [])


def test_items_that_share_a_guid_are_one():
    copy = replace(TIGER, key=8, album="Gold")

    assert found([TIGER], TIGER, copy)[0].keys() == {TIGER}


def test_a_bare_rating_key_names_an_item():
    bare = SavedRating(Level.TRACK, 9.0, key=7)

    assert found([bare], replace(TIGER, key=8), TIGER)[0] == {bare: 1}
