"""The rules of smart playlists: joined, grouped, sorted, dated, and spelled."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from plexapi.exceptions import BadRequest

from tests.simulator.conftest import client_of
from tests.simulator.options import Options

SECTION = "/library/sections/1/all"
RATED = {"track.userRating>>": 7}
NESTED = {
    "and": [
        {"or": [{"album.decade": "2010"}, {"and": [{"track.viewCount": "3"}, RATED]}]},
        {"track.userRating>>": "-1"},
    ]
}


@pytest.fixture(autouse=True)
def _none_is_left(server):
    yield
    for playlist in server.world.playlists.all():
        server.world.playlists.delete(playlist)


@pytest.fixture
def shared(server):
    return client_of(server, Options().shared_token)


@pytest.fixture
def find(simulator, plex):
    """Return whom a rule finds, which are those whom the section lists."""

    def find(query, *, sort="sort=id&"):
        key = simulator.add_playlist("Rule", rule=f"type=10&{sort}{query}")
        found = keys(plex.fetchItem(f"/playlists/{key}"))
        rows = plex.query(f"{SECTION}?type=10&{sort}{query}")
        assert [int(row.get("ratingKey")) for row in rows] == found
        return found

    return find


def keys(playlist):
    return [item.ratingKey for item in playlist.reload().items()]


@pytest.mark.parametrize("rule", [RATED, NESTED, {"or": [RATED, {"title": "Orl"}]}])
def test_a_rule_is_read_back_as_it_was_given(music, rule):
    smart = music.createPlaylist("Smart", smart=True, filters=rule, sort="titleSort")
    filters = smart.filters()

    assert music.search(**filters) == smart.items()
    assert smart.items()
    assert filters["libtype"] == "track"


def test_the_two_spellings_of_a_rule_say_the_same(plex, simulator, server):
    rule = "type=10&track.userRating>>=7&title!==R%26B"
    made = {
        spelling: simulator.add_playlist("Both", rule=rule, spelling=spelling)
        for spelling in ("server", "library")
    }
    one, other = (plex.fetchItem(f"/playlists/{key}") for key in made.values())

    inner = f"{SECTION}?type=10&track.userRating>>=7&title!==R%26B"
    assert one.content == (
        f"server://{plex.machineIdentifier}/com.plexapp.plugins.library/directory/"
        + quote(inner, safe="")
    )
    assert other.content.startswith(f"library://{server.world.uuid}/directory/%2Flib")
    assert "userRating%253E%253E%3D7" in other.content
    assert one.filters() == other.filters()
    assert keys(one) == keys(other) == [1003, 1010]


def test_a_spelling_that_was_sent_is_kept(plex, simulator):
    made = simulator.add_playlist("Given", rule="type=10", spelling="library")
    content = plex.fetchItem(f"/playlists/{made}").content
    query = f"type=audio&smart=1&title=Copy&uri={quote(content, safe='')}"

    plex.query(f"/playlists?{query}", method=plex._session.post)  # noqa: SLF001

    assert plex.playlist("Copy").reload().content == content


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("type=9&userRating=7", [1003, 1004, 1005]),
        ("type=8&id=1001,1013&sort=titleSort:desc", [1003, 1004, 1005, 1007, 1015]),
        ("type=9&sort=year:desc&album.decade=1990,2000&limit=1", [1007]),
    ],
)
def test_albums_and_artists_stand_for_their_tracks(plex, simulator, query, expected):
    key = simulator.add_playlist("Below", rule=query)
    playlist = plex.fetchItem(f"/playlists/{key}")

    assert keys(playlist) == expected
    assert {item.type for item in playlist.items()} == {"track"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("userRating=10&or=1&userRating=8", [1003, 1010]),
        ("userRating=10&and=1&viewCount=5", [1010]),
        ("push=1&userRating=10&or=1&title=e&pop=1&viewCount=3", [1003]),
        ("userRating=10&or=1&title=e&viewCount=3", [1003, 1010]),
        (
            "push=1&push=1&title=Orl&or=1&title=Vesk&pop=1&and=1&userRating=8&pop=1",
            [1003],
        ),
        ("id=1004&or=1&title=Vesk", [1003, 1004]),
        ("push=1&loudness=1&or=1&title=Vesk&pop=1", [1003]),
        ("album.decade=1990&userRating>>=-1", [1003, 1004]),
        ("decade=1990", []),
        ("year=1999", []),
        ("album.year=1999", [1003, 1004, 1005]),
        ("album.userRating!=7&viewCount>>=0", [1010]),
    ],
)
def test_terms_are_joined_and_grouped(find, query, expected):
    assert find(query) == expected


@pytest.mark.parametrize("query", ["push=1&title=a", "title=a&pop=1", "having=1"])
def test_a_query_that_cannot_be_read_is_refused(plex, music, query):
    with pytest.raises(BadRequest, match="400"):
        plex.query(f"{SECTION}?type=10&{query}")


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("track.userRating:desc&limit=3", [1010, 1003, 1015]),
        ("userRating:desc&limit=3", [1010, 1003, 1015]),
        ("userRating:nullsLast&limit=2", [1004, 1015]),
        (
            "album.year:desc,track.userRating:desc,title&limit=4",
            [1021, 1018, 1010, 1015],
        ),
        ("artist.titleSort,id:desc&limit=2", [1021, 1015]),
        ("id:desc&limit=1", [1021]),
    ],
)
def test_columns_sort_one_after_the_other(find, sort, expected):
    assert find(f"sort={sort}", sort="") == expected


def test_a_random_order_is_another_one_each_time(plex):
    def order():
        rows = plex.query(f"{SECTION}?type=10&sort=random:17")
        return [row.get("ratingKey") for row in rows]

    one, other = order(), order()

    assert one != other
    assert sorted(one) == sorted(other)


def test_twins_are_shown_once_where_guids_are_grouped(find, simulator):
    twin = {"title": "Once", "guid": "plex://track/once"}
    one, other = simulator.add("Pair", "Of them", [twin, twin])["tracks"]
    both, grouped = find("title==Once"), find("title==Once&group=guid")
    last = find("title==Once&group=guid&sort=id:desc&limit=5", sort="")
    simulator.delete([one, other])

    assert (both, grouped, last) == ([one, other], [one], [other])


@pytest.mark.parametrize(
    ("ago", "less"), [("-2w", 1), ("-6mon", 100), ("-30d", 29), ("-1y", 364)]
)
def test_dates_may_lie_back_from_now(find, server, ago, less):
    clock = server.world.clock
    track = server.world.find(1012)
    server.world.remember(track).last_viewed_at = int(clock()) - 86_400 * less
    recent, old = find(f"lastViewedAt>>={ago}"), find(f"lastViewedAt<<={ago}")
    same, other = find(f"lastViewedAt={ago}"), find(f"lastViewedAt!={ago}")
    clock.jump(timedelta(days=800).total_seconds())
    later = find(f"lastViewedAt>>={ago}")
    clock.jump(-timedelta(days=800).total_seconds())
    server.world.remember(track).last_viewed_at = None

    assert recent == same == [1012]
    assert len(old) == 8
    assert old == other
    assert later == []


def test_hours_and_minutes_are_told_apart_from_months(find, server):
    server.world.rate(server.world.find(1012), 3.0)
    server.world.clock.jump(7200)

    recent, earlier = find("lastRatedAt>>=-3h"), find("lastRatedAt>>=-3m")

    server.world.rate(server.world.find(1012), None)
    assert (recent, earlier) == ([1012], [])


def test_a_rule_with_having_is_kept_though_no_listing_answers_it(plex, simulator):
    key = simulator.add_playlist("Odd", rule="type=10&userRating=8&having=x")
    playlist = plex.fetchItem(f"/playlists/{key}")

    assert playlist.content.endswith("having%3Dx")
    assert keys(playlist) == [1003]


def test_a_rule_is_about_the_ratings_of_whose_playlist_it_is(shared):
    shared.fetchItem(1012).rate(8)
    music = shared.library.section("Music")

    smart = music.createPlaylist("Smart", smart=True, filters=RATED)

    assert keys(smart) == [1012]
    shared.fetchItem(1012).rate(None)
