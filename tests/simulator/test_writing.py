"""Ratings and edits of moods, fields and locks follow every rule of the real thing."""

import pytest
from plexapi.exceptions import BadRequest, NotFound

from tests.simulator.conftest import client_of
from tests.simulator.options import Options

ALL = "/library/sections/1/all"
RATE = "/:/rate?identifier=com.plexapp.plugins.library"
SPECIAL = "Test Tag !@#$%^&*()-_=+[];:'\"/?,."


@pytest.fixture
def put(plex):
    return lambda path: plex.query(path, method=plex._session.put)  # noqa: SLF001


@pytest.fixture
def edit(put):
    return lambda query: put(f"{ALL}?{query}")


@pytest.fixture
def track(simulator, plex):
    keys = simulator.add("Edited", "Anew", ["Something"])
    return plex.fetchItem(keys["tracks"][0])


def moods(item):
    return [mood.tag for mood in item.reload().moods]


def locks(item):
    return [field.name for field in item.reload().fields]


def test_a_rating_is_kept_with_its_date_and_touches_nothing_else(track, server):
    before = track.updatedAt
    track.rate(7.36)
    track.reload()

    assert track.userRating == 7.36
    assert abs(track.lastRatedAt.timestamp() - server.world.clock()) < 5
    assert track.updatedAt == before
    assert track.fields == []


@pytest.mark.parametrize("key", [1001, 1006, 1012])
def test_zero_is_a_rating_and_minus_one_takes_it_back(plex, key):
    item = plex.fetchItem(key)
    item.rate(0)
    rated = item.reload().userRating
    item.rate(None)
    item.reload()

    assert (rated, item.userRating, item.lastRatedAt) == (0.0, None, None)


@pytest.mark.parametrize(
    "query",
    [
        "key=1003",
        "rating=5",
        "key=1003&rating=nan",
        "key=1003&rating=11",
        "key=1003&rating=-2",
        "key=1003&rating=null",
    ],
)
def test_a_malformed_rating_is_refused(put, query):
    with pytest.raises(BadRequest, match="400"):
        put(f"{RATE}&{query}")


def test_rating_what_is_not_there_fails(put):
    with pytest.raises(NotFound):
        put(f"{RATE}&key=999999&rating=5")


def test_tracks_with_one_guid_share_their_rating(plex, simulator):
    twin = {"title": "Same", "guid": "plex://track/one"}
    one, other = simulator.add("Twins", "Twice", [twin, twin])["tracks"]

    plex.fetchItem(one).rate(9)

    assert plex.fetchItem(other).userRating == 9.0


def test_every_account_has_its_own_ratings(plex, server):
    shared = client_of(server, Options().shared_token)
    shared.fetchItem(1003).rate(1)

    assert shared.fetchItem(1003).userRating == 1.0
    assert plex.fetchItem(1003).userRating == 8.0


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


@pytest.mark.parametrize("key", [1001, 1002, 1003])
def test_special_characters_survive_adding_and_removing(plex, key):
    item = plex.fetchItem(key)
    item.addMood(SPECIAL)
    added = moods(item)
    item.removeMood(SPECIAL, locked=False)

    assert added == [SPECIAL]
    assert moods(item) == []
    assert locks(item) == []


@pytest.mark.parametrize(
    ("edits", "left"),
    [
        (["mood%5B0%5D.tag.tag=Old", "mood[0].tag.tag=New"], ["Old", "New"]),
        (["mood[0].tag.tag=Gentle&mood[1].tag.tag=GENTLE"], ["Gentle"]),
        (["mood[0].tag.tag=Gentle", "mood%5B%5D.tag.tag-=gentle"], []),
        (
            [
                "mood[0].tag.tag=A&mood[1].tag.tag=B",
                "mood[0].tag.tag=C&mood[].tag.tag-=A,B",
            ],
            ["C"],
        ),
    ],
    ids=["adding keeps", "case does not count", "nor when removing", "both at once"],
)
def test_moods_are_added_and_removed(track, edit, edits, left):
    for one in edits:
        edit(f"type=10&id={track.ratingKey}&{one}")

    assert moods(track) == left
    assert moods(track.album()) == []


def test_a_tag_edit_sets_the_date_of_change(plex, simulator):
    album = plex.fetchItem(1002)
    before = album.updatedAt
    simulator.set_clock(60)
    album.addMood("New")

    assert album.reload().updatedAt > before


def test_locks_come_and_go_by_themselves(track, edit):
    edit(f"type=10&id={track.ratingKey}&mood.locked=1")
    locked = locks(track)
    edit(f"type=10&id={track.ratingKey}&mood.locked=0")

    assert (locked, locks(track)) == (["mood"], [])


def test_a_locked_rating_shows_its_lock(track):
    track.editUserRating(10)

    assert locks(track) == ["userRating"]
    track.editUserRating(None, locked=False)
    assert locks(track) == []
    assert track.userRating is None


def test_one_request_edits_many_items(music, simulator, plex):
    keys = simulator.add("Many", "At once", [f"Nr {n}" for n in range(20)])["tracks"]
    items = plex.fetchItems(keys)
    simulator.clear_log()

    batch = music.batchMultiEdits(items).editUserRating(7.3, locked=False)
    batch.addMood("Batch", locked=False).saveMultiEdits()
    counts = simulator.counts()
    rated = music.searchTracks(filters={"mood": "Batch", "userRating": 7.3})
    music.batchMultiEdits(items).editUserRating(None, locked=False).saveMultiEdits()

    assert counts == {"reads": 0, "writes": 1, "items_written": 20}
    assert len(rated) == 20
    assert {item.userRating for item in plex.fetchItems(keys)} == {None}


def test_items_that_are_gone_are_skipped(track, edit, simulator):
    edit(f"type=10&id={track.ratingKey},999999&mood[0].tag.tag=Here")

    assert simulator.log()[-1]["items"] == 1
    assert moods(track) == ["Here"]


@pytest.mark.parametrize("query", ["userRating=0.0", "title.value=B", "x.locked=1"])
def test_unknown_fields_change_nothing(track, edit, simulator, query):
    before = simulator.journal()
    edit(f"type=10&id={track.ratingKey}&{query}")

    assert simulator.journal() == before


def test_no_section_is_an_internal_error(put):
    with pytest.raises(BadRequest, match="500"):
        put("/library/sections/None/all?type=10")


@pytest.mark.parametrize("ids", ["", "&id=", "&ids=1003"])
def test_an_edit_without_id_reaches_the_whole_section(simulator, edit, ids):
    tag = f"Everywhere {len(ids)}"
    edit(f"type=9{ids}&mood[0].tag.tag={tag}")

    albums = simulator.dump()["albums"]
    assert all(tag in album["moods"] for album in albums)
    loud = [c for c in simulator.journal() if c["what"] == "EDIT WITHOUT ID"]
    assert loud[-1]["before"] == len(albums)
    assert loud[-1]["request"] is not None
