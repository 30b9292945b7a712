"""Schedules in the Prefect UI are the user's, and start their runs."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tasks.orchestration.prefect_server import await_health, free_port
from tests.flows.listener import COMMAND, Listener
from tests.flows.test_faults import await_writes
from tests.flows.test_serve import PATIENCE, Served
from tests.simulator.process import Simulator

pytestmark = pytest.mark.system

EVERY_MINUTE = {"cron": "* * * * *", "timezone": "UTC"}
NIGHTLY = {"cron": "15 4 * * *", "timezone": "Europe/Berlin", "day_or": True}
SOON = 100.0
"""Seconds in which what a schedule starts every minute has been completed once."""
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


class Home:
    """One folder in which `plexbayes serve` is started again and again."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.port = free_port()
        self.api = f"http://127.0.0.1:{self.port}/api"
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
        status = self.served.end(signum)
        self.served.api.close()
        return status, self.served.said


@pytest.fixture
def home(plex: Simulator, tmp_path: Path, prefect_database: Path) -> Iterator[Home]:
    prefect = tmp_path / "prefect"
    prefect.mkdir()
    shutil.copy(prefect_database, prefect)
    home = Home(Listener(tmp_path, plex, ""))
    yield home
    if home.served and home.served.process.poll() is None:
        home.end()


def change(served: Served, path: str, change: dict[str, Any]) -> None:
    """Change something as the UI does; while its SQLite is locked, it answers 503."""
    while (answer := served.api.patch(path, json=change)).status_code == 503:
        time.sleep(1)
    answer.raise_for_status()


def add_schedule(served: Served, offer: dict[str, Any], **schedule: Any) -> str:
    """Add a schedule, return its id."""
    return str(
        served.post(f"/deployments/{offer['id']}/schedules", [schedule])[0]["id"]
    )


def runs_of(served: Served, schedule: str) -> list[dict[str, Any]]:
    """Return all runs that a schedule started, the earliest first."""
    wanted = {
        "flow_runs": {"created_by": {"id_": [schedule]}},
        "sort": "EXPECTED_START_TIME_ASC",
    }
    return served.post("/flow_runs/filter", wanted)


def await_completed(
    served: Served, schedule: str, patience: float = PATIENCE, since: str = ""
) -> dict[str, Any]:
    """Wait until a run that a schedule started, after some time, is completed."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        for run in runs_of(served, schedule):
            is_new = run["expected_start_time"] > since
            if is_new and run["state_type"] in ENDED:
                assert run["state_type"] == "COMPLETED"
                return run
        time.sleep(1)
    raise AssertionError("no run of the schedule was completed")


def schedules(offers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return what a person sees of all schedules, by their ids."""
    fields = ("active", "schedule", "parameters", "slug")
    return {
        schedule["id"]: (name, *(schedule[field] for field in fields))
        for name, offer in offers.items()
        for schedule in offer["schedules"]
    }


def test_a_schedule_fires_and_is_as_it_was_after_sigterm_kill_and_restart(
    plex: Simulator, home: Home
) -> None:
    before = plex.dump()
    served, offers = home.serve()
    weekly = offers["weekly-up-live"]
    shipped = weekly["schedules"][0]["id"]
    path = f"/deployments/{weekly['id']}/schedules/{shipped}"
    change(served, path, {"active": True, "schedule": NIGHTLY})
    added = add_schedule(served, offers["infer"], schedule=EVERY_MINUTE)
    deadline = time.monotonic() + SOON
    add_schedule(served, offers["infer"], schedule=NIGHTLY, slug="mine", active=False)
    change(served, f"/deployments/{offers['rank']['id']}", {"paused": True})
    defaults = {"count": 3}
    change(served, f"/deployments/{offers['rank']['id']}", {"parameters": defaults})

    fired = await_completed(served, added, deadline - time.monotonic())
    mine = schedules({o["name"]: o for o in served.post("/deployments/filter", {})})
    by_term, _ = home.end(signal.SIGTERM)
    served, after_term = home.serve()
    by_kill, _ = home.end(signal.SIGKILL)
    served, after_kill = home.serve()
    now = datetime.now(UTC).isoformat()  # what was under way is cancelled, or lost
    fired_again = await_completed(served, added, since=now)
    by_interrupt, said = home.end(signal.SIGINT)

    assert "dry" in fired["name"]
    assert plex.dump() == before
    assert (by_term, by_kill, by_interrupt) == (0, -signal.SIGKILL, 0)
    assert said.endswith("Stopped.\n")
    assert mine[shipped][:3] == ("weekly-up-live", True, NIGHTLY)
    assert len(mine) == 4
    assert schedules(after_term) == schedules(after_kill) == mine
    paused = {name for name, offer in after_kill.items() if offer["paused"]}
    assert paused == {"rank"}
    assert after_kill["rank"]["parameters"] == defaults
    assert fired_again["state_type"] == "COMPLETED"


