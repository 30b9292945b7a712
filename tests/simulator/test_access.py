"""Who may come in, and what the server says to those who may not."""

import pytest
from plexapi.exceptions import BadRequest, NotFound, Unauthorized

from tests.simulator.conftest import client_of
from tests.simulator.options import Options

ALL = "/library/sections/1/all"


@pytest.fixture
def shared(server):
    return client_of(server, Options().shared_token)


@pytest.mark.parametrize("token", ["wrong", None])
def test_without_a_known_token_there_is_no_way_in(server, token):
    with pytest.raises(Unauthorized, match="401"):
        client_of(server, token)


def test_the_identity_is_open_to_all(plex):
    answer = plex._session.get(f"{plex._baseurl}/identity")  # noqa: SLF001

    assert plex.machineIdentifier in answer.text


def test_the_owner_sees_the_accounts(plex):
    assert [account.id for account in plex.systemAccounts()] == [1, 2]


@pytest.mark.parametrize("path", ["/accounts", "/library", "/activities"])
def test_others_are_kept_from_the_owners_pages(shared, path):
    with pytest.raises(BadRequest, match="403"):
        shared.query(path)


def test_others_find_the_library_but_cannot_edit_it(shared, simulator):
    track = shared.fetchItem(1003)

    with pytest.raises(BadRequest, match="403"):
        track.addMood("Mine")
    assert all(change["what"] != "mood+" for change in simulator.journal())


def test_the_log_names_the_account_but_no_token(shared, simulator):
    shared.query(f"{ALL}?type=8&X-Plex-Token={Options().shared_token}")

    entry = simulator.log()[-1]
    assert entry["account"] == 2
    assert Options().shared_token not in entry["path"]


@pytest.mark.parametrize("path", ["/nothing", "/library/metadata/999999"])
def test_what_does_not_exist_is_not_found(plex, path):
    with pytest.raises(NotFound):
        plex.query(path)


def test_the_limit_of_the_url_can_be_chosen(serve):
    plex = serve(url_limit=60)

    assert len(plex.query(f"{ALL}?type=10")) == 9
    with pytest.raises(BadRequest, match=r"400.*<html>"):
        plex.query(f"{ALL}?type=10&{'x' * 60}=1")


def test_scans_and_chores_show_for_a_while(plex, simulator, server):
    simulator.scan(0.3)
    plex.query("/butler/BackupDatabase", method=plex._session.post)  # noqa: SLF001

    types = [activity.type for activity in plex.activities]
    assert types == ["library.update.section", "butler.BackupDatabase"]
    assert plex.query("/library/sections")[0].get("refreshing") == "1"
    server.world.clock.jump(1)
    assert plex.activities == []
