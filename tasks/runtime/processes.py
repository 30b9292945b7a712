"""Starting processes of our own: on every system, and never with a stranger's code."""

import os
import sys
from typing import Any

CREATE_NEW_PROCESS_GROUP = 0x00000200
"""What Windows calls a process that a Ctrl-C in the terminal spares."""


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
