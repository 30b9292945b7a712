"""What has to happen for `prefect deploy` to leave alone what a person changed."""

import atexit
from collections.abc import Iterable
from contextvars import copy_context
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentUpdate

from flows.deployments import (
    OFFERS,
    Stored,
    default_parameters,
    new_schedules,
    read_stored,
    retire,
)
from flows.reports.terminal import notify
from tasks.orchestration.schedules import repair
from tasks.runtime.environment import check_versions

_PAUSED: set[UUID] = set()
"""What was paused when this process began to deploy."""

_DEFAULTS: dict[UUID, dict[str, Any] | None] = {}
"""The default parameters of then; prefect.yaml says those of a new deployment."""


def prepare_deploy(timezone: str = "UTC") -> dict[str, str]:
    """Prepare the server for `prefect deploy`, which leaves all schedules as they are.

    A deployment that is new to the server is made here, with its schedules switched
    off, or with those of its former name. This is a build step of prefect.yaml, and is
    carried out before each deployment.

    Args:
        timezone: Of the schedules that are shipped, which only a new deployment gets.

    Returns:
        The `directory` to run in.

    Raises:
        VersionsIncompatible: What is installed does not work together.
    """
    check_versions()
    with get_client(sync_client=True) as client:
        _restore(client)
        stored = read_stored(client)
        _restore_at_the_end(stored.values())
        for offer in OFFERS:
            found = stored[offer.name]
            if found.latest:
                for sentence in repair(client, found.latest, offer.known):
                    notify(sentence)
            parameters = default_parameters(offer, found.latest)
            own = (
                found.own.id
                if found.own
                else client.create_deployment(
                    client.create_flow(offer.flow),
                    offer.name,
                    parameters=parameters,
                    schedules=new_schedules(offer, found, timezone),
                )
            )
            _DEFAULTS.setdefault(own, parameters if found.latest else None)
        for sentence in retire(client, stored):
            notify(sentence)
    return {"directory": str(Path.cwd())}


def _restore_at_the_end(stored: Iterable[Stored]) -> None:
    """See to it that what a person changed is so again when this process ends.

    `prefect deploy` starts every deployment that prefect.yaml does not call paused, and
    it takes nothing but a plain yes or no there. It takes the parameters from there,
    too.
    """
    if not _DEFAULTS:
        atexit.register(copy_context().run, _restore_at_exit)  # on this very server
    _PAUSED.update(found.own.id for found in stored if found.own and found.own.paused)


def _restore_at_exit() -> None:
    with get_client(sync_client=True) as client:
        _restore(client)


def _restore(client: SyncPrefectClient) -> None:
    """Pause what a person paused, and give each deployment its own defaults."""
    for deployment, parameters in _DEFAULTS.items():
        if parameters not in (None, client.read_deployment(deployment).parameters):
            update = DeploymentUpdate(parameters=parameters)
            client.update_deployment(deployment, update)
    for deployment in _PAUSED:
        client.pause_deployment(deployment)
