"""Which library it is, whose ratings, and what its items say of themselves."""

import numpy as np
import pytest

from engine.edits import Edit
from engine.errors import LibraryMissing, PlexError, PlexRefused
from engine.library import SHARED, Level
from tasks.plex.client import PlexGateway
from tests.simulator.process import Simulator
from tests.tasks.building import settings_of
from tests.tasks.http_answers import canned_plex, container

TAG = "Rating_Inferred"


def sections(*kinds_and_titles):
    rows = [
        f'<Directory type="{kind}" key="{n}" uuid="u{n}" title="{title}"/>'
        for n, (kind, title) in enumerate(kinds_and_titles)
    ]
    return {"/library/sections": container("".join(rows))}


SEVERAL = sections(
    ("artist", "Rock"), ("movie", "Films"), ("artist", "Jazz &amp; more")
)


def test_a_library_is_known_by_server_and_uuid(plex, gateway):
    dump = plex.dump()

    identity = gateway.identity

    assert identity.server == dump["machineIdentifier"]
    assert identity.uuid == dump["uuid"]
    assert identity.title == "Music"


@pytest.mark.parametrize("name", ["music", " MUSIC "])
def test_a_library_is_found_however_its_name_is_spelled(plex, name):
    with PlexGateway(settings_of(plex, library_name=name)) as gateway:
        assert gateway.identity.title == "Music"


def test_an_unknown_name_lists_the_music_libraries():
    with (
        canned_plex(SEVERAL, library_name="Pop") as settings,
        pytest.raises(LibraryMissing, match=r"'Pop'.*: Rock, Jazz & more\.$"),
    ):
        PlexGateway(settings)


def test_a_library_of_films_is_no_music_library():
    with (
        canned_plex(sections(("movie", "Music"))) as settings,
        pytest.raises(LibraryMissing, match=r"named 'Music'.*it has none"),
    ):
        PlexGateway(settings)


def test_the_owner_is_account_1_and_nothing_is_said_of_that(gateway):
    assert gateway.identity.account == "1"
    assert gateway.notice == ""


def test_a_shared_account_is_told_apart_without_showing_its_token(plex):
    settings = settings_of(plex, plex_token=plex.shared_token)

    with PlexGateway(settings) as first, PlexGateway(settings) as second:
        account = first.identity.account

    assert account.startswith("shared-")
    assert plex.shared_token not in account
    assert second.identity.account == account


def test_to_a_shared_account_the_tag_of_the_owner_says_nothing(plex, songs):
    plex.mood(songs["tracks"][0], add=TAG, lock=False)

    with PlexGateway(settings_of(plex, plex_token=plex.shared_token)) as guest:
        assert len(guest.tagged(Level.TRACK)) == 0


@pytest.mark.parametrize("code", [400, 503])
def test_whose_account_it_is_must_be_known(plex, order, code):
    order("status", {"path": "/accounts"}, code=code)

    with pytest.raises(PlexError):
        PlexGateway(settings_of(plex))


@pytest.mark.parametrize("code", [401, 403, 404])
def test_who_is_not_proven_to_be_the_owner_is_told_so_and_no_bad_token(
    plex, order, code
):
    order("status", {"path": "/accounts"}, code=code)

    with PlexGateway(settings_of(plex)) as gateway:
        assert gateway.identity.account.startswith(SHARED)
        assert f"({code})" in gateway.notice
        assert 'set ACCOUNT to "owner"' in gateway.notice
        assert "refused" not in gateway.notice


@pytest.mark.parametrize(
    ("said", "account"),
    [(" Owner ", "1"), ("anna", "shared-anna"), ("shared-1f", "shared-1f")],
)
def test_who_says_who_they_are_is_not_asked_of_plex(plex, said, account):
    plex.clear_log()

    with PlexGateway(settings_of(plex, account=said)) as gateway:
        assert gateway.identity.account == account
        assert gateway.notice == ""

    assert not [one for one in plex.log() if one["path"] == "/accounts"]


def test_a_look_sorts_items_by_level(gateway, songs):
    one, two, three = songs["tracks"]
    keys = np.array([three, songs["artist"], one, songs["album"], two])

    looks = gateway.fetch_items(keys)

    assert looks[Level.ARTIST].key.tolist() == [songs["artist"]]
    assert looks[Level.ALBUM].key.tolist() == [songs["album"]]
    assert looks[Level.TRACK].key.tolist() == [one, two, three]


def test_a_look_tells_ratings_locks_and_our_tag(plex, gateway, songs):
    one, two, _ = songs["tracks"]
    plex.rate(one, 7.5)
    plex.mood(one, add=TAG.upper(), lock=True)
    plex.mood(two, add="Rating_Inferred?", lock=False)
    gateway.edit(Edit(Level.TRACK, np.array([two]), rates=True, rating_locked=True))

    look = gateway.fetch_items(np.array(songs["tracks"]))[Level.TRACK]

    np.testing.assert_array_equal(look.rating, [7.5, np.nan, np.nan])
    assert (look.rated_at > 0).tolist() == [True, False, False]
    assert look.mood_locked.tolist() == [True, False, False]
    assert look.rating_locked.tolist() == [False, True, False]
    assert look.has_tag.tolist() == [True, False, False]