def test_after_a_kill_the_lost_run_blocks_nothing_and_one_missed_run_is_made_up(
    plex: Simulator, home: Home
) -> None:
    # So slow that the lost run, which outlives its `serve`, cannot end by itself.
    plex.faults([{"match": {"method": "PUT"}, "do": "slow", "ms": 5000}])
    served, offers = home.serve()
    lost = served.start(offers["infer"], dry_run=False)
    await_writes(plex, 1)
    often = {"interval": 15, "timezone": "UTC"}
    dry = {"dry_run": True}
    added = add_schedule(served, offers["infer"], schedule=often, parameters=dry)
    while not runs_of(served, added):
        time.sleep(0.5)
    home.end(signal.SIGKILL)
    time.sleep(35)  # it comes due twice at least

    served, _ = home.serve()
    fired = await_completed(served, added)
    state = served.api.get(f"/flow_runs/{lost}").json()["state"]
    _, said = home.end()

    assert said.count("infer was due on") == 1
    assert "dry" in fired["name"]
    assert state["type"] in {"CRASHED", "FAILED", "CANCELLED"}


def test_an_older_database_is_upgraded_and_its_schedules_are_kept(
    home: Home,
) -> None:
    module = "tasks.orchestration.prefect_server"
    command = [sys.executable, "-m", module, str(home.port)]
    server = subprocess.Popen(
        command,
        env=home.listener.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    await_health(home.api, server)
    with httpx.Client(base_url=home.api, timeout=30) as api:
        stale = {"schedule": NIGHTLY, "parameters": {"dry_run": None, "twin": 1}}
        create_as_before(api, "infer", [stale])
        create_as_before(api, "weekly-up", [stale, {"schedule": EVERY_MINUTE}])
        create_as_before(api, "monthly-full", [{"schedule": NIGHTLY, "active": False}])
    server.communicate()

    _, offers = home.serve()
    kept = {name: offer["schedules"] for name, offer in offers.items()}
    _, said = home.end()
    _, again = home.serve()
    _, said_again = home.end()

    repaired = (True, NIGHTLY, {"dry_run": True})
    assert [seen(one) for one in kept["infer"]] == [repaired]
    weekly = [seen(one) for one in kept["weekly-up-live"]]
    assert sorted(weekly, key=str) == sorted(
        [repaired, (True, EVERY_MINUTE | {"day_or": True}, {})], key=str
    )
    assert [seen(one) for one in kept["monthly-full-live"]] == [(False, NIGHTLY, {})]
    assert not any(offer["paused"] for offer in offers.values())
    assert "weekly-up" not in offers
    assert "monthly-full" not in offers
    assert said.count("twin no longer exists, dry_run had no value and is now on") == 2
    assert "weekly-up is now weekly-up-live; its schedules were taken over." in said
    assert "no longer exists" not in said_again
    assert schedules(again) == schedules(offers)


def create_as_before(
    api: httpx.Client, name: str, schedules: list[dict[str, Any]]
) -> None:
    """Create a deployment as version 0.1.0 did, which paused all when it ended."""
    flow = api.post("/flows/", json={"name": "infer"}).raise_for_status().json()
    fields = {
        "name": name,
        "flow_id": flow["id"],
        "tags": ["plexbayes"],
        "paused": True,
        "parameters": {"dry_run": name == "infer"},
        "entrypoint": "flows/infer.py:infer",
        "schedules": schedules,
    }
    api.post("/deployments/", json=fields).raise_for_status()


def seen(schedule: dict[str, Any]) -> tuple[Any, ...]:
    return schedule["active"], schedule["schedule"], schedule["parameters"]


def test_a_second_serve_is_refused_and_touches_nothing_of_the_first(home: Home) -> None:
    served, offers = home.serve()
    path = f"/deployments/{offers['verify']['id']}/schedules"
    served.post(path, [{"schedule": NIGHTLY}])
    first = {o["name"]: o for o in served.post("/deployments/filter", {})}

    environment = home.listener.environment
    on_its_port = refused(home, environment, "--port", str(home.port))
    on_its_server = refused(home, environment | {"PREFECT_API_URL": home.api})
    on_its_database = refused(home, environment, "--port", str(free_port()))
    after = {o["name"]: o for o in served.post("/deployments/filter", {})}
    status, _ = home.end()

    assert f"Port {home.port} of 127.0.0.1 is already in use" in on_its_port
    for said in (on_its_server, on_its_database):
        assert "Another `plexbayes serve` or a worker already runs plexbayes" in said
    assert schedules(after) == schedules(first)
    assert not any(offer["paused"] for offer in after.values())
    assert {n: o["updated"] for n, o in after.items()} == {
        n: o["updated"] for n, o in first.items()
    }
    assert status == 0


def refused(home: Home, environment: dict[str, str], *words: str) -> str:
    """Run a second `serve` that is refused; return its one sentence."""
    done = subprocess.run(
        [COMMAND, "serve", *words],
        cwd=home.listener.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_doctor_and_serve_warn_that_the_scheduler_is_switched_off(home: Home) -> None:
    home.listener.environment["PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED"] = "false"
    home.serve()
    home.listener.environment |= {"PREFECT_API_URL": home.api, "COLUMNS": "300"}

    checked = home.listener.run("doctor")
    _, said = home.end()

    assert "The scheduler of the Prefect server is switched off" in checked.out
    assert "Warning: The scheduler of the Prefect server is switched off" in said
    assert checked.status == 0
