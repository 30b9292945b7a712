"""Edits of moods, fields and locks follow every rule of the real thing."""

import pytest
from plexapi.exceptions import BadRequest

from tests.simulator.items import Kind
from tests.simulator.world import PAST, Habits, World

ALL = "/library/sections/1/all"
SPECIAL = "Test Tag !@#$%^&*()-_=+[];:'\"/?,."


@pytest.fixture
def put(plex):
    return lambda query: plex.query(f"{ALL}?{query}", method=plex._session.put)  # noqa: SLF001


@pytest.fixture
def track(simulator, plex):
    keys = simulator.add("Edited", "Anew", ["Something"])
    return plex.fetchItem(keys["tracks"][0])


def moods(item):
    return [mood.tag for mood in item.reload().moods]


def locks(item):
    return [field.name for field in item.reload().fields]


@pytest.mark.parametrize("key", [1001, 1002, 1003])
def test_special_characters_survive_adding_and_removing(plex, key):
    item = plex.fetchItem(key)
    item.addMood(SPECIAL)
    added = moods(item)
    item.removeMood(SPECIAL, locked=False)

    assert added == [SPECIAL]
    assert moods(item) == []
    assert locks(item) == []


def test_adding_keeps_the_moods_that_are_there(track, put):
    put(f"type=10&id={track.ratingKey}&mood%5B0%5D.tag.tag=Old")
    put(f"type=10&id={track.ratingKey}&mood%5B0%5D.tag.tag=New")

    assert moods(track) == ["Old", "New"]


def test_moods_that_differ_by_case_are_one(track, put):
    put(f"type=10&id={track.ratingKey}&mood[0].tag.tag=Gentle&mood[1].tag.tag=GENTLE")
    added = moods(track)
    put(f"type=10&id={track.ratingKey}&mood%5B%5D.tag.tag-=gentle")

    assert added == ["Gentle"]
    assert moods(track) == []


def test_a_request_can_add_and_remove_at_once(track, put):
    put(f"type=10&id={track.ratingKey}&mood[0].tag.tag=A&mood[1].tag.tag=B")
    put(f"type=10&id={track.ratingKey}&mood[0].tag.tag=C&mood[].tag.tag-=A,B")

    assert moods(track) == ["C"]


def test_a_mood_of_a_track_is_none_of_its_album(track):
    track.addMood("Alone")

    assert moods(track.album()) == []


def test_locks_come_and_go_by_themselves(track, put):
    put(f"type=10&id={track.ratingKey}&mood.locked=1")
    locked = locks(track)
    put(f"type=10&id={track.ratingKey}&mood.locked=0")

    assert (locked, locks(track)) == (["mood"], [])


def test_a_locked_rating_shows_its_lock(track):
    track.editUserRating(10)

    assert locks(track) == ["userRating"]
    track.editUserRating(None, locked=False)
    assert locks(track) == []
    assert track.userRating is None


def test_one_request_edits_many_items(music, simulator, plex):
    added = simulator.add("Many", "At once", [f"Nr {n}" for n in range(20)])
    items = plex.fetchItems(added["tracks"])
    simulator.clear_log()

    batch = music.batchMultiEdits(items).editUserRating(7.3, locked=False)
    batch.addMood("Batch", locked=False).saveMultiEdits()

    assert simulator.counts() == {"reads": 0, "writes": 1, "items_written": 20}
    found = music.searchTracks(filters={"mood": "Batch", "userRating": 7.3})
    assert len(found) == 20


def test_items_that_are_gone_are_skipped(track, put, simulator):
    put(f"type=10&id={track.ratingKey},999999&mood[0].tag.tag=Here")

    assert moods(track) == ["Here"]
    assert simulator.log()[-2]["items"] == 1


@pytest.mark.parametrize("touches", [True, False])
def test_whether_a_tag_edit_sets_the_date_of_change_is_a_habit(touches):
    world = World(habits=Habits(edits_touch_updated_at=touches))
    album = world.add(Kind.ALBUM, "Old")

    world.add_tags(album, "mood", ["New"])

    assert (album.updated_at > PAST) is touches


@pytest.mark.parametrize("query", ["userRating=0.0", "loudness.value=5", "x.locked=1"])
def test_unknown_fields_change_nothing(track, put, simulator, query):
    before = simulator.journal()
    put(f"type=10&id={track.ratingKey}&{query}")

    assert simulator.journal() == before


def test_titles_can_be_edited(track):
    track.editTitle("Renamed").editField("titleSort", "Zzz")
    track.reload()

    assert (track.title, track.titleSort) == ("Renamed", "Zzz")
    assert locks(track) == ["title", "titleSort"]


def test_no_section_is_an_internal_error(plex):
    with pytest.raises(BadRequest, match="500"):
        plex.query("/library/sections/None/all?type=10", method=plex._session.put)  # noqa: SLF001


@pytest.mark.parametrize("ids", ["", "&id=", "&ids=1003"])
def test_an_edit_without_id_reaches_the_whole_section(simulator, put, ids):
    tag = f"Everywhere {ids}"
    put(f"type=9{ids}&mood[0].tag.tag={tag.replace('&', '%26').replace('=', '%3D')}")

    albums = simulator.dump()["albums"]
    assert all(tag in album["moods"] for album in albums)
    loud = [c for c in simulator.journal() if c["what"] == "EDIT WITHOUT ID"]
    assert loud[-1]["before"] == len(albums)
    assert loud[-1]["request"] is not None
