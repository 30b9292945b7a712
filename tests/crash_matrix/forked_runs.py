"""Real processes that do one thing to a Plex, started from a warm one.

A command takes seconds to start. Here a process forks off one that has imported
everything, and then does what the command does: `launch`, which
knows of signals and retries. `infer` goes through its steps without Prefect.
"""

import os
import sys
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from engine.errors import PlexbayesError, RunStopped
from flows.local_runner import launch
from tasks.commands.recover import recover
from tasks.config.settings import load_settings
from tests import warm
from tests.state_machine.plain_runs import infer_plainly, undo_plainly

PATIENCE = 60.0
"""Seconds that a process may take."""

STOPPED = 130
"""How a command ends that was asked to stop."""

VERBS: Mapping[str, Callable[..., Any]] = {
    "infer": infer_plainly,
    "undo": undo_plainly,
    "recover": recover,
}


class Process:
    """One verb in a process of its own, which waits until it may begin."""

    def __init__(self, verb: str, config: Path) -> None:
        waiting, self._starter = warm.context.Pipe(duplex=False)
        self._process = warm.context.Process(target=_act, args=(verb, config, waiting))
        self._process.start()
        waiting.close()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def run(self) -> int:
        """Let it begin; return how it ended, as a command would.

        Raises:
            TimeoutError: It did not end.
        """
        self._starter.send_bytes(b"begin")
        self._process.join(PATIENCE)
        status = self._process.exitcode
        if status is None:
            self._process.kill()
            raise TimeoutError("a process did not end")
        self._process.close()
        self._starter.close()
        return status


def _act(verb: str, config: Path, waiting: Connection) -> None:
    waiting.recv_bytes()
    with (config.parent / "said.txt").open("a") as said:
        os.dup2(said.fileno(), sys.stderr.fileno())
        try:
            launch(VERBS[verb], load_settings(config)[0], live=True)
        except PlexbayesError as fault:
            sys.stderr.write(f"{verb}: {type(fault).__name__}: {fault}\n")
            sys.exit(STOPPED if isinstance(fault, RunStopped) else 1)
