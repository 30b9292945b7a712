"""For how long a write in doubt may arrive yet."""

import time

from tasks.record.rows import Intent

LATEST_ARRIVAL = 3600.0
"""Seconds after which a write that never showed is not expected any more."""


def oldest_expected() -> float:
    """Return when a write must have been sent to be expected yet, epoch seconds."""
    return time.time() - LATEST_ARRIVAL


def may_have_arrived(intent: Intent, rated_at: int) -> bool:
    """Say whether a rating of that date, epoch seconds, may be what was sent.

    As long as it may arrive, it may whatever the date: the server's clock may be wrong.
    """
    in_time = rated_at <= intent.since + LATEST_ARRIVAL
    return in_time or intent.since >= oldest_expected()
