"""What prefect.yaml offers in the Prefect UI, and what a server has of it."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import yaml
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import (
    ConcurrencyLimitConfig,
    ConcurrencyLimitStrategy,
)
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ParameterTypeError
from prefect.runner import Runner
from pydantic import ValidationError

from flows.infer import infer
from flows.maintenance import rank, recover, undo, verify
from tasks.orchestration.retention import DEPLOYMENT_TAG
from tasks.orchestration.schedules import (
    catch_up,
    copy_of,
    crash_lost_runs,
    find_deployment,
    refuse_if_served,
    repair,
)


def run_from_memory(runner: Runner, deployment_id: UUID, flow: Flow[..., Any]) -> None:
    """Let the runs of a deployment use a flow that was imported already.

    Prefect would load it from its file, with the working folder first on the path:
    a tasks.py lying there would be executed in place of ours.

    Args:
        runner: It must not have been started yet.
        deployment_id: A deployment that was added to the runner.
        flow: What its runs execute.
    """
    # What `Runner.add_flow` does; that one takes no deployment made by others.
    runner._deployment_registry.register_flow(deployment_id, flow)  # noqa: SLF001


@dataclass(frozen=True)
class Offer:
    """A flow as people find it in the UI."""

    name: str
    flow: Flow[..., Any]
    description: str
    parameters: dict[str, Any] = field(default_factory=dict)
    cron: str = ""
    """When, if its schedule is switched on; it is shipped switched off."""
    former_name: str = ""
    """What an earlier version called it; its schedules are taken over."""

    @property
    def known(self) -> set[str]:
        """The names of its parameters."""
        return set(self.flow.parameters.properties)

    def shipped(self, timezone: str) -> list[DeploymentScheduleCreate]:
        """Return the schedules that a new deployment gets, switched off."""
        if not self.cron:
            return []
        when = CronSchedule(cron=self.cron, timezone=timezone)
        return [DeploymentScheduleCreate(schedule=when, active=False)]


FLOWS = {flow.name: flow for flow in (infer, verify, undo, rank, recover)}


def read_offers() -> tuple[Offer, ...]:
    """Read from prefect.yaml what is offered."""
    document = yaml.safe_load(_prefect_yaml().read_text("utf-8"))
    shipped = document["definitions"]["shipped"]
    return tuple(
        Offer(
            entry["name"],
            FLOWS[entry["entrypoint"].rpartition(":")[2]],
            entry.get("description", ""),
            entry.get("parameters", {}),
            **shipped.get(entry["name"], {}),
        )
        for entry in document["deployments"]
        if entry["entrypoint"].rpartition(":")[2] in FLOWS  # others are somebody's own
    )


def _prefect_yaml() -> Path:
    """Return where prefect.yaml is: in the project, or inside the installed package.

    In the project, the one inside is a link, and not every system has such.
    """
    project = Path(__file__).parents[1]
    is_project = (project / "pyproject.toml").exists()
    return (project if is_project else Path(__file__).parent) / "prefect.yaml"


OFFERS = read_offers()

ONE_AT_A_TIME = ConcurrencyLimitConfig(
    limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE
)
"""A second run of the same deployment waits for the first."""


@dataclass(frozen=True)
class Stored:
    """What a Prefect server has of an offer."""

    own: DeploymentResponse | None
    former: DeploymentResponse | None
    """Under its former name."""

    @property
    def latest(self) -> DeploymentResponse | None:
        """Whichever there is."""
        return self.own or self.former


def read_stored(client: SyncPrefectClient) -> dict[str, Stored]:
    """Return what a server has of each offer, by the offer's name."""
    return {
        offer.name: Stored(
            find_deployment(client, f"{offer.flow.name}/{offer.name}"),
            find_deployment(client, f"{offer.flow.name}/{offer.former_name}")
            if offer.former_name
            else None,
        )
        for offer in OFFERS
    }


def register(
    runner: Runner, client: SyncPrefectClient, timezone: str, *, make_up: bool
) -> Iterator[str]:
    """Offer everything through a runner; schedules stay as the server has them.

    Args:
        runner: It must not have been started yet.
        client: Of the same server.
        timezone: Of the schedules that are shipped.
        make_up: Whether a run that was missed is made up.

    Yields:
        What a person should know about their schedules.
    """
    stored = read_stored(client)
    known = [found.latest.id for found in stored.values() if found.latest]
    refuse_if_served(client, known)
    yield from crash_lost_runs(client, known)
    # An earlier version paused everything whenever it ended.
    was_paused_by_us = any(found.former for found in stored.values())
    for offer in OFFERS:
        found = stored[offer.name]
        if found.latest:
            yield from repair(client, found.latest, offer.known)
        deployment = _deployment(offer, found, timezone)
        deployment.paused = bool(
            found.own and found.own.paused and not was_paused_by_us
        )
        registered = cast("UUID", runner.add_deployment(deployment))
        run_from_memory(runner, registered, offer.flow)
        if found.latest:
            now = client.read_deployment(registered)
            yield from catch_up(client, now, found.latest, make_up=make_up)
    yield from retire(client, stored)


def retire(client: SyncPrefectClient, stored: dict[str, Stored]) -> Iterator[str]:
    """Delete what has been registered under a new name."""
    for name, found in stored.items():
        if found.former:
            client.delete_deployment(found.former.id)
            yield f"{found.former.name} is now {name}; its schedules were taken over."


def new_schedules(
    offer: Offer, found: Stored, timezone: str
) -> list[DeploymentScheduleCreate]:
    """Return the schedules of a new deployment: those of its former name, if any."""
    if found.former:
        return [copy_of(schedule) for schedule in found.former.schedules]
    return offer.shipped(timezone)


def default_parameters(
    offer: Offer, latest: DeploymentResponse | None
) -> dict[str, Any]:
    """Return the defaults as the server has them, if the flow still takes them."""
    if latest:
        with suppress(ParameterTypeError, ValidationError):
            offer.flow.validate_parameters(latest.parameters)
            return latest.parameters
    return offer.parameters


def _deployment(offer: Offer, found: Stored, timezone: str) -> RunnerDeployment:
    latest = found.latest
    deployment = cast(  # outside a coroutine it is made at once, never an awaitable
        "RunnerDeployment",
        offer.flow.to_deployment(
            name=offer.name,
            description=offer.description,
            parameters=default_parameters(offer, latest),
            tags=[DEPLOYMENT_TAG],
            concurrency_limit=ONE_AT_A_TIME,
            schedules=new_schedules(offer, found, timezone),
        ),
    )
    if found.own:
        # What is not set, not even to nothing, stays as the server has it.
        deployment.schedules = None
        deployment.model_fields_set.discard("schedules")
    return deployment
