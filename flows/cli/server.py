"""Where workers on several machines meet: a Prefect server with its UI."""

import socket
from typing import Annotated

import typer

from engine.errors import ServerMissing
from flows.cli.options import Config
from flows.reports.terminal import notify
from tasks.orchestration.prefect_server import (
    LOOPBACK,
    api_at,
    be_quiet,
    guarded_server,
)
from tasks.orchestration.prefect_settings import check_settings
from tasks.orchestration.server_access import require_password, share_allowed_hosts


def server(
    *,
    host: Annotated[str, typer.Option(help="From where it is reached.")] = LOOPBACK,
    port: Annotated[int, typer.Option(help="Where it listens.")] = 4200,
    config: Config = None,
) -> None:
    """Run a Prefect server for workers on other machines, until Ctrl-C.

    Raises:
        SettingsInvalid: Others could reach it without a password, or Prefect's own
            settings cannot be used.
        ServerMissing: Nothing can listen there.
    """
    be_quiet()
    check_settings()
    share_allowed_hosts(config)
    require_password(host, notify)
    with _listening(host, port) as place:
        guarded = guarded_server(port, host, ui=True)
        notify(f"Open {api_at(host, port).removesuffix('/api')} in a browser.")
        try:
            guarded.run([place])
        except KeyboardInterrupt:
            notify("Stopped.")


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise ServerMissing(
            f"The server cannot listen on {host}:{port} ({error}). "
            "Choose another port with --port, or another --host."
        ) from None
