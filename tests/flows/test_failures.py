"""What Plex does in the middle of a run is said, and costs nothing but time."""

from tests.flows.expecting import inferred
from tests.flows.listener import Listener, ratings, tagged
from tests.simulator.process import Simulator


def test_a_token_that_is_refused_in_mid_run_ends_it_and_loses_nothing(
    plex: Simulator, listener: Listener
) -> None:
    before, expected = plex.dump(), inferred(plex)
    listener.acquaint()
    refused = {"match": {"method": "PUT", "from": 4}, "do": "status", "code": 401}
    plex.faults([refused])

    ran = listener.run("infer")
    half = ratings(plex.dump())
    plex.faults([])
    again = listener.run("infer")
    after = plex.dump()
    undone = listener.run("undo", "--yes")

    assert ran.status != 0
    assert "PLEX_TOKEN" in ran.out
    reasons = ran.summary["failed_letters"].values()
    assert reasons
    assert all("Check PLEX_TOKEN" in reason for reason in reasons)
    assert len(ratings(before)) < len(half) < len(ratings(before) | expected)
    assert again.status == undone.status == 0
    assert set(ratings(after)) == set(ratings(before) | expected)
    assert tagged(after) == set(expected)
    assert ratings(plex.dump()) == ratings(before)


def test_a_run_says_that_plex_scans_the_library(
    plex: Simulator, listener: Listener
) -> None:
    plex.scan(60)

    ran = listener.run("infer")

    assert ran.status == 0
    assert "Plex is scanning the library" in ran.err
