"""Ordered faults strike the requests they are meant for, and no others."""

from xml.etree.ElementTree import ParseError

import pytest
import requests
from plexapi.exceptions import BadRequest, NotFound, Unauthorized

from tests.simulator.options import Latency

ALL = "/library/sections/1/all"


@pytest.fixture
def order(simulator):
    yield lambda **rule: simulator.faults([rule])
    simulator.faults([])


@pytest.fixture
def clock(server):
    return server.world.clock


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (404, NotFound),
        (503, BadRequest),
        (520, TypeError),  # what plexapi makes of a number that it does not know
    ],
)
def test_a_status_is_answered_and_nothing_done(plex, order, code, error):
    order(match={"path": "/:/rate"}, do="status", code=code)

    with pytest.raises(error):
        plex.fetchItem(1005).rate(5)
    assert plex.fetchItem(1005).userRating is None


def test_a_fault_has_its_time(plex, order, simulator):
    order(match={"path": "/identity", "from": 1, "times": 2}, do="status", code=503)
    url = f"{plex._baseurl}/identity"  # noqa: SLF001

    answers = [plex._session.get(url).status_code for _ in range(5)]  # noqa: SLF001

    assert answers == [200, 503, 503, 200, 200]
    assert simulator.faults_met()[0]["met"] == 5


def test_a_fault_can_be_meant_for_some_items(plex, order):
    order(match={"ratingKeys": [1003]}, do="status", code=500)

    assert plex.fetchItem(1004).title == "Orl"
    with pytest.raises(BadRequest):
        plex.fetchItems([1004, 1003])


@pytest.mark.parametrize(
    "rule", [{"do": "explode"}, {"do": "slow", "match": {"way": "PUT"}}]
)
def test_an_unknown_fault_is_refused(simulator, rule):
    with pytest.raises(ValueError, match="unknown fault"):
        simulator.faults([rule])


@pytest.mark.parametrize("fault", ["reset", "timeout"])
@pytest.mark.parametrize(("moment", "points"), [("before", None), ("after", 4.0)])
def test_the_connection_ends_before_or_after_the_deed(
    plex, order, clock, fault, moment, points
):
    began = clock.ahead
    order(match={"path": "/:/rate", "times": 1}, do=f"{fault}_{moment}", seconds=9)

    with pytest.raises(requests.ConnectionError):
        plex.fetchItem(1007).rate(4)
    assert clock.ahead - began == (9 if fault == "timeout" else 0)
    track = plex.fetchItem(1007)
    assert track.userRating == points
    track.rate(None)


def test_half_a_response_ends_the_connection(plex, order):
    order(match={"path": "type=10"}, do="half_response")

    with pytest.raises(requests.RequestException):
        plex.query(f"{ALL}?type=10")


def test_garbage_is_no_xml(plex, order):
    order(match={"path": "type=10"}, do="garbage_xml")

    with pytest.raises(ParseError):
        plex.query(f"{ALL}?type=10")


def test_a_short_page_loses_items_silently(music, order):
    order(match={"path": "type=10", "times": 1}, do="short_page")

    assert len(music.searchTracks(container_size=4)) < 9


def test_a_duplicate_page_shows_items_twice(music, order):
    order(match={"path": "type=10", "from": 1, "times": 1}, do="duplicate_page")

    keys = [t.ratingKey for t in music.searchTracks(container_size=3, sort="id")]
    assert keys[:3] == keys[3:6]


def test_a_changing_total_differs_from_page_to_page(plex, order):
    order(do="changing_total")

    query = f"{ALL}?type=10&X-Plex-Container-Size=3&X-Plex-Container-Start="
    totals = [plex.query(f"{query}{start}").get("totalSize") for start in (0, 3)]
    assert totals[0] != totals[1]


def test_slow_is_slow(plex, order, clock):
    order(do="slow", ms=80)
    began = clock.ahead
    plex.query("/identity")

    assert clock.ahead - began == pytest.approx(0.08)


def test_a_server_may_charge_tags_by_the_item(serve, world):
    plex = serve(latency=Latency(rate=10, tag_item=60))
    began = world.clock.ahead

    tag = "mood[0].tag.tag=A&mood.locked=0"
    path = f"{ALL}?type=10&id=1003,1004&{tag}"
    plex.query(path, method=plex._session.put)  # noqa: SLF001

    assert world.clock.ahead - began == pytest.approx(0.12)


@pytest.mark.parametrize(
    ("query", "ms"),
    [
        ("GET /library/metadata/1003,1004", 3 + 2 * 0.5),
        ("PUT /:/rate?key=1003&rating=5&identifier=i", 10),
        (f"PUT {ALL}?type=10&id=1003&mood[0].tag.tag=A&mood.locked=0", 60),
        (f"PUT {ALL}?type=10&id=1003&userRating.value=3&mood.locked=0", 70),
    ],
)
def test_what_is_asked_takes_its_time(serve, world, query, ms):
    plex = serve(latency=Latency(read=3, item=0.5, rate=10, tag=60))
    method, path = query.split(" ")
    began = world.clock.ahead

    plex.query(path, method=getattr(plex._session, method.lower()))  # noqa: SLF001

    assert world.clock.ahead - began == pytest.approx(ms / 1000)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("ignore_batch_rating", [(["Old", "New"], None, [])] * 2),
        ("replace_tags", [(["New"], 5.0, [])] * 2),
        ("first_id_only", [(["Old", "New"], 5.0, []), (["Old"], None, [])]),
        ("lock_fields", [(["Old", "New"], 5.0, ["mood", "userRating"])] * 2),
    ],
)
def test_an_edit_can_be_misunderstood(music, simulator, order, fault, outcome):
    keys = simulator.add(fault, "Album", ["One", "Two"])["tracks"]
    for key in keys:
        simulator.mood(key, add="Old", lock=False)
    order(match={"method": "PUT"}, do=fault)

    items = music.fetchItems(keys)
    batch = music.batchMultiEdits(items).editUserRating(5, locked=False)
    batch.addMood("New", locked=False).saveMultiEdits()

    tracks = [t for t in simulator.dump()["tracks"] if t["ratingKey"] in keys]
    assert [(t["moods"], t["userRating"], t["locks"]) for t in tracks] == outcome


def test_during_a_restart_nobody_is_answered(plex, simulator, clock):
    simulator.restart(5)

    with pytest.raises(requests.ConnectionError):
        plex.query("/identity")
    clock.jump(6)
    assert plex.query("/identity") is not None
