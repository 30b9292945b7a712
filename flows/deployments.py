"""What prefect.yaml offers in the Prefect UI, and the process that runs it."""

import asyncio
import contextvars
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
import yaml
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import (
    ConcurrencyLimitConfig,
    ConcurrencyLimitStrategy,
)
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound, ParameterTypeError
from prefect.runner import Runner
from pydantic import ValidationError

from engine.errors import ServerMissing
from flows.approval import infer_with_approval
from flows.infer import infer
from flows.maintenance import rank, recover, undo, verify
from flows.reports.terminal import notify
from tasks.orchestration.retention import DEPLOYMENT_TAG
from tasks.orchestration.schedules import (
    catch_up,
    crash_lost_runs,
    refuse_if_served,
    repair,
    scheduler_problem,
)

CHECK_EVERY = 60.0
"""Seconds between two looks at the server's scheduler."""

FLOWS = {
    flow.name: flow
    for flow in (infer, infer_with_approval, verify, undo, rank, recover)
}

ONE_AT_A_TIME = ConcurrencyLimitConfig(
    limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE
)
"""A second run of the same deployment waits for the first."""


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


def read_offers() -> tuple[Offer, ...]:
    """Read from prefect.yaml what is offered.

    It is in the project, or inside the installed package. In the project, the one
    inside is a link, and not every system has such.
    """
    project = Path(__file__).parents[1]
    is_project = (project / "pyproject.toml").exists()
    folder = project if is_project else Path(__file__).parent
    document = yaml.safe_load((folder / "prefect.yaml").read_text("utf-8"))
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


OFFERS = read_offers()


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

    def find(offer: Offer, name: str) -> DeploymentResponse | None:
        with suppress(ObjectNotFound):
            return client.read_deployment_by_name(f"{offer.flow.name}/{name}")
        return None

    return {
        offer.name: Stored(
            find(offer, offer.name),
            find(offer, offer.former_name) if offer.former_name else None,
        )
        for offer in OFFERS
    }


def register(
    runner: Runner, client: SyncPrefectClient, timezone: str, *, make_up: bool
) -> Iterator[str]:
    """Offer everything through a runner; schedules stay as the server has them.

    The runner must not have been started yet. Yields what a person should know about
    their schedules.
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
        # What `Runner.add_flow` does; that one takes no deployment made by others.
        # Prefect would load the flow from its file, with the working folder first on
        # the path: a tasks.py lying there would be executed in place of ours.
        runner._deployment_registry.register_flow(registered, offer.flow)  # noqa: SLF001
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
        copied = {"schedule", "active", "parameters", "slug"}
        return [
            DeploymentScheduleCreate(**{name: getattr(one, name) for name in copied})
            for one in found.former.schedules
        ]
    if not offer.cron:
        return []
    when = CronSchedule(cron=offer.cron, timezone=timezone)
    return [DeploymentScheduleCreate(schedule=when, active=False)]


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
    deployment = cast(  # outside a coroutine it is made at once, never an awaitable
        "RunnerDeployment",
        offer.flow.to_deployment(
            name=offer.name,
            description=offer.description,
            parameters=default_parameters(offer, found.latest),
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


def run_offers(timezone: str, *, make_up: bool) -> None:
    """Offer everything on the configured Prefect server, and run it until Ctrl-C.

    Args:
        timezone: Of the schedules that are shipped.
        make_up: Whether a run that came due while nothing ran is made up.

    Raises:
        ServerTaken: Somebody else runs the same.
        ServerMissing: The server does not do what it should.
    """
    # Left alone, the runner would pause everything when it ends.
    runner = Runner(limit=1, pause_on_shutdown=False)
    try:
        with get_client(sync_client=True) as client:
            for sentence in register(runner, client, timezone, make_up=make_up):
                notify(sentence)
    except httpx.HTTPError as error:
        raise ServerMissing(
            f"The Prefect server did not take the deployments ({error})."
        ) from None
    address = str(client.api_url).rstrip("/").removesuffix("/api")
    notify(f"Open {address} in a browser. Ctrl-C ends it all.")
    ended = threading.Event()
    watch = contextvars.copy_context().run  # which server it is
    threading.Thread(target=watch, args=[_watch_scheduler, ended], daemon=True).start()
    try:
        # Ctrl-C as SIGTERM: the run at hand is cancelled before the server goes.
        signal.signal(signal.SIGINT, runner.handle_sigterm)
        asyncio.run(runner.start())
    finally:
        ended.set()


def _watch_scheduler(ended: threading.Event) -> None:
    """Warn, until something is over, if schedules would not start runs."""
    said = ""
    with get_client(sync_client=True) as client:
        while not ended.is_set():
            with suppress(httpx.HTTPError):  # runs report that themselves
                problem = scheduler_problem(client, datetime.now(UTC))
                if problem and problem != said:
                    notify(f"Warning: {problem}")
                said = problem
            ended.wait(CHECK_EVERY)
