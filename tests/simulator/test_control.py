"""The simulator's own side tells what happened and plays the user, over HTTP, too."""

import os
import signal
import socket
import subprocess
import sys
from email.utils import parsedate_to_datetime
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from xml.etree import ElementTree as ET

import pytest

from tests.simulator.process import REPOSITORY, Simulator

ALL = "/library/sections/1/all"


@pytest.fixture
def album(simulator):
    return simulator.add("Somebody new", "Something new", ["First", "Second"])


@pytest.fixture(scope="module")
def process(library):
    with Simulator.start(library=library) as simulator:
        yield simulator


def find(simulator, key):
    dump = simulator.dump()
    items = dump["artists"] + dump["albums"] + dump["tracks"]
    return next((item for item in items if item["ratingKey"] == key), None)


def test_the_log_is_in_order_and_can_be_cleared(plex, simulator):
    simulator.clear_log()
    plex.query("/identity?one=1%2C2")
    plex.fetchItem(1003).rate(8)

    log = simulator.log()
    assert [(entry["method"], entry["status"]) for entry in log] == [
        ("GET", 200),
        ("GET", 200),
        ("PUT", 200),
    ]
    assert log[0]["path"] == "/identity?one=1,2"
    assert simulator.counts() == {"reads": 2, "writes": 1, "items_written": 1}
    simulator.clear_log()
    assert simulator.log() == []


def test_the_journal_names_the_request_that_changed_something(plex, simulator):
    plex.fetchItem(1004).rate(2)

    change, entry = simulator.journal()[-1], simulator.log()[-1]
    assert change["request"] == entry["n"]
    assert (change["what"], change["before"], change["after"]) == ("rating", 0.0, 2.0)


def test_the_user_rates_a_second_after_the_last_time(simulator):
    simulator.rate(1014, 6.0)
    before = find(simulator, 1014)["lastRatedAt"]
    simulator.rate(1014, 8.0)

    first, second = (item for item in simulator.journal() if item["ratingKey"] == 1014)
    assert (first["after"], second["before"], second["after"]) == (6.0, 6.0, 8.0)
    assert first["request"] is None
    assert find(simulator, 1014)["lastRatedAt"] > before


def test_new_tracks_join_an_album(simulator, album):
    again = simulator.add("Somebody new", "Something new", ["Third"])

    assert again["album"] == album["album"]
    assert find(simulator, again["tracks"][0])["parentRatingKey"] == album["album"]


def test_a_new_key_keeps_guid_rating_and_place(simulator, plex):
    before = find(simulator, 1010)
    new = simulator.rekey([1010])[1010]

    after = find(simulator, new)
    assert find(simulator, 1010) is None
    assert after == before | {"ratingKey": new}
    assert plex.fetchItem(new).userRating == 10.0


def test_a_local_guid_follows_the_key_and_leaves_the_rating_behind(simulator):
    key = simulator.add("Unknown", "", [{"title": "?", "guid": "local://1"}])["tracks"]
    simulator.rate(key[0], 7.0)
    new = simulator.rekey(key)[key[0]]

    after = find(simulator, new)
    assert (after["guid"], after["userRating"]) == (f"local://{new}", None)


def test_a_rescan_forgets_moods_and_locks(simulator, album):
    key = album["tracks"][0]
    simulator.mood(key, add="Mine")
    edited = find(simulator, key)
    new = simulator.rekey([key], rescan=True)[key]

    scanned = find(simulator, new)
    assert (edited["moods"], edited["locks"]) == (["Mine"], ["mood"])
    assert (scanned["moods"], scanned["locks"]) == ([], [])


def test_deleting_the_last_track_deletes_its_album_and_artist(simulator):
    added = simulator.add("Short-lived", "Gone", ["Only"])
    simulator.delete(added["tracks"])

    assert find(simulator, added["artist"]) is None
    assert find(simulator, added["album"]) is None


def test_an_attribute_is_sent_as_ordered_until_somebody_rates_the_item(
    simulator, plex, album
):
    key = album["tracks"][0]
    simulator.rate(key, 8.0)

    simulator.set_attributes(
        key, userRating="-1", title="A &amp; B", year="30828", index=None
    )
    (odd,) = plex.query(f"/library/metadata/{key}")
    simulator.rate(key, 6.0)
    (rated,) = plex.query(f"/library/metadata/{key}")
    simulator.set_attributes(key)
    (own,) = plex.query(f"/library/metadata/{key}")

    names = ("userRating", "title", "year")
    assert [odd.get(name) for name in names] == ["-1", "A & B", "30828"]
    assert [rated.get(name) for name in names] == ["6.0", "A & B", "30828"]
    assert [own.get(name) for name in names] == ["6.0", "First", None]
    assert odd.get("index") is None
    assert own.get("index") is not None


