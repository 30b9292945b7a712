"""The whole story with the shadow state in PostgreSQL."""

import psycopg
import pytest

from tests.flows.expecting import inferred
from tests.flows.listener import Listener, items, ratings
from tests.flows.test_undo import state
from tests.simulator.process import Simulator


def test_the_record_can_live_in_postgresql(
    plex: Simulator, listener: Listener, postgres: str
) -> None:
    before, expected = plex.dump(), inferred(plex)
    listener.configure(DRY_RUN=False, STATE_URL=postgres)

    first = listener.run("infer")
    second = listener.run("infer")
    after = plex.dump()
    with psycopg.connect(postgres.replace("+psycopg", "")) as connection:
        recorded = connection.execute("select count(*) from shadow").fetchone()
    undone = listener.run("undo", "--yes")

    assert first.status == second.status == undone.status == 0
    assert second.summary["planned"] == 0
    assert recorded == (first.summary["written"],)
    assert ratings(after) == pytest.approx(ratings(before) | expected, abs=0.011)
    assert set(ratings(after)) == set(items(after))
    assert state(plex.dump()) == state(before)
    assert not listener.state.exists()
