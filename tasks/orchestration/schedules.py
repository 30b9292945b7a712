"""Schedules are the user's: what the Prefect server has of them stays as it is."""

import time
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import DeploymentSchedule, FlowRun, State
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import RRuleSchedule
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import get_current_settings
from prefect.settings.models.server.services import ServerServicesSchedulerSettings
from prefect.states import Crashed

from engine.errors import ServerTaken

PAGE = 200
"""Most flow runs that Prefect lists at once."""

MAX_MISSED = 10
"""Most missed times of a schedule that are looked at; one run is made up."""

MIN_GAP = 15.0
"""Seconds without a poll after which nobody runs the deployments, at the least."""

EARLIEST = datetime.min.replace(tzinfo=UTC)

GRACE = timedelta(seconds=10)
"""What the scheduler may take beside the time between two rounds of its own."""

HIDDEN = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
"""What a server answers that does not show its settings."""


def valid_parameters(
    stored: dict[str, Any], known: Collection[str]
) -> tuple[dict[str, Any], list[str]]:
    """Return the stored parameters that a flow takes today, and what was changed.

    >>> valid_parameters({"dry_run": None, "gone": 1}, ["dry_run", "phases"])
    ({'dry_run': True}, ['gone no longer exists', 'dry_run had no value and is now on'])
    """
    kept = {name: value for name, value in stored.items() if name in known}
    changes = [f"{name} no longer exists" for name in sorted(stored.keys() - kept)]
    if kept.get("dry_run", True) is None:
        kept["dry_run"] = True
        changes.append("dry_run had no value and is now on")
    return kept, changes


def repair(
    client: SyncPrefectClient, deployment: DeploymentResponse, known: Collection[str]
) -> Iterator[str]:
    """Repair stored parameters that the flow no longer takes; yield what was changed.

    The schedules are repaired on the server, too.
    """
    deployment.parameters, changes = valid_parameters(deployment.parameters, known)
    if changes:
        yield f"The defaults of {deployment.name} were updated: {', '.join(changes)}."
    for schedule in deployment.schedules:
        schedule.parameters, changes = valid_parameters(schedule.parameters, known)
        if changes:
            client.update_deployment_schedule(
                deployment.id, schedule.id, parameters=schedule.parameters
            )
            yield f"A schedule of {deployment.name} was updated: {', '.join(changes)}."


def refuse_if_served(client: SyncPrefectClient, deployments: list[UUID]) -> None:
    """Make sure that nobody else runs these deployments.

    Whoever does asks for their runs every few seconds, which the server notes.

    Raises:
        ServerTaken: Somebody does.
    """
    if not deployments:
        return
    gap = max(MIN_GAP, 2 * get_current_settings().runner.poll_frequency)
    before, age = _last_poll(client, deployments)
    while before and age < gap:
        time.sleep(1)
        latest, age = _last_poll(client, deployments)
        if latest != before:
            raise ServerTaken(
                "Another `plexbayes serve` or a worker already runs plexbayes from the "
                f"Prefect server at {client.api_url}. End that one first."
            )


def _last_poll(client: SyncPrefectClient, deployments: list[UUID]) -> tuple[str, float]:
    """Return when somebody last asked for runs, and how many seconds ago that was."""
    wanted = {"deployments": {"id": {"any_": [str(one) for one in deployments]}}}
    answer = client.request("POST", "/deployments/filter", json=wanted)
    latest = max((found["last_polled"] or "" for found in answer.json()), default="")
    if not latest:
        return "", 0.0
    # By the server's own clock: ours may differ from it.
    now = parsedate_to_datetime(answer.headers["date"])
    return latest, (now - datetime.fromisoformat(latest)).total_seconds()


def crash_lost_runs(
    client: SyncPrefectClient, deployments: list[UUID]
) -> Iterator[str]:
    """Mark runs as crashed whose process was killed: later ones would wait for them.

    Nobody may be running the deployments. Yields which run it was.
    """
    wanted = {
        "deployment_id": {"any_": deployments},
        "state": {"type": {"any_": ["PENDING", "RUNNING", "CANCELLING"]}},
    }
    lost = FlowRunFilter.model_validate(wanted)
    for run in client.read_flow_runs(flow_run_filter=lost):
        state: State[None] = Crashed(message="Its process was killed. Retry goes on.")
        client.set_flow_run_state(run.id, state, force=True)
        yield f"The run {run.name!r} was killed; Retry in the UI goes on with it."


