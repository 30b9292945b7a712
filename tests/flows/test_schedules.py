"""Schedules in the Prefect UI are the user's, and start their runs."""

import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tasks.orchestration.prefect_server import free_port
from tests.flows.catching import await_true, make_slow, written
from tests.flows.expecting import inferred
from tests.flows.listener import ENDED, Listener, Served, ratings
from tests.flows.test_faults import await_writes, letter
from tests.flows.test_serve import NIGHTLY
from tests.simulator.process import Simulator

pytestmark = pytest.mark.system

HOURLY = {"interval": 3600, "timezone": "UTC"}
SAFE_POINT = 30.0
"""Seconds in which a run that goes on is cancelled, as docs/schedules.md says."""
POLLED_EARLIER = """update deployment set
last_polled = strftime('%Y-%m-%d %H:%M:%f000', last_polled, '-130 minutes')"""
MADE_EARLIER = """update deployment_schedule set
updated = strftime('%Y-%m-%d %H:%M:%f000', updated, '-130 minutes') where id = ?"""


def soon() -> dict[str, Any]:
    """Return a schedule that fires once within a day: in twenty seconds."""
    when = datetime.now(UTC) + timedelta(seconds=20)
    cron = f"{when.minute} {when.hour} * * * {when.second}"
    return {"cron": cron, "timezone": "UTC", "day_or": True}


class Home:
    """One folder in which `plexbayes serve` is started again and again."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.port = free_port()
        # As Prefect itself does it, but sooner.
        listener.environment["PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS"] = "2"
        self.served: Served | None = None
        self.polled = ""

    def serve(self) -> tuple[Served, dict[str, dict[str, Any]]]:
        """Start it; return it with its deployments once it polls for runs."""
        self.served = Served(self.listener, self.port)
        return self.served, self.served.await_offers(self.polled)

    def end(self, signum: int = signal.SIGINT) -> tuple[int, str]:
        """End it; return its status and what it said."""
        assert self.served is not None
        offers = self.served.post("/deployments/filter", {})
        self.polled = max(offer["last_polled"] for offer in offers)
        return self.served.end(signum), self.served.said

    def is_gone(self) -> bool:
        """Whether its server, which ends with it, answers no more."""
        try:
            httpx.get(f"http://127.0.0.1:{self.port}/api/health")
        except httpx.TransportError:
            return True
        return False

    def let_time_pass(self, schedule: str) -> None:
        """Let two hours pass since it ended, in which a schedule was there already."""
        await_true(self.is_gone)
        path = self.listener.folder / "prefect" / "prefect.db"
        with closing(sqlite3.connect(path, timeout=60)) as database:
            database.execute(POLLED_EARLIER)
            database.execute(MADE_EARLIER, [schedule])
            database.commit()


@pytest.fixture
def home(plex: Simulator, tmp_path: Path, prefect_database: Path) -> Iterator[Home]:
    prefect = tmp_path / "prefect"
    prefect.mkdir()
    shutil.copy(prefect_database, prefect)
    home = Home(Listener(tmp_path, plex, ""))
    yield home
    if home.served and home.served.process.poll() is None:
        home.served.end()


def add_schedule(served: Served, offer: dict[str, Any], **schedule: Any) -> str:
    """Add a schedule, return its id."""
    [added] = served.post(f"/deployments/{offer['id']}/schedules", [schedule])
    return str(added["id"])


def await_completed(served: Served, schedule: str, since: str = "") -> dict[str, Any]:
    """Wait until a run that a schedule started, after some time, is completed."""
    wanted = {"flow_runs": {"created_by": {"id_": [schedule]}}}

    def ended() -> list[dict[str, Any]]:
        runs = served.post(
            "/flow_runs/filter", wanted | {"sort": "EXPECTED_START_TIME_ASC"}
        )
        new = [run for run in runs if run["expected_start_time"] > since]
        return [run for run in new if run["state_type"] in ENDED]

    run = served.awaited(ended)[0]
    assert run["state_type"] == "COMPLETED"
    return run


def schedules(offers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return what a person sees of all schedules, by their ids."""
    fields = ("active", "schedule", "parameters", "slug")
    return {
        schedule["id"]: (name, *(schedule[field] for field in fields))
        for name, offer in offers.items()
        for schedule in offer["schedules"]
    }


def seen(schedule: dict[str, Any]) -> tuple[Any, ...]:
    return schedule["active"], schedule["schedule"], schedule["parameters"]


