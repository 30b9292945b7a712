"""The process that runs what is offered, on schedule or on request, until it ends."""

import asyncio
import contextvars
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import httpx
from prefect.client.orchestration import get_client
from prefect.runner import Runner

from engine.errors import ServerMissing
from flows.deployments import register
from flows.reports.terminal import notify
from tasks.orchestration.scheduler import scheduler_problem

CHECK_EVERY = 60.0
"""Seconds between two looks at the server's scheduler."""


def run_offers(timezone: str, *, make_up: bool) -> None:
    """Offer everything on the configured Prefect server, and run it until Ctrl-C.

    Args:
        timezone: Of the schedules that are shipped.
        make_up: Whether a run that came due while nothing ran is made up.

    Raises:
        ServerTaken: Somebody else runs the same.
        ServerMissing: The server does not do what it should.
    """
    # Left alone, the runner would pause everything when it ends.
    runner = Runner(limit=1, pause_on_shutdown=False)
    try:
        with get_client(sync_client=True) as client:
            for sentence in register(runner, client, timezone, make_up=make_up):
                notify(sentence)
    except httpx.HTTPError as error:
        raise ServerMissing(
            f"The Prefect server did not take the deployments ({error})."
        ) from None
    address = str(client.api_url).rstrip("/").removesuffix("/api")
    notify(f"Open {address} in a browser. Ctrl-C ends it all.")
    with _watched_scheduler():
        # Ctrl-C as SIGTERM: the run at hand is cancelled before the server goes.
        signal.signal(signal.SIGINT, runner.handle_sigterm)
        asyncio.run(runner.start())


@contextmanager
def _watched_scheduler() -> Iterator[None]:
    """Warn while the block runs if schedules would not start runs."""
    ended = threading.Event()
    watch = contextvars.copy_context().run  # which server it is
    threading.Thread(target=watch, args=[_watch, ended], daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _watch(ended: threading.Event) -> None:
    said = ""
    with get_client(sync_client=True) as client:
        while not ended.is_set():
            with suppress(httpx.HTTPError):  # runs report that themselves
                problem = scheduler_problem(client, datetime.now(UTC))
                if problem and problem != said:
                    notify(f"Warning: {problem}")
                said = problem
            ended.wait(CHECK_EVERY)
