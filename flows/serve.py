"""At home: one process that offers every command in the Prefect UI."""

import os
import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import ServerMissing, SettingsInvalid
from flows.options import Config, Timezone
from flows.render import remark
from tasks.hosting import LOOPBACK, be_quiet, prefect_server
from tasks.server_access import require_password, share_allowed_hosts

if TYPE_CHECKING:  # what reads the configuration takes long to import
    from tasks.settings import Settings
    from tasks.webhook_events import Event


@dataclass(frozen=True)
class Doors:
    """Where others reach us."""

    host: str = LOOPBACK
    """From which address of this machine."""
    port: int = 4200
    """Of a Prefect server of our own."""
    webhook: int | None = None
    """Of Plex's webhook; None: Plex tells us nothing."""


def serve(
    *,
    host: Annotated[str, typer.Option(help="From where it is reached.")] = LOOPBACK,
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
    from tasks.settings import load_settings  # noqa: PLC0415 (--help needs none)

    settings, remarks = load_settings(config)
    for sentence in remarks:
        remark(sentence)
    doors = Doors(host, port, webhook)
    if webhook is not None and not settings.webhook_secret.get_secret_value():
        raise SettingsInvalid(
            "--webhook needs a WEBHOOK_SECRET in the configuration: the part of the "
            "address that nobody can guess. A fresh one: " + secrets.token_urlsafe(24)
        )
    be_quiet()
    share_allowed_hosts(config)
    if webhook is None or not os.environ.get("PREFECT_API_URL"):
        require_password(host, remark)  # else only the webhook listens there
    if config:
        os.environ["PLEXBAYES_CONFIG"] = str(config.resolve())
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends it like Ctrl-C
    with (
        suppress(KeyboardInterrupt),
        prefect_server(doors.port, ui=True, host=doors.host) as api,
    ):
        os.environ["PREFECT_API_URL"] = api  # for the processes of the runs
        with _webhook(settings, doors, api):
            _offer(settings, api, timezone)
    remark("Stopped.")


def _offer(settings: "Settings", api: str, timezone: str) -> None:
    from prefect.settings import (  # noqa: PLC0415 (only now is Prefect set up)
        PREFECT_API_URL,
        temporary_settings,
    )

    from flows.runner import run_offers  # noqa: PLC0415

    with temporary_settings({PREFECT_API_URL: api}):
        run_offers(timezone, make_up=settings.catch_up)


@contextmanager
def _webhook(settings: "Settings", doors: Doors, api: str) -> Iterator[None]:
    """Let Plex tell of new ratings while the block runs, if that is wished."""
    if doors.webhook is None:
        yield
        return
    from flows.webhook_server import webhook_server  # noqa: PLC0415 (imports much)
    from tasks.webhook_listener import (  # noqa: PLC0415
        IgnoredEvents,
        RatingListener,
    )

    ignore = IgnoredEvents(remark)
    start = _starter(settings, api, ignore)
    listener = RatingListener(settings.webhook_quiet, start, remark, ignore)
    secret = settings.webhook_secret.get_secret_value()
    place = doors.host, doors.webhook
    try:
        with webhook_server(secret, listener.hear, ignore, place):
            remark(
                f"Webhook for Plex: http://{doors.host}:{doors.webhook}/WEBHOOK_SECRET"
            )
            yield
    finally:
        listener.stop()


WEBHOOK_TAG = "webhook"
"""What runs are tagged with that new ratings started."""


def _starter(
    settings: "Settings", api: str, ignore: "Callable[[str], None]"
) -> "Callable[[list[Event]], None]":
    """Return what starts a run for the letters that events concern."""
    import httpx  # noqa: PLC0415
    from prefect.deployments import run_deployment  # noqa: PLC0415
    from prefect.exceptions import ObjectNotFound  # noqa: PLC0415
    from prefect.settings import PREFECT_API_URL, temporary_settings  # noqa: PLC0415

    from tasks.webhook_listener import letters_of  # noqa: PLC0415

    def start(events: "list[Event]") -> None:
        letters = letters_of(settings, events, ignore)
        if not letters:
            return
        asked = {"letters": ",".join(letters), "dry_run": settings.dry_run}
        try:
            with temporary_settings({PREFECT_API_URL: api}):
                if _is_one_waiting():
                    raise ServerMissing(
                        "a run for earlier ones has not begun yet. They get one "
                        "together once it has."
                    )
                run_deployment(
                    "infer/infer", parameters=asked, timeout=0, tags=[WEBHOOK_TAG]
                )
        except (httpx.HTTPError, ObjectNotFound) as error:
            raise ServerMissing(
                f"Prefect did not start the run ({type(error).__name__})."
            ) from None
        remark(f"New ratings: a run for {', '.join(letters)} was started.")

    return start


def _is_one_waiting() -> bool:
    """Say whether a run that new ratings started has not begun yet."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.client.schemas.filters import FlowRunFilter  # noqa: PLC0415

    waiting = FlowRunFilter.model_validate(
        {
            "tags": {"all_": [WEBHOOK_TAG]},
            "state": {"type": {"any_": ["SCHEDULED", "PENDING"]}},
        }
    )
    with get_client(sync_client=True) as client:
        return bool(client.read_flow_runs(flow_run_filter=waiting, limit=1))
