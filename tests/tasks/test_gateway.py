"""Which library it is, whose ratings, and what its items say of themselves."""

import numpy as np
import pytest

from engine.edits import Edit
from engine.errors import LibraryMissing, PlexError, PlexRefused
from engine.library import Level
from tasks.plex.gateway import PlexGateway
from tests.simulator.process import Simulator
from tests.tasks.building import settings_of
from tests.tasks.canned import canned_plex, container

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


@pytest.mark.parametrize("name", ["Music", "music", " MUSIC "])
def test_a_library_is_found_however_its_name_is_spelled(plex, name):
    with PlexGateway(settings_of(plex, library_name=name)) as gateway:
        assert gateway.identity.title == "Music"


def test_an_unknown_name_lists_the_music_libraries():
    with canned_plex(SEVERAL) as settings:
        wrong = settings.model_copy(update={"library_name": "Pop"})

        with pytest.raises(LibraryMissing, match=r"'Pop'.*: Rock, Jazz & more\.$"):
            PlexGateway(wrong)


def test_a_library_of_films_is_no_music_library():
    with canned_plex(SEVERAL) as settings:
        wrong = settings.model_copy(update={"library_name": "Films"})

        with pytest.raises(LibraryMissing, match="no music library named 'Films'"):
            PlexGateway(wrong)


def test_a_name_that_two_libraries_bear_is_refused():
    twice = sections(("artist", "Music"), ("artist", "music"))

    with (
        canned_plex(twice) as settings,
        pytest.raises(LibraryMissing, match="2 music libraries named 'Music'"),
    ):
        PlexGateway(settings)


def test_a_server_without_music_says_so():
    with (
        canned_plex(sections(("movie", "Films"))) as settings,
        pytest.raises(LibraryMissing, match="it has none"),
    ):
        PlexGateway(settings)


def test_the_owner_is_account_1(gateway):
    assert gateway.identity.account == "1"


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


@pytest.mark.parametrize("code", [400, 401, 404, 503])
def test_whose_account_it_is_must_be_known(plex, order, code):
    order("status", {"path": "/accounts"}, code=code)

    with pytest.raises(PlexError):
        PlexGateway(settings_of(plex))


def test_a_look_sorts_items_by_level(gateway, songs):
    one, two, three = songs["tracks"]
    keys = np.array([three, songs["artist"], one, songs["album"], two])

    looks = gateway.look(keys)

    assert looks[Level.ARTIST].key.tolist() == [songs["artist"]]
    assert looks[Level.ALBUM].key.tolist() == [songs["album"]]
    assert looks[Level.TRACK].key.tolist() == [one, two, three]


def test_a_look_tells_ratings_locks_and_our_tag(plex, gateway, songs):
    one, two, _ = songs["tracks"]
    plex.rate(one, 7.5)
    plex.mood(one, add=TAG.upper(), lock=True)
    plex.mood(two, add="Rating_Inferred?", lock=False)

    look = gateway.look(np.array(songs["tracks"]))[Level.TRACK]

    np.testing.assert_array_equal(look.rating, [7.5, np.nan, np.nan])
    assert (look.rated_at > 0).tolist() == [True, False, False]
    assert look.mood_locked.tolist() == [True, False, False]
    assert look.rating_locked.tolist() == [False, False, False]
    assert look.has_tag.tolist() == [True, False, False]


def test_a_look_tells_a_locked_rating(gateway, songs):
    keys = np.array(songs["tracks"][:1])
    gateway.edit(Edit(Level.TRACK, keys, rates=True, points=5.0, rating_locked=True))

    look = gateway.look(keys)[Level.TRACK]

    assert look.rating_locked.tolist() == [True]
    assert look.mood_locked.tolist() == [False]


def test_a_look_leaves_out_what_is_gone(plex, gateway, songs):
    one, two, three = songs["tracks"]
    plex.delete([two])

    look = gateway.look(np.array([one, two, three]))[Level.TRACK]

    assert look.key.tolist() == [one, three]


def test_a_look_at_nothing_but_what_is_gone_is_empty(gateway):
    looks = gateway.look(np.array([9_000_001, 9_000_002]))

    assert [len(look.key) for look in looks.values()] == [0, 0, 0]


def test_a_look_that_is_refused_is_no_empty_one(gateway, songs, order):
    order("status", {"path": "/library/metadata"}, code=403)

    with pytest.raises(PlexRefused):
        gateway.look(np.array(songs["tracks"]))


@pytest.mark.parametrize(("items", "requests"), [(0, 0), (1, 1), (400, 1), (401, 2)])
def test_a_look_asks_for_four_hundred_items_at_a_time(plex, gateway, items, requests):
    plex.clear_log()

    gateway.look(np.arange(9_000_000, 9_000_000 + items))

    assert plex.counts()["reads"] == requests


def test_a_server_that_takes_no_long_look_is_asked_for_less_from_then_on():
    with Simulator.start(synthetic=60, url_limit=1200) as plex:
        tracks = [track["ratingKey"] for track in plex.dump()["tracks"]]
        keys = np.array([*tracks, *range(9_000_000, 9_000_000 + 340)])

        with PlexGateway(settings_of(plex)) as gateway:
            first = gateway.look(keys)[Level.TRACK]
            plex.clear_log()
            second = gateway.look(keys)[Level.TRACK]

        assert list(first.key) == list(second.key) == tracks
        assert {request["status"] for request in plex.log()} <= {200, 404}


def test_a_look_does_not_take_a_short_answer_for_a_whole_one():
    with Simulator.start(synthetic=60, page_cap=20) as plex:
        keys = np.array([track["ratingKey"] for track in plex.dump()["tracks"]])

        with PlexGateway(settings_of(plex)) as gateway:
            look = gateway.look(keys)[Level.TRACK]

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


def test_nothing_bears_a_tag_that_was_never_given(plex):
    with PlexGateway(settings_of(plex, inferred_tag="Never given")) as gateway:
        assert [len(gateway.tagged(level)) for level in Level] == [0, 0, 0]


def test_without_a_tag_nothing_is_tagged(plex, songs):
    plex.mood(songs["tracks"][0], add="Calm", lock=False)

    with PlexGateway(settings_of(plex, inferred_tag="")) as gateway:
        assert len(gateway.tagged(Level.TRACK)) == 0


def test_requests_are_counted(plex, gateway, songs):
    plex.clear_log()
    reads, writes = gateway.reads, gateway.writes

    gateway.look(np.array(songs["tracks"]))
    gateway.tagged(Level.ARTIST)
    gateway.edit(Edit(Level.TRACK, np.array(songs["tracks"]), drops=("x",)))

    counts = plex.counts()
    assert gateway.reads - reads == counts["reads"]
    assert gateway.writes - writes == counts["writes"] == 1
