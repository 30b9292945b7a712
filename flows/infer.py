"""The main job as a Prefect flow: for the UI, for schedules, and to retry a letter."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from prefect.task_runners import ThreadPoolTaskRunner

from engine.classic import PhaseChoice
from engine.reports.run_report import Summary
from flows import pipeline
from flows.command_table import HELP
from flows.flow_states import Begun, ended, run_name
from flows.reports.terminal import headline
from tasks.config.field_types import ModelChoice
from tasks.orchestration.retention import OWN

WORKERS = 4
"""Threads for tasks; one letter writes at a time, the others wait or retry."""


@flow(
    name="infer",
    description=HELP["infer"],
    flow_run_name=run_name,
    task_runner=ThreadPoolTaskRunner(max_workers=WORKERS),  # type: ignore[arg-type]
    **OWN,
)
def infer(
    phases: PhaseChoice = "1-4",
    letters: str = "",
    dry_run: bool = True,
    config: str = "",
    accept_library: bool = False,
    accept_large_change: bool = False,
    model: ModelChoice = "",
    save_plan: bool = False,
) -> State[Summary]:
    """Infer the ratings that nobody gave, and write them into Plex.

    Args:
        phases: 1 album-up, 2 artist-up, 3 album-down, 4 track-down.
        letters: Only the artists that Plex files under these (the Beatles: B),
            such as B,P or A-C or #-D; or "from P"; empty: all.
        dry_run: Only say what would be written; switch it off to write.
        config: Name of another configuration, such as kids for kids.json beside
            the usual one; empty: the usual one.
        accept_library: A re-created library, or another account, keeps the record.
        accept_large_change: Go on although very much of what was inferred would change;
            a dry run says how much.
        model: How to infer; empty: as MODEL says.
        save_plan: Also write the whole plan to reports/plan.csv beside the
            configuration.
    """
    request = pipeline.Request(
        phases=phases,
        letters=letters,
        dry_run=dry_run,
        accept_library=accept_library,
        accept_large_change=accept_large_change,
        model=model,
        save_plan=save_plan,
    )

    def work(begun: Begun) -> State[Summary]:
        summary = pipeline.infer(*begun, request)
        return Completed(message=headline(summary), data=summary)

    return ended(config, work)
