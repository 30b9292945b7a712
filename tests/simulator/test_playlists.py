"""Playlists are made, changed and followed as on a real server."""

import pickle
from urllib.parse import quote

import pytest
from plexapi.exceptions import BadRequest, NotFound

from tests.simulator.conftest import client_of
from tests.simulator.options import Latency, Options
from tests.simulator.plex import Plex

RATED = {"track.userRating>>": 7}


@pytest.fixture(autouse=True)
def _none_is_left(server):
    yield
    for playlist in server.world.playlists.all():
        server.world.playlists.delete(playlist)


@pytest.fixture
def tracks(plex):
    return plex.fetchItems([1003, 1004, 1005])


@pytest.fixture
def playlist(plex, tracks):
    return plex.createPlaylist("By hand", items=tracks)


@pytest.fixture
def shared(server):
    return client_of(server, Options().shared_token)


def keys(playlist):
    return [item.ratingKey for item in playlist.reload().items()]


def what_happened(simulator):
    changes = [c for c in simulator.journal() if c["what"].startswith("playlist")]
    return [(c["what"], c["before"], c["after"], c["account"]) for c in changes]


def test_a_new_playlist_tells_of_itself_and_its_tracks(playlist, tracks, server):
    assert playlist.title == "By hand"
    assert (playlist.smart, playlist.isAudio, playlist.icon) == (False, True, None)
    assert (playlist.leafCount, playlist.duration) == (3, 630_000)
    assert playlist.guid.startswith("com.plexapp.agents.none://")
    assert playlist.content is None
    now = server.world.clock()
    assert abs(playlist.addedAt.timestamp() - now) < 5
    assert playlist.items() == tracks
    assert len({item.playlistItemID for item in playlist.items()}) == 3
    assert {item.librarySectionID for item in playlist.items()} == {1}


def test_tracks_are_added_moved_and_removed(plex, playlist):
    playlist.addItems(plex.fetchItems([1010, 1007]))
    added = keys(playlist)
    playlist.moveItem(plex.fetchItem(1005))
    first = keys(playlist)
    playlist.moveItem(plex.fetchItem(1005), after=plex.fetchItem(1010))
    behind = keys(playlist)
    playlist.removeItems(plex.fetchItems([1010, 1003]))

    assert added == [1003, 1004, 1005, 1010, 1007]
    assert first == [1005, 1003, 1004, 1010, 1007]
    assert behind == [1003, 1004, 1010, 1005, 1007]
    assert keys(playlist) == [1004, 1005, 1007]


def test_a_track_may_be_in_a_playlist_twice_and_an_album_stands_for_its_tracks(
    plex, playlist
):
    playlist.addItems([plex.fetchItem(1002), plex.fetchItem(1010)])

    assert keys(playlist) == [1003, 1004, 1005, 1003, 1004, 1005, 1010]


def test_a_playlist_is_renamed_described_cleared_and_deleted(plex, playlist):
    playlist.editTitle("Of mine").editSummary("Good ones")
    path = playlist.key
    plex.query(f"{path}/items", method=plex._session.delete)  # noqa: SLF001
    playlist.reload()
    seen = (playlist.title, playlist.summary, playlist.leafCount, playlist.items())
    plex.query(f"{path}?title=Plain&summary=", method=plex._session.put)  # noqa: SLF001
    playlist.reload()

    assert seen == ("Of mine", "Good ones", 0, [])
    assert (playlist.title, playlist.summary) == ("Plain", "")
    playlist.delete()
    assert plex.playlists() == []
    with pytest.raises(NotFound):
        plex.query(path)


def test_the_list_is_filtered_paged_and_without_rules(plex, music, playlist):
    music.createPlaylist("Smart one", smart=True, filters=RATED)

    def titles(query):
        return [row.get("title") for row in plex.query(f"/playlists{query}")]

    page = plex.query("/playlists/all?X-Plex-Container-Start=1&X-Plex-Container-Size=1")
    assert titles("?playlistType=audio") == ["By hand", "Smart one"]
    assert titles("?playlistType=video") == []
    assert (titles("?smart=0"), titles("?smart=1")) == (["By hand"], ["Smart one"])
    assert titles("?title=smart") == ["Smart one"]
    assert (page.get("totalSize"), page[0].get("title")) == ("2", "Smart one")
    assert all("content" not in row.attrib for row in plex.query("/playlists"))


def test_items_come_in_pages_and_in_no_other_order(plex, playlist):
    path = f"{playlist.key}/items?sort=titleSort&X-Plex-Container-Size=2"

    page = plex.query(f"{path}&X-Plex-Container-Start=1")

    assert page.get("totalSize") == "3"
    assert [row.get("title") for row in page] == ["Orl", "Trem"]


def test_a_smart_playlist_follows_its_rule(music, plex, simulator):
    smart = music.createPlaylist(
        "Smart", smart=True, filters=RATED, limit=2, sort="userRating:desc"
    )
    before = keys(smart)
    new = simulator.add("Late", "Later", ["Latest"])["tracks"]
    simulator.rate(new[0], 9.0)
    after = keys(smart)
    smart.updateFilters(filters={"track.userRating": 0})
    simulator.delete(new)

    assert (before, after) == ([1010, 1003], [1010, *new])
    assert smart.section() == music
    assert smart.icon == "playlist://image.smart"
    assert keys(smart) == [1004]
    assert smart.leafCount == 1
    assert all(item.playlistItemID is None for item in smart.items())


