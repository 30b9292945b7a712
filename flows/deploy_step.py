"""What has to happen for `prefect deploy` to leave alone what a person changed."""

import atexit
from contextvars import copy_context
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentUpdate

from flows.deployments import (
    OFFERS,
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
    carried out before each deployment. Returns the `directory` to run in.

    Raises:
        VersionsIncompatible: What is installed does not work together.
    """
    check_versions()
    if _DEFAULTS:
        _restore()
    with get_client(sync_client=True) as client:
        stored = read_stored(client)
        if not _DEFAULTS:
            atexit.register(copy_context().run, _restore)  # on this very server
        owned = [found.own for found in stored.values() if found.own]
        _PAUSED.update(deployment.id for deployment in owned if deployment.paused)
        for offer in OFFERS:
            found = stored[offer.name]
            if found.latest:
                for sentence in repair(client, found.latest, offer.known):
                    notify(sentence)
            parameters = default_parameters(offer, found.latest)
            own = found.own.id if found.own else None
            own = own or client.create_deployment(
                client.create_flow(offer.flow),
                offer.name,
                parameters=parameters,
                schedules=new_schedules(offer, found, timezone),
            )
            _DEFAULTS.setdefault(own, parameters if found.latest else None)
        for sentence in retire(client, stored):
            notify(sentence)
    return {"directory": str(Path.cwd())}


def _restore() -> None:
    """Pause what a person paused, and give each deployment its own defaults.

    `prefect deploy` starts every deployment that prefect.yaml does not call paused, and
    it takes nothing but a plain yes or no there. It takes the parameters from there,
    too.
    """
    with get_client(sync_client=True) as client:
        for deployment, parameters in _DEFAULTS.items():
            if parameters not in (None, client.read_deployment(deployment).parameters):
                update = DeploymentUpdate(parameters=parameters)
                client.update_deployment(deployment, update)
        for deployment in _PAUSED:
            client.pause_deployment(deployment)
