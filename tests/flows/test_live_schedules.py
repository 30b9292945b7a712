"""Live runs of `plexbayes serve`: a schedule starts one, and SIGTERM ends one."""

import signal
import time

import pytest

from tests.flows.catching import await_true, make_slow, written
from tests.flows.expecting import inferred
from tests.flows.listener import ratings
from tests.flows.test_faults import letter
from tests.flows.test_schedules import (
    EVERY_MINUTE,
    Home,
    add_schedule,
    await_completed,
    change,
    home,
)
from tests.simulator.process import Simulator

pytestmark = pytest.mark.system

__all__ = ["home"]

SAFE_POINT = 30.0
"""Seconds in which a run that goes on is cancelled, as docs/schedules.md says."""


def test_a_live_schedule_fires_and_sigterm_ends_a_live_run_at_a_safe_point(
    plex: Simulator, home: Home
) -> None:
    before, expected = plex.dump(), inferred(plex)
    served, offers = home.serve()
    weekly = offers["weekly-up-live"]
    one_letter = {"schedule": EVERY_MINUTE, "parameters": {"letters": "V"}}
    added = add_schedule(served, weekly, **one_letter)
    fired = await_completed(served, added)
    path = f"/deployments/{weekly['id']}/schedules/{added}"
    change(served, path, {"active": False})
    after_firing = plex.dump()
    make_slow(plex, {"method": "PUT"}, 1500)
    plex.clear_log()
    served.start(offers["infer"], dry_run=False)
    await_true(lambda: written(plex) > 0)

    since = time.monotonic()
    status, said = home.end(signal.SIGTERM)
    took = time.monotonic() - since
    cut_off = plex.dump()
    holders = home.listener.query("SELECT count(*) FROM lease")
    plex.faults([])
    finished = home.listener.run("infer")

    new = ratings(after_firing).keys() - ratings(before)
    assert "dry" not in fired["name"]
    assert {letter(before, key) for key in new} == {"V"}
    assert ratings(after_firing).keys() < ratings(cut_off).keys()
    assert ratings(cut_off).keys() < ratings(plex.dump()).keys()
    assert (status, holders, finished.status) == (0, [(0,)], 0)
    assert took < SAFE_POINT
    assert said.endswith("Stopped.\n")
    assert ratings(plex.dump()) == pytest.approx(ratings(before) | expected, abs=0.011)