def test_a_look_leaves_out_what_is_gone(plex, gateway, songs):
    one, two, three = songs["tracks"]
    plex.delete([two])

    for keys, left in (([one, two, three], [one, three]), ([two, 9_000_001], [])):
        looks = gateway.fetch_items(np.array(keys))
        assert looks[Level.TRACK].key.tolist() == left


def test_a_look_that_is_refused_is_no_empty_one(gateway, songs, order):
    order("status", {"path": "/library/metadata"}, code=403)

    with pytest.raises(PlexRefused):
        gateway.fetch_items(np.array(songs["tracks"]))


@pytest.mark.parametrize(("items", "requests"), [(0, 0), (400, 1), (401, 2)])
def test_a_look_asks_for_four_hundred_items_at_a_time(plex, gateway, items, requests):
    plex.clear_log()

    gateway.fetch_items(np.arange(9_000_000, 9_000_000 + items))

    assert plex.counts()["reads"] == requests


def test_a_server_that_takes_no_long_look_is_asked_for_less_from_then_on():
    with Simulator.start(synthetic=60, url_limit=1200) as plex:
        tracks = [track["ratingKey"] for track in plex.dump()["tracks"]]
        keys = np.array([*tracks, *range(9_000_000, 9_000_000 + 340)])

        with PlexGateway(settings_of(plex)) as gateway:
            first = gateway.fetch_items(keys)[Level.TRACK]
            plex.clear_log()
            second = gateway.fetch_items(keys)[Level.TRACK]

        assert list(first.key) == list(second.key) == tracks
        assert {request["status"] for request in plex.log()} <= {200, 404}


def test_a_look_does_not_take_a_short_answer_for_a_whole_one():
    with Simulator.start(synthetic=60, page_cap=20) as plex:
        keys = np.array([track["ratingKey"] for track in plex.dump()["tracks"]])

        with PlexGateway(settings_of(plex)) as gateway:
            look = gateway.fetch_items(keys)[Level.TRACK]

    assert len(look.key) == 60


def test_tagged_items_are_counted_by_level(plex, gateway, songs):
    before = [len(gateway.tagged(level)) for level in Level]
    for key in [songs["album"], *songs["tracks"]]:
        plex.mood(key, add=TAG.lower(), lock=False)

    after = [len(gateway.tagged(level)) for level in Level]

    assert np.subtract(after, before).tolist() == [0, 1, 3]


def test_tagged_items_are_listed_without_all_others(plex, songs):
    plex.mood(songs["tracks"][1], add="Mine & only mine", lock=False)

    with PlexGateway(settings_of(plex, inferred_tag="Mine & only mine")) as gateway:
        items = gateway.tagged(Level.TRACK)

    assert items.key.tolist() == [songs["tracks"][1]]
    assert items.parent.tolist() == [songs["album"]]


@pytest.fixture(params=["mood", "all"])
def blind(request):
    """A Plex that ignores filters; three of its tracks bear our tag."""
    with Simulator.start(synthetic=60, ignored_filters=request.param) as plex:
        keys = [track["ratingKey"] for track in plex.dump()["tracks"]]
        for key in keys[:3]:
            plex.mood(key, add=TAG, lock=False)
        with PlexGateway(settings_of(plex)) as gateway:
            yield gateway, keys


def test_a_server_that_ignores_the_filter_lists_no_more_than_what_bears_the_tag(blind):
    gateway, keys = blind

    for trusted in (None, np.array(keys)):  # it is trusted for nothing
        assert gateway.tagged(Level.TRACK, trusted).key.tolist() == keys[:3]
    assert len(gateway.tagged(Level.ALBUM)) == 0
    assert gateway.bearing_tag(Level.TRACK, np.array(keys[2:9])).tolist() == [keys[2]]


def test_what_is_trusted_costs_no_look(plex, gateway, songs):
    for key in songs["tracks"]:
        plex.mood(key, add=TAG, lock=False)
    plex.clear_log()

    found = gateway.tagged(Level.TRACK, trusted=np.array(songs["tracks"]))

    assert set(songs["tracks"]) <= set(found.key.tolist())
    looks = [one["path"] for one in plex.log() if "/library/metadata" in one["path"]]
    assert not any(str(key) in look for look in looks for key in songs["tracks"])


@pytest.mark.parametrize("tag", ["Never given", ""])
def test_nothing_bears_a_tag_that_was_never_given_or_is_none(plex, songs, tag):
    plex.mood(songs["tracks"][0], add="Calm", lock=False)

    with PlexGateway(settings_of(plex, inferred_tag=tag)) as gateway:
        assert [len(gateway.tagged(level)) for level in Level] == [0, 0, 0]


def test_requests_are_counted(plex, gateway, songs):
    plex.clear_log()
    reads, writes = gateway.reads, gateway.writes

    gateway.fetch_items(np.array(songs["tracks"]))
    gateway.tagged(Level.ARTIST)
    gateway.edit(Edit(Level.TRACK, np.array(songs["tracks"]), drops=("x",)))

    counts = plex.counts()
    assert gateway.reads - reads == counts["reads"]
    assert gateway.writes - writes == counts["writes"] == 1
