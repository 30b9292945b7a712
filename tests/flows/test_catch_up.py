"""What came due while nothing ran is made up once, with parameters of today."""

import atexit
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import (
    DeploymentScheduleCreate,
    DeploymentUpdate,
)
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.runner import Runner
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Completed, Running

from flows import deploy_step
from flows.deploy_step import prepare_deploy
from flows.deployments import register
from tasks.orchestration.schedules import (
    catch_up,
    crash_lost_runs,
    repair,
    scheduler_problem,
)

HOURLY = CronSchedule(cron="0 * * * *", timezone="Europe/Berlin")
QUARTERLY = IntervalSchedule(interval=timedelta(minutes=15))

UNSCHEDULED = {
    name: [] for name in ("infer-with-approval", "verify", "undo", "rank", "recover")
}
"""What is offered without a schedule."""


@pytest.fixture
def client(prefect_api: str) -> Iterator[SyncPrefectClient]:
    """Speak to a Prefect server that schedules nothing by itself."""
    with (
        temporary_settings({PREFECT_API_URL: prefect_api}),
        get_client(sync_client=True) as client,
    ):
        yield client
        for deployment in client.read_deployments():
            client.delete_deployment(deployment.id)


def deploy(
    client: SyncPrefectClient, *schedules: DeploymentScheduleCreate, **fields: Any
) -> DeploymentResponse:
    """Create a deployment that was last polled three and a half hours ago."""
    flow = client.create_flow_from_name("infer")
    name = f"of-{datetime.now(UTC).timestamp()}"
    created = client.create_deployment(flow, name, schedules=list(schedules), **fields)
    deployment = client.read_deployment(created)
    for schedule in deployment.schedules:
        schedule.updated = None
    deployment.last_polled = datetime.now(UTC) - timedelta(hours=3.5)
    return deployment


def on(schedule: Any, **fields: Any) -> DeploymentScheduleCreate:
    return DeploymentScheduleCreate(schedule=schedule, **fields)


def scheduled(client: SyncPrefectClient, deployment: DeploymentResponse) -> list[Any]:
    """Return all runs of a deployment."""
    runs: list[FlowRun] = client.read_flow_runs()
    return [run for run in runs if run.deployment_id == deployment.id]


def test_of_all_missed_runs_each_active_schedule_gets_one(client):
    off = on(HOURLY, active=False)
    deployment = deploy(client, on(HOURLY), on(QUARTERLY), off)

    said = list(catch_up(client, deployment, deployment, make_up=True))
    again = list(catch_up(client, deployment, deployment, make_up=True))

    runs = scheduled(client, deployment)
    active = {one.id for one in deployment.schedules if one.active}
    assert {run.created_by.id for run in runs} == active
    assert len(runs) == len(said) == len(again) == 2
    assert all("while nothing was running; it runs now" in line for line in said)


def test_a_run_that_was_begun_in_time_is_not_made_up(client):
    deployment = deploy(client, on(HOURLY))
    list(catch_up(client, deployment, deployment, make_up=True))
    begun = scheduled(client, deployment)[0]
    for state in (Running(), Completed()):
        client.set_flow_run_state(begun.id, state, force=True)
    since = deployment.model_copy(update={"last_polled": begun.expected_start_time})

    said = list(catch_up(client, deployment, since, make_up=True))

    assert said == []
    assert [run.id for run in scheduled(client, deployment)] == [begun.id]


@pytest.mark.parametrize(("paused", "make_up"), [(False, False), (True, True)])
def test_with_catch_up_off_or_a_pause_nothing_is_made_up_and_nothing_runs_late(
    client, paused, make_up
):
    deployment = deploy(client, on(HOURLY), on(QUARTERLY), paused=paused)

    said = list(catch_up(client, deployment, deployment, make_up=make_up))

    assert said == scheduled(client, deployment) == []


def test_what_was_due_before_its_schedule_was_switched_on_is_not_made_up(client):
    deployment = deploy(client, on(HOURLY))
    deployment.schedules[0].updated = datetime.now(UTC)

    said = list(catch_up(client, deployment, deployment, make_up=True))

    assert said == scheduled(client, deployment) == []


def test_a_late_run_is_made_up_with_the_parameters_of_today(client):
    stored = {"phases": "2", "dry_run": None, "gone": 1}
    fields = {"parameters": {"dry_run": False, "letters": "P"}}
    deployment = deploy(client, on(HOURLY, parameters=stored), **fields)
    list(catch_up(client, deployment, deployment, make_up=True))

    known = {"phases", "dry_run", "letters"}
    said = list(repair(client, deployment, known))
    said_again = list(repair(client, client.read_deployment(deployment.id), known))
    list(catch_up(client, deployment, deployment, make_up=True))

    kept = client.read_deployment(deployment.id).schedules[0]
    (run,) = scheduled(client, deployment)
    assert kept.active
    assert kept.parameters == {"phases": "2", "dry_run": True}
    assert run.parameters == {"phases": "2", "dry_run": True, "letters": "P"}
    assert "gone no longer exists, dry_run had no value and is now on" in said[0]
    assert said_again == []


