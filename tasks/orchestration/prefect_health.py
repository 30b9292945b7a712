"""Is the Prefect server well that runs would report to?"""

from datetime import UTC, datetime
from importlib.metadata import version

from engine.errors import ServerMissing, SettingsInvalid, VersionsIncompatible
from tasks.commands.health import Finding
from tasks.config.redaction import redact_url
from tasks.orchestration.prefect_server import be_quiet
from tasks.orchestration.prefect_settings import check_api, configured_api


def check_prefect() -> Finding:
    """Check the Prefect server that a run would report to; none is started."""
    release = version("prefect")
    try:
        be_quiet()
        api = configured_api()
        if not api:
            said = f"Version {release}; a server is started for each run."
            return Finding("Prefect", "ok", said)
        check_api(api)
    except VersionsIncompatible as error:
        return Finding("Prefect", "error", str(error), "Install matching versions.")
    except (SettingsInvalid, ServerMissing) as error:
        said, _, advice = str(error).partition(". ")
        return Finding("Prefect", "error", f"Version {release}; {said}.", advice)
    shown = redact_url(api)
    problem = _scheduler_problem()
    if problem:
        return Finding("Prefect", "warning", f"{shown}: {problem}", "Then check again.")
    return Finding("Prefect", "ok", f"Version {release}; its server is at {shown}.")


def _scheduler_problem() -> str:
    import httpx  # noqa: PLC0415 (with Prefect only)
    from prefect.client.orchestration import get_client  # noqa: PLC0415

    from tasks.orchestration.schedules import scheduler_problem  # noqa: PLC0415

    try:
        with get_client(sync_client=True) as client:
            return scheduler_problem(client, datetime.now(UTC))
    except (httpx.HTTPError, ValueError):
        return ""  # without its key, a server that is well says nothing, or no JSON
