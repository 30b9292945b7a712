"""A Prefect server of our own for the length of one command, if there is no other.

Started as `python -P -m tasks.orchestration.prefect_server PORT [HOST [--ui]]`, it
serves until its standard input closes: so it ends with the command that started it,
even if that was killed, and a Ctrl-C in the terminal, which reaches a whole process
group, spares it.
"""

import errno
import gc
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from engine.errors import ServerMissing, ServerTaken
from tasks.config.addresses import (
    EVERYWHERE,
    in_url,
    own_addresses,
    own_origins,
    parse_allowed_hosts,
    with_ports,
)
from tasks.orchestration.prefect_settings import (
    check_access,
    check_api,
    configured_api,
    ignore_local_logging_config,
    prepare_environment,
)
from tasks.orchestration.server_access import ALLOWED_HOSTS
from tasks.runtime.environment import (
    apart_from_terminal,
    check_versions,
    module_command,
)

if TYPE_CHECKING:  # only the server's process needs it
    import uvicorn

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
}
"""No calls home, and the terminal is ours; the log in the UI stays complete."""

AT_HOME = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "connect-src 'self' ws: wss:"
)
"""What the browser may load: the UI would ask a statistics service for its set-up."""
LOOPBACK = "127.0.0.1"
CALLED = {**dict.fromkeys(EVERYWHERE, LOOPBACK), "::": "::1"}
"""How this machine calls a server that listens everywhere."""

START = 300.0
"""Seconds that a server may take to start; a cold database takes some 15, and a busy
or small machine many more."""


def be_quiet() -> None:
    """Set Prefect up for this process; to be called before Prefect is imported.

    Raises:
        VersionsIncompatible: Prefect would not work with what else is installed.
    """
    check_versions()
    prepare_environment()
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        Path.home()
    except RuntimeError:  # a user whom the system does not know, as in a container
        os.environ.setdefault("PREFECT_HOME", str(Path(".prefect").absolute()))
    ignore_local_logging_config()


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause garbage collection: imports leave no garbage, and are a third faster."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def prefect_server(
    port: int = 0, *, ui: bool = False, host: str = LOOPBACK
) -> Iterator[str]:
    """Yield the API address of the configured server, or of one of our own.

    Args:
        port: Where our own is to listen; 0: anywhere.
        ui: Whether it also serves the UI and runs schedules.
        host: From which address of this machine it can be reached.

    Raises:
        ServerMissing: The configured server does not answer, or ours did not start.
        SettingsInvalid: Prefect's own settings cannot be used.
        ServerTaken: Another program already listens there.
    """
    with gc_paused():
        configured = configured_api()
    if configured:
        check_api(configured)
        check_access(configured)
        yield configured
        return
    if port:
        _refuse_if_taken(host, port)
    port = port or free_port()
    command = module_command("tasks.orchestration.prefect_server", str(port), host)
    server = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
        [*command, "--ui"] if ui else command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **apart_from_terminal(),
    )
    try:
        address = api_at(host, port)
        await_health(address, server)
        yield address
    finally:
        _hand_over()
        server.communicate()


def _hand_over() -> None:
    """Send the logs and events that Prefect queued: without a server it would retry."""
    from prefect.events.worker import EventsWorker  # noqa: PLC0415
    from prefect.logging.handlers import APILogWorker  # noqa: PLC0415

    for worker in (APILogWorker, EventsWorker):
        worker.drain_all(timeout=10)


def api_at(host: str, port: int) -> str:
    """Return how this machine calls a server of its own."""
    return f"http://{in_url(CALLED.get(host, host))}:{port}/api"


def _refuse_if_taken(host: str, port: int) -> None:
    try:
        _listen(host, port).close()
    except (OSError, OverflowError) as error:
        if getattr(error, "errno", None) != errno.EADDRINUSE:
            raise ServerMissing(
                f"Cannot listen on {host}:{port} ({error}). "
                "Choose another address with --host and --port."
            ) from None
        raise ServerTaken(
            f"Port {port} of {host} is already in use, perhaps by another "
            "`plexbayes serve`. End that one first, or choose another port with "
            "--port."
        ) from None


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def listen(host: str, port: int, who: str, advice: str) -> socket.socket:
    """Listen on a port.

    Raises:
        ServerMissing: It cannot be; the message says who wanted to, and what helps.
    """
    try:
        return _listen(host, port)
    except (OSError, OverflowError) as error:
        raise ServerMissing(
            f"{who} cannot listen on {host}:{port} ({error}). {advice}"
        ) from None


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.create_server((LOOPBACK, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def await_health(address: str, server: "subprocess.Popen[bytes]") -> None:
    """Wait until a server that was just started answers.

    Raises:
        ServerMissing: It ended, or did not answer for five minutes.
    """
    opener = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(URLError, OSError), opener.open(f"{address}/health", timeout=5):
            return
        time.sleep(0.1)
    raise ServerMissing(
        "Prefect's server did not start; is its port taken? Run "
        "`plexbayes server` to see why."
    )


def guarded_server(port: int, host: str, *, ui: bool) -> "uvicorn.Server":
    """Return Prefect's server behind the guard, ready to run in this process.

    Prefect must not have been imported yet: it is set up here. See `prefect_server`.
    """
    own = own_addresses(host, port)
    be_quiet()
    os.environ["PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS"] = ",".join(own_origins(own))
    os.environ.setdefault("PREFECT_SERVER_UI_API_URL", "/api")  # on whatever port
    os.environ.setdefault("PREFECT_UI_URL", f"http://{LOOPBACK}:{port}")
    with gc_paused():
        import uvicorn  # noqa: PLC0415 (only this process needs it)
        from prefect.server.api.server import create_app  # noqa: PLC0415

        from tasks.orchestration.host_guard import HostGuard  # noqa: PLC0415

    named = parse_allowed_hosts(os.environ.get(ALLOWED_HOSTS, ""))
    return uvicorn.Server(
        uvicorn.Config(
            HostGuard(create_app(ephemeral=not ui), (*own, *with_ports(named, port))),
            host=host,
            port=port,
            log_level="critical",
            headers=[("Content-Security-Policy", AT_HOME)],
        )
    )


def _serve_until_parent_ends(port: int, host: str = LOOPBACK, *options: str) -> None:
    place = _listen(host, port)  # before anything is touched: it may be taken
    server = guarded_server(port, host, ui="--ui" in options)

    def end_with_parent() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=end_with_parent, daemon=True).start()
    server.run([place])


if __name__ == "__main__":
    _serve_until_parent_ends(int(sys.argv[1]), *sys.argv[2:])