def test_a_run_whose_process_was_killed_is_marked_as_crashed(client):
    deployment = deploy(client, on(HOURLY))
    list(catch_up(client, deployment, deployment, make_up=True))
    lost = scheduled(client, deployment)[0]
    client.set_flow_run_state(lost.id, Running(), force=True)

    said = list(crash_lost_runs(client, [deployment.id]))

    assert client.read_flow_run(lost.id).state_name == "Crashed"
    assert lost.name in said[0]


def schedules(client: SyncPrefectClient) -> dict[str, list[tuple[Any, ...]]]:
    """Return what a person sees of the schedules of every deployment."""
    return {
        offer.name: sorted(
            [(one.schedule, one.active, one.parameters) for one in offer.schedules],
            key=str,
        )
        for offer in client.read_deployments()
    }


def test_an_older_database_is_upgraded_and_its_schedules_are_kept(client):
    flow = client.create_flow_from_name("infer")
    stale = on(HOURLY, parameters={"dry_run": None, "gone": 1})
    stored = {
        "infer": [stale],
        "weekly-up": [stale, on(QUARTERLY)],
        "monthly-full": [on(HOURLY, active=False)],
    }
    for name, own in stored.items():  # version 0.1.0 paused all when it ended
        client.create_deployment(flow, name, schedules=own, paused=True)

    said, said_again = (
        "\n".join(register(Runner(limit=1), client, "UTC", make_up=True))
        for _ in range(2)
    )

    found = schedules(client)
    repaired = (HOURLY, True, {"dry_run": True})
    assert found.pop("infer") == [repaired]
    assert found.pop("weekly-up-live") == [repaired, (QUARTERLY, True, {})]
    assert found.pop("monthly-full-live") == [(HOURLY, False, {})]
    assert found == UNSCHEDULED
    assert not any(deployment.paused for deployment in client.read_deployments())
    assert said.count("gone no longer exists, dry_run had no value and is now on") == 2
    assert "weekly-up is now weekly-up-live; its schedules were taken over." in said
    assert said_again == ""


@pytest.fixture
def at_exit(monkeypatch) -> list[Any]:
    """Begin to deploy; return the calls that are made when that process ends."""
    calls: list[Any] = []
    monkeypatch.setattr(deploy_step, "_PAUSED", set())
    monkeypatch.setattr(deploy_step, "_DEFAULTS", {})
    monkeypatch.setattr(atexit, "register", lambda *call: calls.append(call))
    return calls


def test_a_deploy_gives_new_deployments_alone_their_schedules_switched_off(
    client, at_exit
):
    flow = client.create_flow_from_name("infer")
    mine = [on(HOURLY, parameters={"dry_run": None, "gone": 1}, slug="mine")]
    client.create_deployment(flow, "infer", schedules=mine, paused=True)
    client.create_deployment(flow, "weekly-up", schedules=[on(QUARTERLY)])

    prepare_deploy("Asia/Tokyo")
    seen = schedules(client)
    first = {one.name: one for one in client.read_deployments()}
    prepare_deploy("Asia/Tokyo")
    seen_again = schedules(client)
    client.resume_deployment(first["infer"].id)  # as `prefect deploy` does
    [(run, work)] = at_exit
    run(work)

    assert seen_again == seen
    monthly = CronSchedule(cron="30 3 1 * *", timezone="Asia/Tokyo")
    assert seen.pop("infer") == [(HOURLY, True, {"dry_run": True})]
    assert seen.pop("weekly-up-live") == [(QUARTERLY, True, {})]
    assert seen.pop("monthly-full-live") == [(monthly, False, {})]
    assert seen == UNSCHEDULED
    assert {name for name, one in first.items() if one.paused} == {"infer"}
    assert client.read_deployment(first["infer"].id).paused


def test_a_deploy_leaves_the_default_parameters_as_a_person_set_them(
    client, at_exit, capsys
):
    def parameters() -> dict[str, Any]:
        return {one.name: one.parameters for one in client.read_deployments()}

    flow = client.create_flow_from_name("infer")
    mine = {"letters": "P", "dry_run": None, "gone": 1}
    client.create_deployment(flow, "infer", parameters=mine)
    client.create_deployment(flow, "weekly-up", parameters={"dry_run": True})

    for name in ("infer", "weekly-up-live", "rank"):
        prepare_deploy()
        deployed = next(one for one in client.read_deployments() if one.name == name)
        of_the_file = DeploymentUpdate(parameters={"config": "another"})
        client.update_deployment(deployed.id, of_the_file)  # as `prefect deploy` does
    in_between = parameters()
    [(run, work)] = at_exit
    run(work)

    kept = {"letters": "P", "dry_run": True}
    assert in_between["infer"] == kept
    assert in_between["rank"] == {"config": "another"}
    assert parameters() == in_between | {"weekly-up-live": {"dry_run": True}}
    assert capsys.readouterr().err.count("The defaults of infer were updated") == 1


def test_an_active_schedule_without_runs_ahead_shows_that_the_scheduler_is_dead(client):
    deployment = deploy(client, on(HOURLY), on(QUARTERLY, active=False))
    now = datetime.now(UTC)

    at_once = scheduler_problem(client, now)
    later = scheduler_problem(client, now + timedelta(minutes=3))

    assert at_once == ""
    assert f"no run for the active schedule of {deployment.name}" in later
