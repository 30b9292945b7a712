"""`plexbayes serve`: runs from the UI, one letter again, and a clean end."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prefect.events.schemas.automations import AutomationCore

from flows.deployments import OFFERS
from tasks.orchestration.prefect_server import free_port
from tests.flows.catching import ids_of
from tests.flows.expecting import inferred
from tests.flows.listener import COMMAND, Listener, ratings
from tests.flows.test_faults import letter, under_one_artist
from tests.simulator.process import Simulator

pytestmark = pytest.mark.system

PATIENCE = 300.0
"""Seconds that a served run may take."""


class Served:
    """A running `plexbayes serve`, used over Prefect's API as the UI does."""

    def __init__(self, listener: Listener, port: int, *words: str) -> None:
        environment = listener.environment | {"PREFECT_RUNNER_POLL_FREQUENCY": "1"}
        environment.pop("PREFECT_API_URL", None)
        self._log = listener.folder / "serve.log"
        # No pipe: a run that survives its killed server would hold it open.
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [COMMAND, "serve", "--port", str(port), *words],
                cwd=listener.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self.api = httpx.Client(base_url=f"http://127.0.0.1:{port}/api", timeout=30)

    def await_offers(self, since: str = "") -> dict[str, dict[str, Any]]:
        """Wait until everything is offered; return the deployments by name.

        Args:
            since: When its predecessor last asked for runs; the server remembers.
        """
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                found = self.api.post("/deployments/filter", json={}).json()
            except httpx.TransportError:
                found = []
            polled = [offer["last_polled"] or "" for offer in found]
            if found and all(moment > since for moment in polled):
                return {offer["name"]: offer for offer in found}
            time.sleep(0.5)
        raise AssertionError("nothing was offered")

    def start(self, offer: dict[str, Any], **parameters: Any) -> str:
        """Start a run as the button of the UI does; return its id."""
        path = f"/deployments/{offer['id']}/create_flow_run"
        wanted = {"state": {"type": "SCHEDULED"}, "parameters": parameters}
        return str(self.post(path, wanted)["id"])

    def run(self, offer: dict[str, Any], **parameters: Any) -> dict[str, Any]:
        """Start a run, and wait for its end."""
        return self.await_end(self.start(offer, **parameters))

    def retry(self, run_id: str) -> dict[str, Any]:
        """Press Retry."""
        state = {"type": "SCHEDULED", "name": "AwaitingRetry"}
        path = f"/flow_runs/{run_id}/set_state"
        self.post(path, {"state": state, "force": False})
        return self.await_end(run_id)

    def post(self, path: str, order: dict[str, Any]) -> dict[str, Any]:
        """Give an order; while its SQLite is locked, Prefect's server answers 503."""
        deadline = time.monotonic() + PATIENCE
        answer = self.api.post(path, json=order)
        while answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            assert time.monotonic() < deadline
            time.sleep(1)
            answer = self.api.post(path, json=order)
        return answer.raise_for_status().json()

    def await_end(self, run_id: str) -> dict[str, Any]:
        """Wait until a run is over."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            run = self.api.get(f"/flow_runs/{run_id}").json()
            if run.get("state_type") in {"COMPLETED", "FAILED", "CANCELLED", "CRASHED"}:
                return run
            time.sleep(0.3)
        raise AssertionError(f"run {run_id} did not end")

    def end(self, signum: int = signal.SIGINT) -> int:
        """Press Ctrl-C, or end it in another way."""
        self.process.send_signal(signum)
        return self.process.wait(PATIENCE)

    @property
    def said(self) -> str:
        """What it has said so far."""
        return self._log.read_text("utf-8")


@pytest.fixture
def served(listener: Listener, prefect_database: Path) -> Iterator[Served]:
    """Serve the listener's library."""
    home = listener.folder / "prefect"
    home.mkdir()
    shutil.copy(prefect_database, home)
    server = Served(listener, free_port())
    yield server
    if server.process.poll() is None:
        server.end()
    server.api.close()