def test_a_live_schedule_fires_and_sigterm_ends_a_live_run_and_all_is_kept(
    plex: Simulator, home: Home
) -> None:
    before, expected = plex.dump(), inferred(plex)
    served, offers = home.serve()
    weekly = f"/deployments/{offers['weekly-up-live']['id']}/schedules"
    one_letter = {"schedule": soon(), "parameters": {"letters": "V"}}
    added = add_schedule(served, offers["weekly-up-live"], **one_letter)
    fired = await_completed(served, added)
    after_firing = plex.dump()
    mine = change_schedules(served, offers)
    terminate_during_a_live_run(plex, home, offers["infer"])
    cut_off = plex.dump()
    finished = home.listener.run("infer")
    served, again = home.serve()
    since = datetime.now(UTC).isoformat()
    served.patch(f"{weekly}/{added}", {"schedule": soon()})
    await_completed(served, added, since)
    by_interrupt, said = home.end(signal.SIGINT)

    new = ratings(after_firing).keys() - ratings(before)
    assert "dry" not in fired["name"]
    assert {letter(before, key) for key in new} == {"V"}
    assert ratings(after_firing).keys() < ratings(cut_off).keys()
    assert ratings(cut_off).keys() < ratings(plex.dump()).keys()
    assert (finished.status, by_interrupt) == (0, 0)
    assert said.endswith("Stopped.\n")
    assert ratings(plex.dump()) == pytest.approx(ratings(before) | expected, abs=0.011)
    expect_kept(again, mine)
    assert home.is_gone()


def terminate_during_a_live_run(
    plex: Simulator, home: Home, infer: dict[str, Any]
) -> None:
    """End `serve` with SIGTERM while a run writes; it stops at a safe point."""
    assert home.served is not None
    make_slow(plex, {"method": "PUT"}, 1500)
    plex.clear_log()
    home.served.start(infer, dry_run=False)
    await_true(lambda: written(plex) > 0)

    since = time.monotonic()
    status, _ = home.end(signal.SIGTERM)
    took = time.monotonic() - since

    plex.faults([])
    assert (status, home.listener.query("SELECT count(*) FROM lease")) == (0, [(0,)])
    assert took < SAFE_POINT


def change_schedules(
    served: Served, offers: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Change, add and pause as a person may; return all schedules as they are now."""
    weekly = offers["weekly-up-live"]
    path = f"/deployments/{weekly['id']}/schedules/{weekly['schedules'][0]['id']}"
    served.patch(path, {"active": True, "schedule": NIGHTLY})
    add_schedule(served, offers["infer"], schedule=NIGHTLY, slug="mine", active=False)
    rank = f"/deployments/{offers['rank']['id']}"
    served.patch(rank, {"paused": True})
    served.patch(rank, {"parameters": {"count": 3}})
    mine = schedules(served.await_offers())
    assert ("weekly-up-live", True, NIGHTLY) in [one[:3] for one in mine.values()]
    return mine


def expect_kept(offers: dict[str, dict[str, Any]], mine: dict[str, Any]) -> None:
    """Expect what `change_schedules` changed to be still so."""
    assert schedules(offers) == mine
    assert {name for name, offer in offers.items() if offer["paused"]} == {"rank"}
    assert offers["rank"]["parameters"] == {"count": 3}


def test_a_kill_changes_no_schedule_its_lost_run_blocks_nothing_and_one_is_made_up(
    plex: Simulator, home: Home
) -> None:
    # So slow that the lost run, which outlives its `serve`, cannot end by itself.
    plex.faults([{"match": {"method": "PUT"}, "do": "slow", "ms": 5000}])
    served, offers = home.serve()
    dry = {"dry_run": True}
    added = add_schedule(served, offers["infer"], schedule=HOURLY, parameters=dry)
    mine = change_schedules(served, offers)
    lost = served.start(offers["infer"], dry_run=False)
    await_writes(plex, 1)
    by_kill, _ = home.end(signal.SIGKILL)
    home.let_time_pass(added)

    served, again = home.serve()
    fired = await_completed(served, added)
    state = served.api.get(f"/flow_runs/{lost}").json()["state"]
    _, said = home.end()

    assert by_kill == -signal.SIGKILL
    assert said.count("infer was due on") == 1
    assert "dry" in fired["name"]
    assert state["type"] in {"CRASHED", "FAILED", "CANCELLED"}
    expect_kept(again, mine)
