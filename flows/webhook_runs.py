"""Runs of the letters that Plex's webhook tells of: one that waits takes more in."""

from collections.abc import Callable, Iterable
from typing import Any

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    FlowFilter,
    FlowRunFilter,
)
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.exceptions import PrefectException
from prefect.settings import PREFECT_API_URL, temporary_settings

from engine.errors import ServerMissing
from engine.partition import in_order
from tasks.config.settings import load_settings
from tasks.orchestration.retention import DEPLOYMENT_TAG
from tasks.orchestration.secrets import with_token
from tasks.webhook.debouncer import letters_of
from tasks.webhook.rating_event import Event

TAG = "webhook"
"""What runs are tagged with that the webhook started."""

OURS = FlowFilter.model_validate({"name": {"any_": ["infer"]}})
OFFERED = DeploymentFilter.model_validate(
    {"name": {"any_": ["infer"]}, "tags": {"all_": [DEPLOYMENT_TAG]}}
)
WAITING = FlowRunFilter.model_validate(
    {"tags": {"all_": [TAG]}, "state": {"type": {"any_": ["SCHEDULED"]}}}
)
"""Runs that may take more letters in; others may use that tag for runs of their own."""


def start_run(
    api: str,
    say: Callable[[str], None],
    ignore: Callable[[str], None],
    events: list[Event],
) -> None:
    """Start a run for the letters that events concern, or let a waiting one do them.

    Raises:
        PlexbayesError: Plex, the record or Prefect could not be asked.
    """
    settings, _ = load_settings()  # whether to write may have changed since
    letters = letters_of(with_token(settings), events, ignore)
    if not letters:
        return
    try:
        with temporary_settings({PREFECT_API_URL: api}):
            say(_start_or_extend(letters, dry_run=settings.dry_run))
    except (httpx.HTTPError, PrefectException) as error:
        raise ServerMissing(
            f"Prefect did not start the run ({type(error).__name__})."
        ) from None


def _start_or_extend(letters: Iterable[str], *, dry_run: bool) -> str:
    """Let a run that waits take the letters in, or start one; say which."""
    with get_client(sync_client=True) as client:
        waiting = client.read_flow_runs(
            flow_filter=OURS, deployment_filter=OFFERED, flow_run_filter=WAITING
        )
        for run in waiting:
            known = str(run.parameters.get("letters", "")).split(",")
            merged = in_order({*known, *letters})
            wanted: dict[str, Any] = {"letters": ",".join(merged), "dry_run": dry_run}
            if not run.run_count and _changed_in_time(client, run, wanted):
                return (
                    f"New ratings: the run that waits is for {', '.join(merged)} now."
                )
    wanted = {"letters": ",".join(letters), "dry_run": dry_run}
    run_deployment("infer/infer", parameters=wanted, timeout=0, tags=[TAG])
    return f"New ratings: a run for {', '.join(letters)} was started."


def _changed_in_time(
    client: SyncPrefectClient, run: FlowRun, wanted: dict[str, Any]
) -> bool:
    """Change what a run is for; say whether it had not begun."""
    client.update_flow_run(run.id, parameters=run.parameters | wanted)
    # A run reads its parameters only after it has left this state.
    state = client.read_flow_run(run.id).state
    return state is not None and state.is_scheduled()
