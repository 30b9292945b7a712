"""Prefect servers: at home with all commands, or alone for workers elsewhere."""

import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import SettingsInvalid
from flows.cli.options import Config, Timezone
from flows.reports.terminal import notify
from tasks.orchestration.prefect_server import (
    LOOPBACK,
    api_at,
    be_quiet,
    guarded_server,
    listen,
    prefect_server,
)
from tasks.orchestration.prefect_settings import check_settings
from tasks.orchestration.server_access import require_password, share_allowed_hosts

if TYPE_CHECKING:  # what reads the configuration takes long to import
    from tasks.config.settings import Settings

Host = Annotated[str, typer.Option(help="From where it is reached.")]


def serve(
    *,
    host: Host = LOOPBACK,
    port: Annotated[int, typer.Option(help="Of the Prefect server.")] = 4200,
    timezone: Timezone = "UTC",
    webhook: Annotated[
        int | None, typer.Option(help="Port on which Plex tells of new ratings.")
    ] = None,
    config: Config = None,
) -> None:
    """Start (or use) a Prefect server, offer all commands there, until Ctrl-C.

    Raises:
        SettingsInvalid: The configuration cannot be used, or others could reach
            the server without a password.
        ServerMissing: The server or the webhook did not start.
    """
    from tasks.config.settings import load_settings  # noqa: PLC0415 (--help needs none)

    settings, warnings = load_settings(config)
    for sentence in warnings:
        notify(sentence)
    if webhook is not None and not settings.webhook_secret.get_secret_value():
        raise SettingsInvalid(
            "--webhook needs a WEBHOOK_SECRET in the configuration: the part of the "
            "address that nobody can guess. A fresh one: " + secrets.token_urlsafe(24)
        )
    be_quiet()
    share_allowed_hosts(config)
    if webhook is None or not os.environ.get("PREFECT_API_URL"):
        require_password(host, notify)  # else only the webhook listens there
    if config:
        os.environ["PLEXBAYES_CONFIG"] = str(config.resolve())
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends it like Ctrl-C
    with (
        suppress(KeyboardInterrupt),
        prefect_server(port, ui=True, host=host) as api,
    ):
        os.environ["PREFECT_API_URL"] = api  # for the processes of the runs
        with _webhook(settings, host, webhook, api):
            _offer(settings, api, timezone)
    notify("Stopped.")


def _offer(settings: "Settings", api: str, timezone: str) -> None:
    from prefect.settings import (  # noqa: PLC0415 (only now is Prefect set up)
        PREFECT_API_URL,
        temporary_settings,
    )

    from flows.deployments import run_offers  # noqa: PLC0415

    with temporary_settings({PREFECT_API_URL: api}):
        run_offers(timezone, make_up=settings.catch_up)


@contextmanager
def _webhook(
    settings: "Settings", host: str, port: int | None, api: str
) -> Iterator[None]:
    """Let Plex tell of new ratings while the block runs, if that is wished."""
    if port is None:
        yield
        return
    from flows.webhook_runs import start_run  # noqa: PLC0415 (imports much)
    from flows.webhook_server import webhook_server  # noqa: PLC0415
    from tasks.webhook.debouncer import (  # noqa: PLC0415
        IgnoredEvents,
        RatingListener,
    )

    ignore = IgnoredEvents(notify)
    start = partial(start_run, api, notify, ignore)
    listener = RatingListener(settings.webhook_quiet, start, notify, ignore)
    secret = settings.webhook_secret.get_secret_value()
    try:
        with webhook_server(secret, listener.hear, ignore, (host, port)):
            notify(f"Webhook for Plex: http://{host}:{port}/WEBHOOK_SECRET")
            yield
    finally:
        listener.stop()


def server(
    *,
    host: Host = LOOPBACK,
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
    advice = "Choose another port with --port, or another --host."
    with listen(host, port, "The server", advice) as place:
        guarded = guarded_server(port, host, ui=True)
        notify(f"Open {api_at(host, port).removesuffix('/api')} in a browser.")
        try:
            guarded.run([place])
        except KeyboardInterrupt:
            notify("Stopped.")
