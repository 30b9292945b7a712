"""The real command in a process of its own, beside one Prefect server for all."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.orchestration.prefect_server import await_health, free_port

COMMAND = str(Path(sys.executable).with_name("plexbayes"))
PATIENCE = 240.0
"""Seconds that a command may take."""


class Command:
    """`plexbayes VERB --live`; it takes seconds before it asks Plex anything."""

    def __init__(self, verb: str, config: Path, api: str) -> None:
        said = (config.parent / "said.txt").open("a")
        sure = [] if verb == "infer" else ["--yes"]
        self._process = subprocess.Popen(
            [COMMAND, verb, "--live", *sure],
            cwd=config.parent,
            env=os.environ
            | {"PREFECT_API_URL": api, "PREFECT_HOME": str(config.parent / "prefect")},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        said.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def run(self) -> int:
        return self._process.wait(PATIENCE)


@contextmanager
def prefect_server(folder: Path) -> Iterator[str]:
    """Serve Prefect's API for many commands; yield its address."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "tasks.orchestration.prefect_server", str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ | {"PREFECT_HOME": str(folder / "prefect-server")},
    )
    address = f"http://127.0.0.1:{port}/api"
    try:
        await_health(address, server)
        yield address
    finally:
        server.communicate()
