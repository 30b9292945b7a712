"""What `plexbayes serve` offers in the Prefect UI; prefect.yaml says the same."""

from dataclasses import dataclass, field
from typing import Any, cast

from prefect import Flow
from prefect.client.schemas.objects import (
    ConcurrencyLimitConfig,
    ConcurrencyLimitStrategy,
)
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron

from flows.infer import infer
from flows.maintain import rank, recover, undo, verify


@dataclass(frozen=True)
class Offer:
    """A flow as people find it in the UI."""

    name: str
    flow: Flow[..., Any]
    description: str
    parameters: dict[str, Any] = field(default_factory=dict)
    cron: str = ""
    """When, if its schedule is switched on; it is shipped switched off."""


OFFERS = (
    Offer(
        "infer",
        infer,
        "Infer ratings. A dry run by default: untick it to write. A second run waits.",
        {"dry_run": True},
    ),
    Offer(
        "weekly-up",
        infer,
        "Take your new ratings in: albums and artists, live. A second run waits.",
        {"phases": "1-2", "dry_run": False},
        cron="30 3 * * 1",
    ),
    Offer(
        "monthly-full",
        infer,
        "All four phases, live. A second run waits.",
        {"phases": "1-4", "dry_run": False},
        cron="30 3 1 * *",
    ),
    Offer("verify", verify, "Is the record in sync with Plex? Changes nothing."),
    Offer(
        "undo",
        undo,
        "Take inferred ratings back. A dry run by default. A second run waits.",
        {"dry_run": True},
    ),
    Offer("rank", rank, "Your best and worst artists, or albums."),
    Offer(
        "recover",
        recover,
        "Rebuild a lost record from the tag. A dry run by default. A second run waits.",
        {"dry_run": True},
    ),
)

ONE_AT_A_TIME = ConcurrencyLimitConfig(
    limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE
)
"""A second run of the same deployment waits for the first."""


def deployments(timezone: str) -> list[RunnerDeployment]:
    """Return all offers for a process that serves them itself."""
    return [_deployment(offer, timezone) for offer in OFFERS]


def _deployment(offer: Offer, timezone: str) -> RunnerDeployment:
    # Outside a coroutine it is made at once, never an awaitable.
    return cast(
        "RunnerDeployment",
        offer.flow.to_deployment(
            name=offer.name,
            description=offer.description,
            parameters=offer.parameters,
            tags=["plexbayes"],
            concurrency_limit=ONE_AT_A_TIME,
            schedule=Cron(offer.cron, timezone, active=False) if offer.cron else None,
        ),
    )
