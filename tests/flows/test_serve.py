"""`plexbayes serve`: every command in the UI, and never a second one."""

import subprocess
from pathlib import Path
from typing import Any

import yaml
from prefect.events.schemas.automations import AutomationCore

from flows.deployments import OFFERS
from tasks.orchestration.prefect_server import free_port
from tests.flows.listener import COMMAND, SERVED_PATIENCE, Served, ratings
from tests.simulator.process import Simulator

NIGHTLY = {"cron": "15 4 * * *", "timezone": "Europe/Berlin", "day_or": True}


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
    runs = [rehearsal, live, *ended, undone]
    theirs = {"flow_run_id": {"any_": [run["id"] for run in runs]}}
    artifacts = served.post("/artifacts/filter", {"artifacts": theirs})

    count = offers["rank"]["parameter_openapi_schema"]["properties"]["count"]
    assert (count["minimum"], count["default"]) == (1, 10)
    assert refused == {0: True, -1: True}
    form = offers["infer"]["parameter_openapi_schema"]["properties"]
    schedules = [s for offer in offers.values() for s in offer["schedules"]]
    assert {run["state_type"] for run in runs} == {"COMPLETED"}
    assert untouched == before
    assert "dry" in rehearsal["name"]
    assert "phases 1-2" in live["name"]
    assert {"report", "verify", "rank", "undo"} <= {a["key"] for a in artifacts}
    assert all("description" in field for field in form.values())
    for name in ("infer", "undo", "recover"):  # a yes or no that begins with yes
        dry_run = offers[name]["parameter_openapi_schema"]["properties"]["dry_run"]
        assert (dry_run["type"], dry_run["default"]) == ("boolean", True)
    assert [schedule["active"] for schedule in schedules] == [False, False]
    assert ratings(plex.dump()) == ratings(before)


def is_refused(served: Served, offer: dict[str, Any], **parameters: Any) -> bool:
    """Whether the form of a deployment refuses parameters, and starts no run."""
    wanted = {"state": {"type": "SCHEDULED"}, "parameters": parameters}
    path = f"/deployments/{offer['id']}/create_flow_run"
    return 400 <= served.api.post(path, json=wanted).status_code < 500


def test_a_second_serve_is_refused_and_touches_nothing_of_the_first(
    served: Served,
) -> None:
    path = f"/deployments/{served.await_offers()['verify']['id']}/schedules"
    [added] = served.post(path, [{"schedule": NIGHTLY}])
    first = served.await_offers()
    port = served.address.removesuffix("/api").rpartition(":")[2]

    on_its_port = why_refused(served, "--port", port)
    on_its_server = why_refused(served, PREFECT_API_URL=served.address)
    on_its_database = why_refused(served, "--port", str(free_port()))
    after = served.await_offers()
    served.api.delete(f"{path}/{added['id']}").raise_for_status()

    assert f"Port {port} of 127.0.0.1 is already in use" in on_its_port
    for said in (on_its_server, on_its_database):
        assert "Another `plexbayes serve` or a worker already runs plexbayes" in said
    for fact in ("schedules", "paused", "updated"):
        assert {n: o[fact] for n, o in after.items()} == {
            n: o[fact] for n, o in first.items()
        }
    assert not any(offer["paused"] for offer in after.values())


def why_refused(served: Served, *words: str, **environment: str) -> str:
    """Run a second `serve` that is refused; return its one sentence."""
    done = subprocess.run(
        [COMMAND, "serve", *words],
        cwd=served.listener.folder,
        env=served.listener.environment | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SERVED_PATIENCE,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_doctor_and_serve_warn_that_the_scheduler_is_switched_off(
    served: Served,
) -> None:
    environment = {"PREFECT_API_URL": served.address, "COLUMNS": "300"}
    served.listener.environment |= environment

    checked = served.listener.run("doctor")

    assert "The scheduler of the Prefect server is switched off" in checked.out
    assert "Warning: The scheduler of the Prefect server is switched off" in served.said
    assert checked.status == 0


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
