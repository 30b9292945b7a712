"""A person at home for a benchmark: a Plex, a folder, maybe a Prefect server."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.crash_matrix.command_runs import prefect_server
from tests.flows.listener import Listener
from tests.simulator.process import Simulator


@contextmanager
def at_home(*, prefect: bool = False, **library: Any) -> Iterator[Listener]:
    """Run a Plex, and yield a person with an empty record; nothing is left of them.

    Args:
        prefect: Whether commands run on a Prefect server of their own.
        library: Options of the simulator.
    """
    with ExitStack() as home:
        folder = Path(home.enter_context(tempfile.TemporaryDirectory()))
        api = home.enter_context(prefect_server(folder)) if prefect else ""
        plex = home.enter_context(Simulator.start(**library))
        yield Listener(folder, plex, api)
