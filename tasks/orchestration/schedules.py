"""Schedules are the user's: what the Prefect server has of them stays as it is."""

import time
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import DeploymentSchedule, FlowRun, State
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.settings import get_current_settings
from prefect.states import Crashed

from engine.errors import ServerTaken

PAGE = 200
"""Most flow runs that Prefect lists at once."""

MAX_MISSED = 10
"""Most missed times of a schedule that are looked at; one run is made up."""

MIN_GAP = 15.0
"""Seconds without a poll after which nobody runs the deployments, at the least."""

EARLIEST = datetime.min.replace(tzinfo=UTC)


def find_deployment(
    client: SyncPrefectClient, full_name: str
) -> DeploymentResponse | None:
    """Return a deployment by flow and name, such as `infer/verify`, if it exists."""
    try:
        return client.read_deployment_by_name(full_name)
    except ObjectNotFound:
        return None


def valid_parameters(
    stored: dict[str, Any], known: Collection[str]
) -> tuple[dict[str, Any], list[str]]:
    """Return the stored parameters that a flow takes today, and what was changed.

    Args:
        stored: Parameters as some version of this program stored them.
        known: The names of the flow's parameters.

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

    Args:
        client: Of the Prefect server; the schedules are repaired there.
        deployment: Repaired here, with its schedules.
        known: The names of the flow's parameters.
    """
    deployment.parameters, changes = valid_parameters(deployment.parameters, known)
    if changes:
        yield f"The defaults of {deployment.name} were updated: {', '.join(changes)}."
    for schedule in deployment.schedules:
        parameters, changes = valid_parameters(schedule.parameters, known)
        if changes:
            schedule.parameters = parameters
            client.update_deployment_schedule(
                deployment.id, schedule.id, parameters=parameters
            )
            yield f"A schedule of {deployment.name} was updated: {', '.join(changes)}."


def copy_of(schedule: DeploymentSchedule) -> DeploymentScheduleCreate:
    """Return a schedule for another deployment."""
    return DeploymentScheduleCreate(
        schedule=schedule.schedule,
        active=schedule.active,
        parameters=schedule.parameters,
        slug=schedule.slug,
    )


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


def crash_lost_runs(
    client: SyncPrefectClient, deployments: list[UUID]
) -> Iterator[str]:
    """Mark runs as crashed whose process was killed: later ones would wait for them.

    Args:
        client: Of the Prefect server.
        deployments: Nobody may be running them.

    Yields:
        Which run it was.
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
    waiting = _may_be_made_up(deployment, former) if make_up else {}
    for run in _late_runs(client, deployment.id, now):
        due = run.expected_start_time or now
        schedule, since = waiting.pop(_scheduled_by(run), (None, now))
        if schedule is None or due < since:
            client.delete_flow_run(run.id)
            continue
        parameters = deployment.parameters | schedule.parameters
        client.update_flow_run(run.id, parameters=parameters)
        yield (
            f"{deployment.name} was due on {due:%Y-%m-%d at %H:%M} UTC, while "
            "nothing was running; it runs now."
        )


def _may_be_made_up(
    deployment: DeploymentResponse, former: DeploymentResponse
) -> dict[UUID | None, tuple[DeploymentSchedule | None, datetime]]:
    """Return the active schedules by id, each with the time of its last change."""
    if deployment.paused:
        return {}
    changed = {schedule.id: schedule.updated for schedule in former.schedules}
    return {
        schedule.id: (schedule, changed.get(schedule.id) or EARLIEST)
        for schedule in deployment.schedules
        if schedule.active
    }


def _scheduled_by(run: FlowRun) -> UUID | None:
    return run.created_by.id if run.created_by else None


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
    client.request(
        "POST",
        "/deployments/{id}/schedule",
        path_params={"id": deployment},
        json=window,
    )


def _late_runs(
    client: SyncPrefectClient, deployment: UUID, now: datetime
) -> list[FlowRun]:
    """Return all scheduled runs that should have begun, the latest first."""
    wanted = FlowRunFilter.model_validate(
        {
            "deployment_id": {"any_": [deployment]},
            "state": {"type": {"any_": ["SCHEDULED"]}},
            "expected_start_time": {"before_": now},
        }
    )
    found: list[FlowRun] = []
    while len(found) % PAGE == 0:
        page = client.read_flow_runs(
            flow_run_filter=wanted,
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
            limit=PAGE,
            offset=len(found),
        )
        found += page
        if not page:
            break
    return [run for run in found if run.auto_scheduled and run.run_count == 0]
