"""At home: one process that offers every command in the Prefect UI."""

import os
from pathlib import Path

from flows.render import remark
from tasks.hosting import be_quiet, prefect_server
from tasks.settings import load_settings


def serve(config: str, port: int, timezone: str) -> None:
    """Start (or use) a Prefect server, offer all commands there, until Ctrl-C.

    Args:
        config: Path of config.json; empty: the usual place.
        port: Where the server of our own listens, on 127.0.0.1 only.
        timezone: In which schedules are meant, such as Europe/Berlin.

    Raises:
        SettingsInvalid: The configuration cannot be used.
        ServerMissing: The server did not start.
    """
    _, remarks = load_settings(Path(config) if config else None)
    for sentence in remarks:
        remark(sentence)
    be_quiet()
    if config:
        os.environ["PLEXBAYES_CONFIG"] = str(Path(config).resolve())
    with prefect_server(port, ui=True) as api:
        os.environ["PREFECT_API_URL"] = api  # for the processes of the runs
        remark(f"Open {api.removesuffix('/api')} in a browser. Ctrl-C ends it all.")
        _offer(api, timezone)
    remark("Stopped.")


def _offer(api: str, timezone: str) -> None:
    import prefect  # noqa: PLC0415 (only now is it set up)
    from prefect.settings import (  # noqa: PLC0415
        PREFECT_API_URL,
        temporary_settings,
    )

    from flows.deployments import deployments  # noqa: PLC0415

    with temporary_settings({PREFECT_API_URL: api}):
        prefect.serve(*deployments(timezone), limit=1, print_starting_message=False)