def catch_up(
    client: SyncPrefectClient,
    deployment: DeploymentResponse,
    former: DeploymentResponse,
    *,
    make_up: bool,
) -> Iterator[str]:
    """Of all runs that came due while nothing ran, leave one for each schedule.

    Args:
        client: Of the Prefect server; nothing may run the deployment yet.
        deployment: As it is now.
        former: As it was before this process changed anything.
        make_up: Whether to leave that one run; otherwise none is left.

    Yields:
        What will be made up.
    """
    now = datetime.now(UTC)
    if former.last_polled and not deployment.paused:
        _schedule_missed(client, deployment.id, former.last_polled, now)
    waiting: dict[UUID | None, DeploymentSchedule] = {}
    if make_up and not deployment.paused:
        waiting = {one.id: one for one in deployment.schedules if one.active}
    changed = {schedule.id: schedule.updated for schedule in former.schedules}
    for run in _late_runs(client, deployment.id, now):
        due = run.expected_start_time or now
        by = run.created_by.id if run.created_by else None
        schedule = waiting.pop(by, None)
        if schedule is None or due < (changed.get(schedule.id) or EARLIEST):
            client.delete_flow_run(run.id)
            continue
        parameters = deployment.parameters | schedule.parameters
        client.update_flow_run(run.id, parameters=parameters)
        yield (
            f"{deployment.name} was due on {due:%Y-%m-%d at %H:%M} UTC, while "
            "nothing was running; it runs now."
        )


def _schedule_missed(
    client: SyncPrefectClient, deployment: UUID, since: datetime, until: datetime
) -> None:
    """Have the server schedule what came due; what it has already, stays as it is."""
    window = {
        "start_time": since.isoformat(),
        "end_time": until.isoformat(),
        "min_time": (until - since).total_seconds(),
        "min_runs": MAX_MISSED,
        "max_runs": MAX_MISSED,
    }
    path = {"id": deployment}
    client.request("POST", "/deployments/{id}/schedule", path_params=path, json=window)


def _late_runs(
    client: SyncPrefectClient, deployment: UUID, now: datetime
) -> list[FlowRun]:
    """Return all scheduled runs that should have begun, the latest first."""
    late = _scheduled(deployment, before_=now)
    latest_first = FlowRunSort.EXPECTED_START_TIME_DESC
    found: list[FlowRun] = []
    is_more = True
    while is_more:
        page = client.read_flow_runs(
            flow_run_filter=late, sort=latest_first, limit=PAGE, offset=len(found)
        )
        found += page
        is_more = len(page) == PAGE
    return [run for run in found if run.auto_scheduled and run.run_count == 0]


def _scheduled(deployment: UUID, **when: datetime) -> FlowRunFilter:
    return FlowRunFilter.model_validate(
        {
            "deployment_id": {"any_": [deployment]},
            "state": {"type": {"any_": ["SCHEDULED"]}},
            "expected_start_time": when,
        }
    )


def scheduler_problem(client: SyncPrefectClient, now: datetime) -> str:
    """Say why schedules will not start runs; empty if nothing is known against it.

    A scheduler that is switched off is known at once; one that does not work,
    by an active schedule for which it plans no runs.
    """
    scheduler = _scheduler_settings(client)
    if not scheduler.enabled:
        return (
            "The scheduler of the Prefect server is switched off, so schedules start "
            "no runs: unset PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED there."
        )
    rounds = timedelta(seconds=2 * scheduler.loop_seconds) + GRACE
    for deployment in client.read_deployments():
        if _is_neglected(client, deployment, now - rounds, now):
            return (
                "The scheduler of the Prefect server does not work: it plans no run "
                f"for the active schedule of {deployment.name}. Restart the server, "
                "with its services."
            )
    return ""


def _scheduler_settings(client: SyncPrefectClient) -> ServerServicesSchedulerSettings:
    """Return the scheduler's settings; the defaults if the server hides its own."""
    try:
        shown = client.request("GET", "/admin/settings").json()
    except PrefectHTTPStatusError as error:
        if error.response.status_code not in HIDDEN:
            raise
        return ServerServicesSchedulerSettings()
    services = shown["server"]["services"]
    return ServerServicesSchedulerSettings.model_validate(services["scheduler"])


def _is_neglected(
    client: SyncPrefectClient,
    deployment: DeploymentResponse,
    before: datetime,
    now: datetime,
) -> bool:
    """Return whether a schedule that was active before then has no runs ahead."""

    def is_older(changed: datetime | None) -> bool:
        return changed is not None and changed <= before

    if deployment.paused or not is_older(deployment.updated):
        return False
    expected = {
        schedule.id
        for schedule in deployment.schedules
        if schedule.active
        and not isinstance(schedule.schedule, RRuleSchedule)  # it may have ended
        and is_older(schedule.updated)
    }
    if not expected:
        return False
    ahead = _scheduled(deployment.id, after_=now)
    runs = client.read_flow_runs(flow_run_filter=ahead)
    return not expected <= {run.created_by.id for run in runs if run.created_by}