@pytest.mark.long
@pytest.mark.parametrize("plex", [{"synthetic": 400}], indirect=True)
def test_a_failed_letter_is_finished_by_a_retry_and_nothing_is_written_twice(
    plex: Simulator, listener: Listener, served: Served
) -> None:
    before, expected = plex.dump(), inferred(plex)
    failing, keys = under_one_artist(before)
    fault = {"match": {"method": "PUT", "ratingKeys": keys}, "do": "status"}
    plex.faults([fault | {"code": 500}])
    offers = served.await_offers()

    first = served.run(offers["infer"], dry_run=False)
    plex.faults([])
    plex.clear_log()
    second = served.retry(first["id"])

    touched = {k for r in plex.log() if r["writes"] for k in ids_of(r)}
    expected = ratings(before) | expected
    assert (first["state_type"], second["state_type"]) == ("FAILED", "COMPLETED")
    assert f"{failing}: " in first["state"]["message"]
    assert second["run_count"] == 2
    assert {letter(before, key) for key in touched} == {failing}
    assert ratings(plex.dump()) == pytest.approx(expected, abs=0.011)


def test_every_command_is_offered_with_a_form_and_ends_with_a_report(
    plex: Simulator, served: Served
) -> None:
    before = plex.dump()
    offers = served.await_offers()

    rehearsal = served.run(offers["infer"])
    untouched = plex.dump()
    live = served.run(offers["infer"], dry_run=False, phases="1-2", letters="")
    ended = [served.run(offers[name]) for name in ("verify", "rank")]
    undone = served.run(offers["undo"], dry_run=False)
    refused = {n: is_refused(served, offers["rank"], count=n) for n in (0, -1)}
    artifacts = served.api.post("/artifacts/filter", json={}).json()
    status = served.end()

    count = offers["rank"]["parameter_openapi_schema"]["properties"]["count"]
    assert (count["minimum"], count["default"]) == (1, 10)
    assert refused == {0: True, -1: True}
    form = offers["infer"]["parameter_openapi_schema"]["properties"]
    schedules = [s for offer in offers.values() for s in offer["schedules"]]
    runs = [rehearsal, live, *ended, undone]
    assert {run["state_type"] for run in runs} == {"COMPLETED"}
    assert untouched == before
    assert "dry" in rehearsal["name"]
    assert "phases 1-2" in live["name"]
    assert {"report", "verify", "rank", "undo"} <= {a["key"] for a in artifacts}
    assert all("description" in field for field in form.values())
    for name in ("infer", "undo", "recover"):  # a yes or no that begins with yes
        dry_run = offers[name]["parameter_openapi_schema"]["properties"]["dry_run"]
        assert (dry_run["type"], dry_run["default"]) == ("boolean", True)
    assert len(schedules) == 2
    assert not any(schedule["active"] for schedule in schedules)
    assert ratings(plex.dump()) == ratings(before)
    assert status == 0
    with pytest.raises(httpx.TransportError):
        served.api.get("/health")


def is_refused(served: Served, offer: dict[str, Any], **parameters: Any) -> bool:
    """Whether the form of a deployment refuses parameters, and starts no run."""
    wanted = {"state": {"type": "SCHEDULED"}, "parameters": parameters}
    path = f"/deployments/{offer['id']}/create_flow_run"
    return 400 <= served.api.post(path, json=wanted).status_code < 500


def test_a_deployment_says_that_it_is_live_if_a_quick_run_writes() -> None:
    live = {o.name for o in OFFERS if o.parameters.get("dry_run") is False}
    called = {o.name for o in OFFERS if o.name.endswith("-live")}
    described = {o.name for o in OFFERS if "LIVE, Quick run included" in o.description}

    assert live == called == described == {"weekly-up-live", "monthly-full-live"}


def test_the_example_of_an_automation_is_one_that_prefect_accepts() -> None:
    document = Path(__file__).parents[2].joinpath("docs", "notify.yaml").read_text()

    automation = AutomationCore.model_validate(yaml.safe_load(document))

    assert automation.trigger.type == "event"
    assert "prefect.flow-run.Failed" in automation.trigger.expect
