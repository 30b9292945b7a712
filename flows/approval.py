"""A run that plans, waits for a person in the Prefect UI, and then writes the plan.

While it waits there is no process and no lease: Resume starts a process that finds the
saved plan. What changed meanwhile is left alone, as with any saved plan.
"""

import time
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from prefect import flow, suspend_flow_run
from prefect.client.schemas.objects import State
from prefect.input import RunInput
from prefect.states import Cancelled, Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from engine.classic import PhaseChoice
from flows import pipeline
from flows.command_table import HELP
from flows.flow_states import Begun, ended, run_name
from flows.infer import WORKERS
from flows.maintenance import carried_out
from flows.next_steps import RETRY, repeated
from flows.reports.markdown import counts_page
from flows.reports.terminal import report_title
from tasks.commands import apply as applying
from tasks.commands.apply import Applied
from tasks.config.config_file import reports_folder
from tasks.config.field_types import ModelChoice
from tasks.config.output_files import make_folder
from tasks.orchestration.retention import OWN
from tasks.runtime.runner import PlanFiles

WAITS = 7 * 24 * 3600
"""Seconds after which nobody is expected to approve a plan any more."""


class Approval(RunInput):
    """What a person answers to a plan."""

    write: bool = Field(
        default=False,
        title="Write it",
        description="Write what the plan says. Unticked, nothing is written.",
    )


@flow(
    name="infer_with_approval",
    description=HELP["infer"],
    flow_run_name=run_name,
    task_runner=ThreadPoolTaskRunner(max_workers=WORKERS),  # type: ignore[arg-type]
    **OWN,
)
def infer_with_approval(
    phases: PhaseChoice = "1-4",
    letters: str = "",
    config: str = "",
    model: ModelChoice = "",
) -> State[Any]:
    """Plan, wait for your approval in the UI for up to 7 days, and then write the plan.

    Args:
        phases: 1 album-up, 2 artist-up, 3 album-down, 4 track-down.
        letters: Only the artists that Plex files under these, such as B,P or A-C;
            empty: all.
        config: Name of another configuration; empty: the usual one.
        model: How to infer; empty: as MODEL says.
    """
    request = pipeline.Request(
        phases=phases, letters=letters, dry_run=True, model=model
    )

    def work(begun: Begun) -> State[Any]:
        path = _saved_plan(begun)
        if not path.exists():
            found = _planned(begun, request, path)
            if not found:
                path.unlink(missing_ok=True)
                return Completed(message="There is nothing to write.")
            begun.runner.report.say(_question(found))
        answer = suspend_flow_run(
            wait_for_input=Approval.with_initial_data(description=_HELP),
            timeout=WAITS,
            key=_digest(path),  # an answer is about this very plan
        )
        if not answer.write:
            path.unlink(missing_ok=True)
            return Cancelled(message="Not approved: nothing was written.")
        return _written(begun, path)

    return ended(config, work)


_HELP = (
    "The artifact `plan` says letter by letter what would be written, with a sample; "
    "what was rated or changed since the plan was made is left alone. Tick *Write it* "
    "to write the rest."
)


def _saved_plan(begun: Begun) -> Path:
    """Return where the plan of this run is kept until it is written.

    Plans that nobody answered in time are dropped.
    """
    folder = make_folder(reports_folder(begun.runner.info.config))
    outdated = time.time() - 2 * WAITS
    for plan in folder.glob("plan-*.json"):
        if plan.stat().st_mtime < outdated:
            plan.unlink(missing_ok=True)
    return folder / f"plan-{begun.runner.info.id}.json"


def _digest(path: Path) -> str:
    return blake2b(path.read_bytes(), digest_size=16).hexdigest()


def _planned(begun: Begun, request: pipeline.Request, path: Path) -> int:
    """Save a plan, and return how many ratings it would write."""
    info = begun.runner.info
    begun.runner.info = replace(info, plan_files=PlanFiles(saved=path))
    return pipeline.infer(*begun, request).planned


def _question(planned: int) -> str:
    return (
        f"{planned} ratings would be written. The run waits for up to "
        f"{WAITS // 86_400} days: press Resume, look at the plan, and say whether to."
    )


def _written(begun: Begun, path: Path) -> State[Any]:
    applied: Applied = carried_out(begun, applying.apply, path, live=True)
    report = begun.runner.report
    report.publish(
        lambda: counts_page("Apply", applied), "apply", report_title("Apply", applied)
    )
    if applied.failed:
        said = f"{len(applied.failed)} ratings did not arrive."
        return Failed(message=f"{said} {repeated(begun.runner.info, RETRY)}")
    path.unlink(missing_ok=True)
    return Completed(message=f"{applied.written} ratings written.", data=applied)
