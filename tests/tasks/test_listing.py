"""Items arrive whole, whatever the size of the pages, or not at all."""

from concurrent.futures import ThreadPoolExecutor
from math import ceil
from xml.etree.ElementTree import Element

import numpy as np
import pytest

from engine.errors import LibraryChanging, PlexUnreachable, PlexUnusable
from engine.library import Level
from tasks.plex.client import PlexGateway
from tasks.plex.pagination import ItemPages
from tests.simulator.process import Simulator
from tests.tasks.building import settings_of
from tests.tasks.http_answers import canned_plex, container

PAGE = 20
"""Items in a page: the sixty tracks fill three, and whichever comes first is alike."""
ALL = "/library/sections/1/all"


def at_once() -> None:
    """Let nobody come between two pages."""


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.plex.pagination.PAGE", PAGE)


def keys_of(plex, level):
    return sorted(item["ratingKey"] for item in plex.dump()[f"{level.word}s"])


def test_reading_asks_once_a_page_and_never_for_an_item(plex, gateway):
    known = {level: keys_of(plex, level) for level in Level}
    pages = sum(ceil(len(keys) / PAGE) for keys in known.values())
    calls = []
    plex.clear_log()

    read = {
        level: gateway.listing(level, lambda: calls.append("page")).items.key.tolist()
        for level in Level
    }

    assert read == known
    paths = [entry["path"].partition("?")[0] for entry in plex.log()]
    assert paths == [ALL] * pages
    assert len(calls) == pages


@pytest.mark.parametrize("cap", [7, 15, 20])
def test_pages_may_be_shorter_than_asked_for(cap):
    with (
        Simulator.start(synthetic=60, page_cap=cap) as plex,
        PlexGateway(settings_of(plex)) as gateway,
    ):
        plex.clear_log()

        keys = gateway.listing(Level.TRACK, at_once).items.key.tolist()

        assert keys == keys_of(plex, Level.TRACK)
        assert plex.counts()["reads"] == ceil(60 / cap)


def test_now_and_then_a_page_may_be_short(plex, gateway, order):
    order("short_page", {"path": "type=10", "times": 2})

    listing = gateway.listing(Level.TRACK, at_once)

    assert listing.items.key.tolist() == keys_of(plex, Level.TRACK)


def test_a_total_that_changes_is_noticed(gateway, order):
    order("changing_total", {"path": "type=10"})

    with pytest.raises(LibraryChanging, match="tracks while it was read"):
        gateway.listing(Level.TRACK, at_once)


def test_a_page_that_comes_twice_is_noticed(gateway, order):
    order("duplicate_page", {"path": "type=10", "from": 1, "times": 1})

    with pytest.raises(LibraryChanging, match="listed 20 tracks twice"):
        gateway.listing(Level.TRACK, at_once)


def test_what_comes_between_two_pages_is_noticed(plex, gateway):
    pages = iter(["first", "second"])

    def add_after_the_first_page() -> None:
        if next(pages, None) == "second":
            plex.add("Late", "Arrival", ["One"])

    with pytest.raises(LibraryChanging):
        gateway.listing(Level.TRACK, add_after_the_first_page)


def test_a_page_that_breaks_off_spoils_the_listing(gateway, order):
    order("half_response", {"path": "type=10", "from": 2})

    with pytest.raises(PlexUnreachable):
        gateway.listing(Level.TRACK, at_once)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ("", "empty answer"),
        ("<MediaContainer", "no usable answer"),
        (container(), "how many items"),
        (container(totalSize="many"), "how many items"),
        (container(totalSize=2), "0 of 2 tracks and then nothing"),
    ],
)
def test_an_answer_that_is_no_page_is_refused(answer, complaint):
    with (
        canned_plex({ALL: answer}) as settings,
        PlexGateway(settings) as gateway,
        pytest.raises(PlexUnreachable, match=complaint),
    ):
        gateway.listing(Level.TRACK, at_once)


@pytest.mark.parametrize("total", [999_999_999, 20_001])
def test_a_listing_without_end_is_refused_at_once(total):
    endless = {ALL: container('<Track ratingKey="1"/>', totalSize=total)}

    with (
        canned_plex(endless) as settings,
        PlexGateway(settings) as gateway,
        pytest.raises(PlexUnusable, match=f"announced {total} tracks in pages of 1"),
    ):
        gateway.listing(Level.TRACK, at_once)

    assert gateway.reads < 5


def test_an_empty_library_is_no_fault():
    nothing = {ALL: container(totalSize=0)}

    with canned_plex(nothing) as settings, PlexGateway(settings) as gateway:
        assert len(gateway.listing(Level.TRACK, at_once).items) == 0


def test_columns_say_what_plex_says(plex, gateway):
    known = {track["ratingKey"]: track for track in plex.dump()["tracks"]}

    items = gateway.listing(Level.TRACK, at_once).items

    rows = [known[key] for key in items.key.tolist()]
    assert items.guid.tolist() == [row["guid"] for row in rows]
    assert items.parent.tolist() == [row["parentRatingKey"] for row in rows]
    assert items.duration.tolist() == [row["duration"] or 0 for row in rows]
    assert items.rated_at.tolist() == [row["lastRatedAt"] or 0 for row in rows]
    rating = [np.nan if r["userRating"] is None else r["userRating"] for r in rows]
    np.testing.assert_array_equal(items.rating, rating)


def test_critics_are_read_where_there_are_some(plex, gateway):
    critics = {a["ratingKey"]: a["critic"] for a in plex.dump()["albums"]}

    items = gateway.listing(Level.ALBUM, at_once).items

    expected = [critics[key] or np.nan for key in items.key.tolist()]
    np.testing.assert_array_equal(items.critic, expected)
    assert (~np.isnan(items.critic)).any()


def page(*keys: int) -> list[Element]:
    return [Element("Track", ratingKey=str(key)) for key in keys]


def test_what_nobody_asked_for_is_left_out():
    found = ItemPages(lambda _: page(1, 7, 2, 7, 8), ThreadPoolExecutor).read(
        np.array([1, 2])
    )

    assert [element.get("ratingKey") for element in found] == ["1", "2"]


def test_what_never_comes_is_asked_for_once_more_at_most():
    asked = []

    def ask(path):
        asked.append(path)
        return page(1)

    found = ItemPages(ask, ThreadPoolExecutor).read(np.array([1, 2]))

    assert (len(found), len(asked)) == (1, 2)