def test_a_hidden_item_is_in_no_listing_and_has_its_own_page(simulator, plex, album):
    key = album["album"]
    path = f"{ALL}?type=9"

    simulator.hide(key)
    hidden = {item.get("ratingKey") for item in plex.query(path)}
    (page,) = plex.query(f"/library/metadata/{key}")
    simulator.show(key)
    shown = {item.get("ratingKey") for item in plex.query(path)}

    assert shown - hidden == {str(key)}
    assert page.get("ratingKey") == str(key)


def test_orders_go_over_http_as_well(process):
    process.clear_log()
    process.rate(1012, 4.0)
    new = process.rekey([1012])
    process.mood(new[1012], add="Far", lock=False)
    item = find(process, new[1012])
    process.delete([new[1012]])

    assert (item["userRating"], item["moods"], item["locks"]) == (4.0, ["Far"], [])
    assert process.log() == []
    assert process.journal()[-1]["what"] == "deleted"


def test_an_order_that_cannot_be_carried_out_is_refused(process):
    with pytest.raises(HTTPError, match="400") as caught:
        process.rate(999_999, 5.0)
    caught.value.close()
    with pytest.raises(AttributeError):
        process.explode()


def test_the_clock_of_the_server_can_be_wrong_and_it_says_so(process):
    yesterday = parsedate_to_datetime(dated(process)).timestamp() - 86_400
    process.set_clock(-86_400)
    process.rate(1005, 4.0)
    date, rated_at = dated(process), find(process, 1005)["lastRatedAt"]
    process.set_clock(0)
    process.rate(1005, 4.0)

    assert parsedate_to_datetime(date).timestamp() == pytest.approx(yesterday, abs=60)
    assert rated_at == pytest.approx(yesterday, abs=60)
    assert find(process, 1005)["lastRatedAt"] - rated_at > 80_000


def dated(process):
    with urlopen(f"{process.url}/identity") as answer:  # noqa: S310 - always http
        return answer.headers["Date"]


def test_answers_are_compressed_for_those_who_accept_it(process):
    url = f"{process.url}{ALL}?type=8&X-Plex-Token={process.token}"
    plain = urlopen(url)  # noqa: S310 - always http
    packed = urlopen(Request(url, headers={"Accept-Encoding": "gzip"}))  # noqa: S310

    with plain, packed:
        assert plain.headers["Content-Encoding"] is None
        assert ET.fromstring(plain.read()).tag == "MediaContainer"  # noqa: S314 - our own
        assert packed.headers["Content-Encoding"] == "gzip"


def exchange(process, sent):
    """Return all that comes back before the connection ends."""
    port = int(process.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(sent)
        return connection.makefile("rb").read()


@pytest.mark.parametrize("length", [8_300, 65_537])
def test_a_long_url_is_refused_with_a_page(process, length):
    line = b"GET /".ljust(length, b"1")
    if length < 65_537:  # beyond, the server does not even read on
        line += b" HTTP/1.1\r\nConnection: close\r\n\r\n"

    answer = exchange(process, line)

    assert answer.startswith(b"HTTP/1.1 400")
    assert b"<html>" in answer


@pytest.mark.parametrize(
    ("fault", "begun"), [("reset_after", False), ("half_response", True)]
)
def test_the_connection_really_breaks(process, fault, begun):
    process.faults([{"do": fault}])

    answer = exchange(process, b"GET /identity HTTP/1.1\r\nHost: plex\r\n\r\n")

    process.faults([])
    assert (b"<MediaContainer" in answer) is begun
    assert not answer.rstrip().endswith(b"/>")


def test_a_simulator_ends_when_its_test_does(library):
    simulator = Simulator.start(library=library)
    process = simulator._process  # noqa: SLF001 - the end of the pipe is the test's

    process.stdin.close()

    assert process.wait(5) == 0
    simulator.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(library, number):
    command = [sys.executable, "-m", "tests.simulator", "--library", str(library)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        os.kill(process.pid, number)

        try:
            assert process.wait(5) == 0
        finally:
            process.kill()


def test_a_killed_simulator_may_be_stopped_again(library):
    with Simulator.start(library=library) as simulator:
        simulator.kill()
        with pytest.raises(OSError, match="refused"):
            simulator.dump()


def test_a_library_that_is_none_keeps_it_from_starting(tmp_path):
    path = tmp_path / "none.csv"
    path.write_text("artist\nA\n")

    with pytest.raises(RuntimeError, match="makes no sense"):
        Simulator.start(library=path)
