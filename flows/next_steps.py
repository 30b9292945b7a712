"""What to do next about a run that did not complete: in the UI, in a terminal."""

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from engine.partition import short_form
from engine.reports.run_report import Summary
from tasks.config.config_file import config_named
from tasks.runtime.runner import RunInfo

RETRY = "press Retry: only what is left runs again"
"""What to do in the UI about a run that did not finish."""
CORRECT = "put that right and press Retry, or start a Custom run with other parameters"
"""What to do in the UI about a run that could not begin."""
RESUME = "press Resume"
"""What to do in the UI about a run that is suspended."""

OPTIONS = ("phases", "letters", "artist", "run", "model", "count")
"""Parameters that are options of the command line, too."""
SWITCHES = {
    "albums": "--albums",
    "accept_library": "--accept-library",
    "accept_large_change": "--accept-large-change",
}
"""The same, without a value."""
ALL_PHASES = "1-4"


def repeated(info: RunInfo, press: str) -> str:
    """Say how to go on with a run that is under way, as it was asked for."""
    words = command(info.command, info.parameters, info.config)
    return go_on(info, words, press)


def after_run(summary: Summary) -> str:
    """Say what to do after a run that came to its end; nothing if there is nothing."""
    if not summary.dry_run:
        back = f"plexbayes undo --run {summary.run_id[:8]} --live takes it back."
        return f"Next: {back}" if summary.written else ""
    if not summary.planned:
        return ""
    return "Nothing was written. Next: the same with --live writes it."


def stopped(info: RunInfo) -> str:
    """Say that a run was stopped before there was anything to sum up."""
    return f"Stopped; what was written is recorded. {repeated(info, RETRY)}"


def command(
    flow: str, parameters: Mapping[str, Any], config: Path | None = None
) -> str:
    """Return a run as words of the command line, without its program.

    >>> command("infer", {"phases": "1-4", "letters": "from P", "dry_run": False})
    '0 --from "P" --live'
    >>> command("undo", {"letters": "from P"})
    'undo --letters "from P"'
    """
    given = {name: str(parameters.get(name) or "") for name in OPTIONS}
    is_whole = given["phases"] in {"", ALL_PHASES}
    words = ["0"] if flow == "infer" and is_whole else [flow]
    if is_whole:
        given["phases"] = ""
    given["letters"] = short_form(given["letters"])
    if flow == "infer" and given["letters"].startswith("from "):
        words.append(f'--from "{given.pop("letters").removeprefix("from ")}"')
    words += [f"--{name} {_quoted(value)}" for name, value in given.items() if value]
    words += [switch for name, switch in SWITCHES.items() if parameters.get(name)]
    words += config_words(parameters, config)
    dry_run = parameters.get("dry_run")
    if dry_run is not None:
        words.append("--dry-run" if dry_run else "--live")
    return " ".join(words)


def config_words(parameters: Mapping[str, Any], config: Path | None) -> list[str]:
    """Return the option that chooses the configuration of a run; none: the usual."""
    with suppress(UsageError):  # of what is no name, the run itself has said so
        config = config_named(str(parameters.get("config") or "")) or config
    return ["--config", _quoted(str(config))] if config else []


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"[\w./-]+", value) else f'"{value}"'


def go_on(info: RunInfo, words: str, press: str) -> str:
    """Say what to do next, in words of the UI (if it can) and of the command line."""
    if not info.is_deployed:
        return f"Go on with: plexbayes {words}"
    return f"In the UI, {press}. In a terminal, go on with: plexbayes {words}"
