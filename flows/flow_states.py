"""How a flow run begins, is named, and ends: Completed, Failed, or Cancelled."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from prefect import runtime
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Failed

from engine.errors import (
    LargeChange,
    PlexbayesError,
    RunStopped,
    SettingsInvalid,
    StoppedAt,
    UsageError,
)
from engine.partition import short_form
from engine.reports.run_report import LettersFailed
from flows.next_steps import CORRECT, repeated, stopped
from tasks.config.config_file import config_named
from tasks.config.settings import Settings, load_settings
from tasks.orchestration.artifacts import leave_out_the_known
from tasks.orchestration.prefect_tasks import PrefectRunner
from tasks.orchestration.retention import claim_run
from tasks.orchestration.secrets import with_token
from tasks.runtime.cancellation import CancellationToken
from tasks.runtime.context import Step
from tasks.runtime.environment import check_versions
from tasks.runtime.runner import NO_FILES, PlanFiles


@dataclass(frozen=True)
class Invocation:
    """What a command line has that no parameter of a flow can carry."""

    config: Path | None = None
    plan_files: PlanFiles = NO_FILES
    watch: Callable[[Step], None] = lambda _: None
    cancellation: CancellationToken | None = None


INVOCATION: ContextVar[Invocation] = ContextVar("invocation")
"""The command line in whose process a flow runs; `flows.local_runner` sets it."""


class Begun(NamedTuple):
    """A flow run that has begun."""

    runner: PrefectRunner
    settings: Settings
    cancellation: CancellationToken


def run_name(config: Path | None = None) -> str:
    """Name a run by its library, what it does there, and whether it is dry or live."""
    chosen = runtime.flow_run.parameters
    words = [str(runtime.flow_run.flow_name), *_about(chosen)]
    try:
        named = config_named(chosen.get("config") or "")
        settings, _ = load_settings(named or config)
    except (SettingsInvalid, UsageError):
        return " · ".join(words)  # the run itself is about to say what is wrong
    if "dry_run" in chosen:
        words.append("dry" if chosen["dry_run"] else "live")
    return " · ".join([settings.library_name, *words])


def _about(parameters: dict[str, object]) -> list[str]:
    """Return what of the library a run is about, in words."""
    words = []
    if "phases" in parameters:
        words.append(f"phases {parameters['phases']}")
    if "letters" in parameters:
        words.append(short_form(str(parameters["letters"] or "")) or "all letters")
    if parameters.get("artist"):
        words.append(str(parameters["artist"]))
    if parameters.get("run"):
        words.append(f"run {parameters['run']}")
    if "albums" in parameters:
        words.append("albums" if parameters["albums"] else "artists")
    return words


def ended(config: str, work: Callable[[Begun], State[Any]]) -> State[Any]:
    """Do the work of a flow, which returns the state of its run if all goes well.

    What is expected to go wrong ends the run in a state, too: Prefect would log two
    tracebacks of a raised error.
    """
    leave_out_the_known()
    by = INVOCATION.get(Invocation())
    runner = PrefectRunner(by.watch, by.config, by.plan_files)
    try:
        check_versions()
        claim_run()
        settings, warnings = load_settings(config_named(config) or by.config)
        runner.report.say(*warnings)
        cancellation = by.cancellation or CancellationToken()
        return work(Begun(runner, with_token(settings), cancellation))
    except StoppedAt as reason:
        return Cancelled(message=str(reason))
    except RunStopped:
        return Cancelled(message=stopped(runner.info))
    except LettersFailed as error:
        return Failed(message=f"{error} {error.again}", data=error)
    except LargeChange as error:  # it says what to do; a retry would do the same
        return Failed(message=str(error), data=error)
    except PlexbayesError as error:
        said = _in_a_line(str(error))
        return Failed(message=f"{said} {repeated(runner.info, CORRECT)}", data=error)


def _in_a_line(text: str) -> str:
    """Return a sentence with a list below it, as of wrong settings, as one line."""
    heading, *points = text.splitlines()
    if not points:
        return heading
    return f"{heading} {'; '.join(point.strip() for point in points)}."
