"""Who may come in, and what the server says to those who may not."""

import socket

import pytest
from plexapi.exceptions import BadRequest, NotFound, Unauthorized
from plexapi.server import PlexServer

ALL = "/library/sections/1/all"


@pytest.fixture
def shared(simulator):
    server = PlexServer(simulator.url, simulator.shared_token)
    yield server
    server._session.close()  # noqa: SLF001 - the library has no way to close it


@pytest.mark.parametrize("token", ["wrong", None])
def test_without_a_known_token_there_is_no_way_in(simulator, token):
    with pytest.raises(Unauthorized, match="401"):
        PlexServer(simulator.url, token)


def test_the_identity_is_open_to_all(plex):
    answer = plex._session.get(f"{plex._baseurl}/identity")  # noqa: SLF001

    assert plex.machineIdentifier in answer.text


def test_the_owner_sees_the_accounts(plex):
    assert [account.id for account in plex.systemAccounts()] == [1, 2]


@pytest.mark.parametrize("path", ["/accounts", "/library", "/activities", "/butler"])
def test_others_are_kept_from_the_owners_pages(shared, path):
    with pytest.raises(BadRequest, match="403"):
        shared.query(path)


def test_others_find_the_library_but_cannot_edit_it(shared, simulator):
    track = shared.library.section("Music").get("The Melk").tracks()[0]

    with pytest.raises(BadRequest, match="403"):
        track.addMood("Mine")
    assert all(change["what"] != "mood+" for change in simulator.journal())


def test_every_account_has_its_own_ratings(plex, shared):
    shared.fetchItem(1003).rate(1)

    assert shared.fetchItem(1003).userRating == 1.0
    assert plex.fetchItem(1003).userRating == 8.0


def test_the_log_names_the_account_but_no_token(shared, simulator):
    shared.query(f"{ALL}?type=8&X-Plex-Token={simulator.shared_token}")

    entry = simulator.log()[-1]
    assert entry["account"] == 2
    assert simulator.shared_token not in entry["path"]


@pytest.mark.parametrize("length", [8_300, 70_000])
def test_a_long_url_is_refused_with_a_page(plex, length):
    with pytest.raises(BadRequest, match=r"400.*<html>"):
        plex.query(f"{ALL}?type=10&id={'1' * length}")


def test_the_limit_of_the_url_can_be_chosen(serve):
    plex = serve(url_limit=60)

    assert len(plex.query(f"{ALL}?type=10")) == 9
    with pytest.raises(BadRequest, match="400"):
        plex.query(f"{ALL}?type=10&{'x' * 60}=1")


def test_an_idle_connection_is_closed(serve):
    plex = serve(idle_seconds=0.05)
    host, port = plex._baseurl.removeprefix("http://").split(":")  # noqa: SLF001

    with socket.create_connection((host, int(port)), timeout=2) as connection:
        assert connection.recv(1) == b""


@pytest.mark.parametrize("path", ["/nothing", "/library/metadata/999999"])
def test_what_does_not_exist_is_not_found(plex, path):
    with pytest.raises(NotFound):
        plex.query(path)


def test_a_scan_shows_in_the_section_and_the_activities(plex, simulator):
    simulator.scan(0.3)

    assert plex.library.reload().section("Music").refreshing is True
    assert plex.activities[0].type == "library.update.section"


def test_chores_can_be_ordered_and_show_for_a_while(plex):
    assert plex.runButlerTask("BackupDatabase") is not None
    plex.library.optimize()

    types = {activity.type for activity in plex.activities}
    assert {"butler.BackupDatabase", "library.optimize"} <= types
