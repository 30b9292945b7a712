"""The simulator's own side tells what happened and plays the user."""

import os
import signal
import subprocess
import sys
import time
from email.utils import parsedate_to_datetime
from urllib.error import HTTPError

import pytest

from tests.simulator.process import REPOSITORY, Simulator


@pytest.fixture
def album(simulator):
    return simulator.add("Somebody new", "Something new", ["First", "Second"])


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


def test_the_clock_of_the_server_can_be_wrong_and_it_says_so(plex, simulator):
    simulator.set_clock(-86_400)
    simulator.rate(1012, 4.0)
    date = plex._session.get(f"{simulator.url}/identity").headers["Date"]  # noqa: SLF001
    rated_at = find(simulator, 1012)["lastRatedAt"]
    simulator.set_clock(0)
    simulator.rate(1012, 4.0)

    yesterday = time.time() - 86_400
    assert parsedate_to_datetime(date).timestamp() == pytest.approx(yesterday, abs=60)
    assert rated_at == pytest.approx(yesterday, abs=60)
    assert find(simulator, 1012)["lastRatedAt"] == pytest.approx(time.time(), abs=60)
    simulator.rate(1012, None)


def test_the_journal_names_the_request_that_changed_something(plex, simulator):
    plex.fetchItem(1004).rate(2)

    change, entry = simulator.journal()[-1], simulator.log()[-1]
    assert change["request"] == entry["n"]
    assert (change["what"], change["before"], change["after"]) == ("rating", 0.0, 2.0)


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
    path = "/library/sections/1/all?type=9"

    simulator.hide(key)
    hidden = {item.get("ratingKey") for item in plex.query(path)}
    (page,) = plex.query(f"/library/metadata/{key}")
    simulator.show(key)
    shown = {item.get("ratingKey") for item in plex.query(path)}

    assert shown - hidden == {str(key)}
    assert page.get("ratingKey") == str(key)


def test_an_order_that_cannot_be_carried_out_is_refused(simulator):
    with pytest.raises(HTTPError, match="400") as caught:
        simulator.rate(999_999, 5.0)
    caught.value.close()


def test_writes_wait_for_each_other_and_take_their_time(library):
    with Simulator.start(library=library, latency={"rate": 40}) as simulator:
        command = (
            "import sys, urllib.request as u;"
            "u.urlopen(u.Request(sys.argv[1], method='PUT')).close()"
        )
        path = "/:/rate?key=1003&rating=5&identifier=i&X-Plex-Token=owner-token"
        clients = [
            subprocess.Popen([sys.executable, "-c", command, simulator.url + path])
            for _ in range(2)
        ]
        assert [client.wait() for client in clients] == [0, 0]

        assert all(entry["milliseconds"] >= 40 for entry in simulator.log())


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


def test_a_kill_is_sudden_and_a_second_stop_harmless(library):
    with Simulator.start(library=library) as simulator:
        began = time.perf_counter()
        simulator.kill()

    assert time.perf_counter() - began < 1
