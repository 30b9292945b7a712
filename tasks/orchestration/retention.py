"""What Prefect keeps of our runs, and for how long: it must not pile up.

A run is ours if it bears our tag, which every run gives itself, and belongs to a flow
of ours: other people's runs on the same server have the one or the other at most. A run
that never began could not tag itself: it is ours if one of our deployments planned it.
Prefect's own vacuum knows no such difference, so it stays as it is configured.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from httpx import HTTPError
from prefect import Flow, runtime
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    DeploymentFilter,
    FlowFilter,
    FlowRunFilter,
)
from prefect.client.schemas.objects import TERMINAL_STATES, FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound, PrefectException
from prefect.logging import get_run_logger

from engine.errors import SettingsInvalid, UsageError
from tasks.config.config_file import config_named
from tasks.config.settings import Settings, load_settings
from tasks.orchestration.results import (
    ResultSerializer,
    drop_results,
    runs_with_results,
    use_checked_storage,
)

TAG = "plexbayes-run"
"""Borne by every run of ours; a run that loses it is kept for ever."""
DEPLOYMENT_TAG = "plexbayes"
"""Marks the deployments that are ours."""
FLOWS = ("infer", "infer_with_approval", "rank", "recover", "undo", "verify")
"""Our flows, by name."""
OUR_FLOWS = FlowFilter.model_validate({"name": {"any_": FLOWS}})
BATCH = 50
"""Most runs that are asked for, or removed, at a time."""
SECONDS_A_DAY = 86_400
MAX_BATCHES = 4
"""So many batches are removed after one run; later runs go on."""


def claim_run() -> None:
    """Mark the current flow run as ours, and check every result that it loads."""
    use_checked_storage()
    tags = set(runtime.flow_run.tags or [])
    if TAG in tags:
        return
    # A server that refuses the tag keeps the run for ever, and runs it as well.
    with suppress(HTTPError, PrefectException), get_client(sync_client=True) as client:
        run = UUID(str(runtime.flow_run.id))
        client.update_flow_run(run, tags=sorted(tags | {TAG}))


def clean_up(
    _flow: Flow[..., Any],
    run: FlowRun,
    state: State[Any],
    *,
    config: Path | None = None,
) -> None:
    """Remove what need not be kept any longer, as a hook after a run of ours.

    What cannot be removed now is removed after a later run. `config` is what a command
    line named; else the parameters of the run say it.
    """
    try:
        named = config_named(str(run.parameters.get("config") or ""))
        settings, _ = load_settings(named or config)
        if state.is_completed() and not settings.keep_results:
            drop_results(run.id)
        with get_client(sync_client=True) as client:
            _remove_old_runs(client, settings)
            _remove_results(client, settings)
    except (SettingsInvalid, UsageError):
        return  # the run has said so
    except (HTTPError, OSError, PrefectException) as error:
        get_run_logger().warning(
            "Old runs or results could not be removed "
            f"({type(error).__name__}); the next run tries again."
        )


OWN: dict[str, Any] = {
    "persist_result": False,
    "result_serializer": ResultSerializer(),
    "on_completion": [clean_up],
    "on_failure": [clean_up],
}
"""What all our flows have in common; errors are stored even if results are not."""


def _remove_old_runs(client: SyncPrefectClient, settings: Settings) -> None:
    """Remove our runs that ended, or were suspended, too long ago."""
    if settings.run_retention_days is None:
        return
    then = datetime.now(UTC) - timedelta(days=settings.run_retention_days)
    for kind in _kinds_of_old_runs(client, then):
        kept = 0
        for _ in range(MAX_BATCHES):
            runs = client.read_flow_runs(
                flow_filter=OUR_FLOWS, flow_run_filter=kind, limit=BATCH, offset=kept
            )
            removed = [run.id for run in runs if TAG in run.tags or not run.run_count]
            _remove(client, removed)
            kept += len(runs) - len(removed)
            if len(runs) < BATCH:
                break


def _kinds_of_old_runs(
    client: SyncPrefectClient, then: datetime
) -> Iterator[FlowRunFilter]:
    """Return filters for our runs before then; the last one matches others, too."""
    before = {"before_": then}
    ended = {"state": {"type": {"any_": TERMINAL_STATES}}, "end_time": before}
    suspended = {"state": {"type": {"any_": [StateType.PAUSED]}}, "start_time": before}
    for kind in (ended, suspended):
        yield FlowRunFilter.model_validate({"tags": {"all_": [TAG]}} | kind)
    ours = DeploymentFilter.model_validate({"tags": {"all_": [DEPLOYMENT_TAG]}})
    found = client.read_deployments(flow_filter=OUR_FLOWS, deployment_filter=ours)
    ids = {"any_": [deployment.id for deployment in found]}
    yield FlowRunFilter.model_validate({"deployment_id": ids} | ended)


def _remove(client: SyncPrefectClient, runs: Sequence[UUID]) -> None:
    """Remove runs with their artifacts and results; tasks and logs go with them."""
    of_runs = ArtifactFilter.model_validate({"flow_run_id": {"any_": runs}})
    while runs and (artifacts := client.read_artifacts(artifact_filter=of_runs)):
        for artifact in artifacts:
            with suppress(ObjectNotFound):
                client.delete_artifact(artifact.id)
    for run in runs:
        drop_results(run)
        with suppress(ObjectNotFound):
            client.delete_flow_run(run)


def _remove_results(client: SyncPrefectClient, settings: Settings) -> None:
    """Remove results of runs that ended, or were removed, without doing so.

    Of a run that this server does not know, another one may: its results are kept as
    long as a run is.
    """
    oldest_first = sorted(runs_with_results(), key=lambda kept: kept[1])
    for start in range(0, len(oldest_first), BATCH):
        since = dict(oldest_first[start : start + BATCH])
        wanted = FlowRunFilter.model_validate({"id": {"any_": list(since)}})
        found = client.read_flow_runs(flow_run_filter=wanted, limit=BATCH)
        states = {run.id: run.state_type for run in found}
        for run, changed in since.items():
            if run in states:
                is_done = states[run] == StateType.COMPLETED
                is_useless = is_done and not settings.keep_results
            else:
                days = settings.run_retention_days
                age = time.time() - changed
                is_useless = days is not None and age > days * SECONDS_A_DAY
            if is_useless:
                drop_results(run)
