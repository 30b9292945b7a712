"""In which state a flow run ends: Completed, Failed, or Cancelled by a person."""

from collections.abc import Callable
from typing import Any, TypeVar

from prefect import runtime
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Failed

from engine.errors import (
    PlexbayesError,
    RunStopped,
    SettingsInvalid,
    StoppedAt,
    UsageError,
)
from engine.partition import short_form
from engine.reports.run_report import LettersFailed
from flows.next_steps import CORRECT, RETRY, repeated
from tasks.config.config_file import config_named
from tasks.config.settings import load_settings
from tasks.orchestration.artifacts import leave_out_the_known
from tasks.orchestration.prefect_tasks import run_info
from tasks.runtime.package_versions import check_versions


def run_name() -> str:
    """Name a run by its library, what it does there, and whether it is dry or live."""
    chosen = runtime.flow_run.parameters
    words = [str(runtime.flow_run.flow_name), *_chosen(chosen)]
    try:
        settings, _ = load_settings(config_named(chosen.get("config") or ""))
    except (SettingsInvalid, UsageError):
        return " · ".join(words)  # the run itself is about to say what is wrong
    if "dry_run" in chosen:
        words.append("dry" if chosen["dry_run"] else "live")
    return " · ".join([settings.library_name, *words])


def _chosen(parameters: dict[str, object]) -> list[str]:
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


Result = TypeVar("Result")


def ended(work: Callable[[], State[Result]]) -> State[Any]:
    """Do the work of a flow; what is expected to go wrong ends it in a state.

    Prefect would log two tracebacks of a raised error.

    Args:
        work: Returns the state of the flow run if nothing goes wrong.
    """
    leave_out_the_known()
    info = run_info()
    try:
        check_versions()
        return work()
    except StoppedAt as stopped:
        return Cancelled(message=str(stopped))
    except RunStopped:
        said = "Stopped; what was written is recorded."
        return Cancelled(message=f"{said} {repeated(info, RETRY)}")
    except LettersFailed as error:
        return Failed(message=f"{error} {error.again}", data=error)
    except PlexbayesError as error:
        said = in_a_line(str(error))
        return Failed(message=f"{said} {repeated(info, CORRECT)}", data=error)


def in_a_line(text: str) -> str:
    r"""Return a sentence with a list below it, as of wrong settings, as one line.

    >>> in_a_line("config.json cannot be used:\n  A = 0: too low\n  B: missing")
    'config.json cannot be used: A = 0: too low; B: missing.'
    >>> in_a_line("There is no config.json.")
    'There is no config.json.'
    """
    heading, *points = text.splitlines()
    if not points:
        return heading
    return f"{heading} {'; '.join(point.strip() for point in points)}."
