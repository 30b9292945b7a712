"""Plex may not say whose a token is: then no record is begun beside the owner's."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tests.flows.listener import Listener, ratings, tagged
from tests.simulator.process import Simulator


def unknown(code: int) -> dict[str, object]:
    return {"match": {"path": "/accounts"}, "do": "status", "code": code}


def recorded(listener: Listener) -> list[tuple[object, ...]]:
    """Return the libraries on record, and the ratings that are ours."""
    with closing(sqlite3.connect(listener.state)) as connection:
        return [
            *connection.execute("select id, server, uuid, account from library"),
            *connection.execute("select guid, value, seen_at from shadow"),
        ]


@pytest.fixture(scope="module")
def plex() -> Iterator[Simulator]:
    with Simulator.start(synthetic=40) as simulator:
        yield simulator


@pytest.fixture
def owner(plex: Simulator, listener_of: Callable[..., Listener]) -> Iterator[Listener]:
    """The owner, with inferred ratings; in the end they are taken back."""
    listener = listener_of(plex)
    before = ratings(plex.dump())
    assert listener.run("infer").status == 0
    yield listener
    plex.faults([])
    listener.configure(DRY_RUN=False)
    assert listener.run("undo", "--yes").status == 0
    assert ratings(plex.dump()) == before


@pytest.mark.parametrize("code", [401, 403, 404])
def test_a_run_in_which_plex_does_not_know_the_owner_writes_nothing_and_asks(
    plex, owner, code
):
    before, record = plex.dump(), recorded(owner)
    plex.faults([unknown(code)])

    for ran in (owner.run("infer"), owner.run("undo", "--yes")):
        assert ran.status == 1
        assert 'set ACCOUNT to "owner", or use --accept-library' in ran.err
        assert "refused the token" not in ran.err
        assert "Traceback" not in ran.err
    assert plex.dump() == before
    assert recorded(owner) == record
    plex.faults([])
    again = owner.run("infer")
    assert (again.status, again.summary["planned"]) == (0, 0)
    assert recorded(owner) == record


def test_who_says_to_be_the_owner_is_known_as_such(plex, owner):
    plex.faults([unknown(404)])
    owner.configure(DRY_RUN=False, ACCOUNT="owner")

    ran = owner.run("infer")

    assert (ran.status, ran.summary["planned"]) == (0, 0)
    assert "ACCOUNT" not in ran.err


def test_a_server_that_knows_no_owner_is_written_to_like_a_shared_library(
    plex, listener_of
):
    before = ratings(plex.dump())
    plex.faults([unknown(404)])
    listener = listener_of(plex)

    ran = listener.run("infer")
    inferred = plex.dump()
    undone = listener.run("undo", "--yes")

    assert (ran.status, undone.status) == (0, 0)
    said = "Plex does not show that this token is the server owner's (404)"
    assert ran.err.count(said) == 1
    assert len(ratings(inferred)) > len(before)
    assert tagged(inferred) == set()
    assert ratings(plex.dump()) == before
    plex.faults([])


def test_the_record_of_a_server_that_knew_no_owner_can_follow(plex, listener_of):
    before = ratings(plex.dump())
    listener = listener_of(plex)
    plex.faults([unknown(404)])
    assert listener.run("infer").status == 0
    plex.faults([])

    refused = listener.run("infer")
    accepted = listener.run("infer", "--accept-library")

    assert refused.status == 1
    assert "--accept-library" in refused.err
    assert accepted.status == 0
    assert accepted.summary["taken_over"] == 0
    assert recorded(listener)[0][-1] == "1"
    assert listener.run("undo", "--yes").status == 0
    assert ratings(plex.dump()) == before
