"""Served runs use the flows of this program, wherever it was started."""

from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.runner import Runner


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
