"""Is the scheduler of a Prefect server alive? Without it, no schedule starts a run."""

from datetime import datetime, timedelta
from http import HTTPStatus

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import RRuleSchedule
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings.models.server.services import ServerServicesSchedulerSettings

GRACE = timedelta(seconds=10)
"""What the scheduler may take beside the time between two rounds of its own."""

HIDDEN = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
"""What a server answers that does not show its settings."""


def scheduler_problem(client: SyncPrefectClient, now: datetime) -> str:
    """Say why schedules will not start runs; empty if nothing is known against it.

    A scheduler that is switched off is known at once; one that does not work,
    by an active schedule for which it plans no runs.
    """
    scheduler = _settings(client)
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


def _settings(client: SyncPrefectClient) -> ServerServicesSchedulerSettings:
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
    """Say whether a schedule that was active before some moment has no runs ahead."""
    if deployment.paused or _is_younger(deployment.updated, before):
        return False
    expected = {
        schedule.id
        for schedule in deployment.schedules
        if schedule.active
        and not isinstance(schedule.schedule, RRuleSchedule)  # it may have ended
        and not _is_younger(schedule.updated, before)
    }
    if not expected:
        return False
    ahead = client.read_flow_runs(flow_run_filter=_ahead(deployment, now))
    return not expected <= {run.created_by.id for run in ahead if run.created_by}


def _is_younger(changed: datetime | None, before: datetime) -> bool:
    return changed is None or changed > before


def _ahead(deployment: DeploymentResponse, now: datetime) -> FlowRunFilter:
    return FlowRunFilter.model_validate(
        {
            "deployment_id": {"any_": [deployment.id]},
            "state": {"type": {"any_": ["SCHEDULED"]}},
            "expected_start_time": {"after_": now},
        }
    )
