"""The Python around us: packages that must work together, processes of our own."""

import os
import sys
from importlib.metadata import version
from typing import Any

from engine.errors import VersionsIncompatible

Release = tuple[int, ...]
"""Major and minor version."""

CONFLICTS: tuple[tuple[str, Release, str, Release, str], ...] = (
    (
        "prefect",
        (3, 9),
        "sqlalchemy",
        (2, 1),
        "its scheduler stops at once, so schedules never start a run",
    ),
    ("prefect", (3, 9), "fastapi", (0, 155), "its server does not start"),
)
"""Pairs that fail without saying so: a package in every release before one, another
one from some release on, and what goes wrong."""

CREATE_NEW_PROCESS_GROUP = 0x00000200
"""What Windows calls a process that a Ctrl-C in the terminal spares."""


def check_versions(installed: dict[str, str] | None = None) -> None:
    """Refuse packages that are known not to work together.

    Args:
        installed: Version by package; None: what is installed.

    Raises:
        VersionsIncompatible: Two of them do not; the message names both.
    """
    if installed is None:
        names = {name for old, _, new, *_ in CONFLICTS for name in (old, new)}
        installed = {name: version(name) for name in names}
    for old, before, new, since, effect in CONFLICTS:
        if _release(installed[old]) < before and _release(installed[new]) >= since:
            raise VersionsIncompatible(
                f"{old} {installed[old]} does not work with {new} {installed[new]}: "
                f"{effect}. Install the versions that plexbayes "
                "is tested with: pip install --constraint constraints.txt ."
            )


def _release(text: str) -> Release:
    return tuple(int(part) for part in text.split(".")[:2])


def distrust_working_folder() -> None:
    """Let no Python that starts from here import modules from the working folder.

    `python -m` puts that folder first: a tasks.py or orjson.py lying there would be
    executed in place of ours. This reaches the processes that libraries start, too.
    """
    os.environ["PYTHONSAFEPATH"] = "1"


def module_command(module: str, *words: str) -> list[str]:
    """Return the command that runs a module of ours in a process of its own."""
    return [sys.executable, "-P", "-m", module, *words]


def apart_from_terminal(platform: str = sys.platform) -> dict[str, Any]:
    """Return the arguments of Popen for a process that a Ctrl-C spares."""
    if platform == "win32":
        return {"creationflags": CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
