"""What has to happen before `prefect deploy`, so that it leaves schedules alone."""

import atexit
from collections.abc import Iterable
from contextvars import copy_context
from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import get_client

from flows.deployments import OFFERS, Stored, new_schedules, read_stored, retire
from flows.reports.terminal import notify
from tasks.orchestration.schedules import repair
from tasks.runtime.package_versions import check_versions

_PAUSED: set[UUID] = set()
"""What was paused when this process began to deploy."""


def prepare_deploy(timezone: str = "UTC") -> dict[str, str]:
    """Prepare the server for `prefect deploy`, which leaves all schedules as they are.

    A deployment that is new to the server is made here, with its schedules switched
    off, or with those of its former name. This is a build step of prefect.yaml.

    Args:
        timezone: Of the schedules that are shipped, which only a new deployment gets.

    Returns:
        The `directory` to run in.

    Raises:
        VersionsIncompatible: What is installed does not work together.
    """
    check_versions()
    with get_client(sync_client=True) as client:
        stored = read_stored(client)
        _pause_again_at_the_end(stored.values())
        for offer in OFFERS:
            found = stored[offer.name]
            if found.latest:
                for sentence in repair(client, found.latest, offer.known):
                    notify(sentence)
            if not found.own:
                client.create_deployment(
                    client.create_flow(offer.flow),
                    offer.name,
                    parameters=offer.parameters,
                    schedules=new_schedules(offer, found, timezone),
                )
        for sentence in retire(client, stored):
            notify(sentence)
    return {"directory": str(Path.cwd())}


def _pause_again_at_the_end(stored: Iterable[Stored]) -> None:
    """Pause what a person paused once more when this process ends.

    `prefect deploy` starts every deployment that prefect.yaml does not call paused,
    and it takes nothing but a plain yes or no there.
    """
    paused = {found.own.id for found in stored if found.own and found.own.paused}
    if paused and not _PAUSED:
        atexit.register(copy_context().run, _pause_again)  # on this very server
    _PAUSED.update(paused)


def _pause_again() -> None:
    with get_client(sync_client=True) as client:
        for deployment in _PAUSED:
            client.pause_deployment(deployment)
