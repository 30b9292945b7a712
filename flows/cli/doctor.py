"""All checks, one after the other: what is wrong keeps no other from being made."""

from collections.abc import Iterable, Iterator
from dataclasses import astuple
from pathlib import Path

from flows.reports.terminal import show_findings
from tasks.commands.health import (
    Finding,
    check_configuration,
    check_edits,
    check_installation,
    check_library,
    check_listings,
    check_memory,
    check_record,
    check_server,
)
from tasks.orchestration.prefect_health import check_prefect
from tasks.orchestration.secrets import with_token


def doctor(config: Path | None, *, canary: bool = False) -> list[Finding]:
    """Check all that a run needs; Plex and the record stay as they are.

    Args:
        config: The configuration; None: the usual place.
        canary: Whether the first batch of a run is written, and undone.
    """
    return list(_checks(config, canary=canary))


def report(findings: Iterable[Finding]) -> int:
    """Print what was found, and return the exit status: 1 if there is an error."""
    found = list(findings)
    show_findings(astuple(finding) for finding in found)
    return int(any(finding.state == "error" for finding in found))


def _checks(config: Path | None, *, canary: bool) -> Iterator[Finding]:
    yield check_installation()
    settings = yield from check_configuration(config, with_token)
    if settings is not None:
        server, gateway = (yield from check_server(settings)), None
        if server is not None:
            gateway = yield from check_library(settings, server)
        record = yield from check_record(settings)
        if gateway is not None:  # then whether the two belong together
            with gateway:
                yield check_listings(gateway)
                yield from check_memory(settings, gateway, record)
        if canary:
            yield from check_edits(settings)
    yield check_prefect()