def test_a_smart_playlist_takes_no_items_and_loses_none(plex, music):
    smart = music.createPlaylist("Smart", smart=True, filters=RATED)
    items = f"{smart.key}/items"
    uri = quote(f"{plex._uriRoot()}/library/metadata/1003", safe="")  # noqa: SLF001
    session = plex._session  # noqa: SLF001

    for path, method in (
        (f"{items}?uri={uri}", session.put),
        (items, session.delete),
        (f"{items}/1", session.delete),
        (f"{items}/1/move", session.put),
    ):
        with pytest.raises(BadRequest, match="400"):
            plex.query(path, method=method)
    assert keys(smart) == [1003, 1010]


@pytest.mark.parametrize(
    "query",
    [
        "title=A&type=audio&smart=0",
        "title=A&type=audio&smart=0&uri=server://other/library/metadata/1003",
        "title=A&type=video&smart=0&uri={root}/library/metadata/1003",
        "title=A&type=audio&smart=0&uri={root}/library/sections/1/all",
        "title=A&type=audio&smart=1&uri={root}/library/sections/2/all",
        "type=audio&smart=0&uri={root}/library/metadata/1003",
    ],
)
def test_a_senseless_playlist_is_not_made(plex, query):
    path = f"/playlists?{query.format(root=plex._uriRoot())}"  # noqa: SLF001

    with pytest.raises(BadRequest, match="400"):
        plex.query(path, method=plex._session.post)  # noqa: SLF001
    assert plex.playlists() == []


def test_every_account_sees_its_own_playlists_only(plex, shared, playlist):
    theirs = shared.createPlaylist("Theirs", items=shared.fetchItem(1010))

    assert [p.title for p in shared.playlists()] == ["Theirs"]
    assert [p.title for p in plex.playlists()] == ["By hand"]
    with pytest.raises(NotFound):
        shared.query(playlist.key)
    assert keys(theirs) == [1010]


def test_the_journal_tells_who_changed_what(server, simulator, playlist, plex):
    before = len(what_happened(simulator)) - 2
    playlist.removeItems(plex.fetchItem(1004))
    playlist.editTitle("New").delete()
    simulator.add_playlist("The user's")

    changes = what_happened(simulator)[before:]
    assert changes == [
        ("playlist created", None, "By hand", 1),
        ("playlist items", [], [1003, 1004, 1005], 1),
        ("playlist items", [1003, 1004, 1005], [1003, 1005], 1),
        ("playlist title", "By hand", "New", 1),
        ("playlist deleted", "New", None, 1),
        ("playlist created", None, "The user's", 1),
    ]
    *_, gone, added = simulator.journal()
    assert gone["request"] == simulator.log()[-1]["n"]
    assert added["request"] is None


def test_the_control_side_sees_everybodys_playlists(simulator, shared, playlist):
    shared.createPlaylist("Theirs", items=shared.fetchItem(1010))
    smart = simulator.add_playlist("Smart", rule="type=10&userRating>>=7")

    one, theirs, other = simulator.playlists()

    assert one == {
        "ratingKey": playlist.ratingKey,
        "account": 1,
        "title": "By hand",
        "summary": "",
        "smart": False,
        "content": None,
        "items": [1003, 1004, 1005],
    }
    assert (theirs["account"], theirs["items"]) == (2, [1010])
    assert (other["ratingKey"], other["items"]) == (smart, [1003, 1010])


def test_what_is_deleted_or_scanned_anew_leaves_and_a_new_key_is_followed(simulator):
    album = simulator.add("Brief", "Stay", ["Goes", "Scanned", "Moves", "Hidden"])
    goes, scanned, moves, hidden = album["tracks"]
    simulator.add_playlist("All", items=album["tracks"])
    simulator.delete([goes])
    simulator.rekey([scanned], rescan=True)
    new = simulator.rekey([moves])[moves]
    simulator.hide(hidden)

    (all_of_them,) = simulator.playlists()
    simulator.delete([album["artist"]])

    assert all_of_them["items"] == [new]


def test_playlists_take_no_keys_from_items_and_are_kept_with_the_library(world):
    world.playlists.create(1, "Kept", None, world.clock())
    kept = pickle.loads(pickle.dumps(world))  # noqa: S301 - our own
    client = client_of(Plex(kept))
    client.playlist("Kept").addItems(client.fetchItem(1003))

    assert keys(client.playlist("Kept")) == [1003]
    assert world.playlists.all()[0].members == []
    assert kept.journal.changes[-1].what == "playlist items"
    assert kept._next_key < kept.playlists.all()[0].key  # noqa: SLF001


def test_writes_take_their_time(serve, world):
    plex = serve(latency=Latency(tag=1000, tag_item=100))
    before = world.clock()

    plex.createPlaylist("Slow", items=plex.fetchItems([1003, 1004]))

    assert world.clock() - before == pytest.approx(1.2, abs=0.5)
