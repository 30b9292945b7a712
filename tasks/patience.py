"""Waiting for what may pass: ever longer, at most a minute, never past a stop."""

from collections.abc import Callable
from itertools import count
from typing import TypeVar

from engine.errors import TRANSIENT, PlexUnusable
from tasks.gate import Gate
from tasks.settings import Settings

Result = TypeVar("Result")

LONGEST = 60.0
"""Seconds from one attempt to the next, at most: a server that is back is soon
noticed. With the default settings, the waits add up to four minutes."""


def delay(settings: Settings, attempt: int) -> float:
    """Return the seconds to wait after so many attempts; it doubles each time."""
    longest = max(LONGEST, settings.retry_delay)
    return float(min(settings.retry_delay * 2 ** (attempt - 1), longest))


def waited(
    fault: BaseException,
    attempt: int,
    settings: Settings,
    gate: Gate,
    tell: Callable[[str], None],
) -> bool:
    """Wait if another attempt may help, and say so; return whether to make it.

    Args:
        fault: Why the last attempt failed.
        attempt: How many there were.
        settings: How often, and how long to wait.
        gate: A stop ends the wait at once.
        tell: Told of the fault and the wait.
    """
    may_pass = isinstance(fault, TRANSIENT) and not isinstance(fault, PlexUnusable)
    if not may_pass or attempt > settings.retries or gate.is_stopping:
        return False
    seconds = delay(settings, attempt)
    tell(f"{fault} Trying again in {seconds:g} s.")
    gate.rest(seconds)
    return not gate.is_stopping


def insist(
    act: Callable[[], Result],
    settings: Settings,
    gate: Gate,
    tell: Callable[[str], None],
) -> Result:
    """Do something that is safe to repeat, again while its fault may pass.

    Raises:
        PlexbayesError: It failed for good, or too often.
        RunStopped: A person asked to stop meanwhile.
    """
    for attempt in count(1):
        try:
            return act()
        except TRANSIENT as fault:
            if not waited(fault, attempt, settings, gate, tell):
                gate.pass_through()
                raise
    raise AssertionError  # it counts for ever
