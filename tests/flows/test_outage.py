"""A Plex that is killed in the middle of a run, and comes back."""

import time

import pytest

from tests.flows.expecting import inferred
from tests.flows.listener import PATIENCE, Listener, ratings, tagged
from tests.flows.test_faults import await_writes
from tests.simulator.process import Simulator


def test_a_plex_that_is_killed_and_comes_back_costs_no_letter(
    plex: Simulator, listener: Listener
) -> None:
    before, expected = plex.dump(), inferred(plex)
    listener.configure(DRY_RUN=False, RETRY_DELAY=0.5)
    plex.faults([{"match": {"method": "PUT"}, "do": "slow", "ms": 50}])
    process = listener.start("infer")
    await_writes(plex, 5)
    plex.die(listener.folder / "kept")
    time.sleep(3)
    with plex.come_back(listener.folder / "kept") as back:
        _, err = process.communicate(timeout=PATIENCE)
        after = back.dump()

    assert process.returncode == 0
    assert "Trying again in 0.5 s." in err
    assert "Trying again in 2 s." in err
    assert ratings(after) == pytest.approx(ratings(before) | expected, abs=0.011)
    assert tagged(after) == set(expected)
