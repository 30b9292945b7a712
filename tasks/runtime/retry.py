"""Transient errors are retried with backoff; Ctrl-C and Cancel abort the wait."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from engine.errors import TRANSIENT, PlexUnusable
from tasks.config.settings import Settings
from tasks.runtime.cancellation import CancellationToken

Result = TypeVar("Result")

LONGEST = 60.0
"""Seconds from one attempt to the next, at most: a server that is back is soon
noticed. With the default settings, the waits add up to four minutes."""


def delay(settings: Settings, attempt: int) -> float:
    """Return the seconds to wait after so many attempts; it doubles each time."""
    longest = max(LONGEST, settings.retry_delay)
    return float(min(settings.retry_delay * 2 ** (attempt - 1), longest))


def seconds_to_retry(
    error: BaseException,
    attempts: int,
    settings: Settings,
    cancellation: CancellationToken,
) -> float | None:
    """Return how long to wait before another attempt; None: none would help."""
    is_transient = isinstance(error, TRANSIENT) and not isinstance(error, PlexUnusable)
    if not is_transient or attempts > settings.retries or cancellation.is_cancelled:
        return None
    return delay(settings, attempts)


def retry_sentence(error: BaseException, seconds: float, step: str = "") -> str:
    """Say what failed, and when it is tried again.

    >>> retry_sentence(PlexUnusable("Plex is away."), 2, "read it back")
    'read it back: Plex is away. Trying again in 2 s.'
    """
    if phase := phase_of(error):  # `B · 4 track-down` tells more than `B · write`
        step = step.removesuffix("write") + phase if step else ""
    begin = f"{step}: " if step else ""
    return f"{begin}{error} Trying again in {seconds:g} s."


def phase_of(error: BaseException) -> str:
    """Return in which phase of writing an error happened; empty if in none."""
    return str(getattr(error, "phase", ""))


def call_with_retry(
    act: Callable[[], Result],
    settings: Settings,
    cancellation: CancellationToken,
    tell: Callable[[str], None],
) -> Result:
    """Do something that is safe to repeat, again while its error may pass.

    Raises:
        PlexbayesError: It failed for good, or too often.
        RunStopped: A person asked to stop meanwhile.
    """

    def is_over(state: RetryCallState) -> bool:
        error, attempts = error_of(state), state.attempt_number
        return seconds_to_retry(error, attempts, settings, cancellation) is None

    retrying = Retrying(
        retry=retry_if_exception_type(TRANSIENT),
        stop=is_over,
        wait=lambda state: delay(settings, state.attempt_number),
        sleep=cancellation.sleep_or_raise,
        before_sleep=lambda s: tell(retry_sentence(error_of(s), s.upcoming_sleep)),
        reraise=True,
    )
    try:
        return retrying(act)
    except TRANSIENT:
        cancellation.checkpoint()
        raise


def error_of(state: RetryCallState) -> BaseException:
    """Return why the last attempt failed."""
    error = state.outcome.exception() if state.outcome else None
    return error or AssertionError("nothing failed")
