"""Everything that can go wrong and that a person should read about."""

from collections.abc import Iterator
from contextlib import contextmanager


class PlexbayesError(Exception):
    """An error to be shown as one sentence, without a traceback."""


class UsageError(PlexbayesError):
    """A word of a command, a field of a form, or a file that was named is wrong."""


class SettingsInvalid(PlexbayesError):
    """The configuration cannot be used; the message names every error."""


class ConfigMissing(SettingsInvalid):
    """There is no configuration file, and the environment does not replace it."""

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.path = path


class PlexError(PlexbayesError):
    """Plex did not do what was asked."""

    phase: str = ""
    """In which phase, if a letter was being written."""


class PlexUnreachable(PlexError):
    """No usable answer; the outcome of a write is unknown, and it may pass."""


class PlexUnusable(PlexUnreachable):
    """Answers are endless or huge, and asking again did not help."""


class LibraryChanging(PlexError):
    """The library changed between two pages of one listing; it may pass."""


class PlexRefused(PlexError):
    """The server understood and said no: asking again would not help."""


class NotThere(PlexRefused):
    """Plex knows no such thing; an item may have been deleted meanwhile."""


class RequestTooLong(PlexRefused):
    """Plex, or a proxy before it, does not take so much in one request."""


class LibraryMissing(PlexError):
    """There is no music library of the configured name."""


class ShadowError(PlexbayesError):
    """The shadow state cannot be used."""


class ShadowUnreadable(ShadowError):
    """The state database is corrupt, too new, locked or not writable."""


class RecordLost(ShadowError):
    """Items bear our tag, but the shadow state knows of none: it is not theirs."""


class RecordOutdated(ShadowError):
    """Ratings bear our tag that the shadow state cannot explain: an old copy."""


class ServerRestored(RecordOutdated):
    """Ratings of ours have earlier dates than when they were confirmed."""


class LibraryReplaced(ShadowError):
    """The record is of another library of this name, or of another account."""


class LibraryHeld(ShadowError):
    """Another run is writing to this library; the message says which."""


class LargeChange(PlexbayesError):
    """A run would change very much of what is ours; the message says what and why."""


class ServerMissing(PlexbayesError):
    """Prefect's server cannot be reached or started."""


class ResultRefused(PlexbayesError):
    """A stored result was not written by this program; it is never loaded."""


class ServerTaken(PlexbayesError):
    """Another process already uses this port or serves this Prefect server."""


class VersionsIncompatible(PlexbayesError):
    """Two installed packages are known not to work together; both are named."""


class RunStopped(PlexbayesError):
    """A person asked the run to stop, and it did at a safe point."""


class StoppedAt(RunStopped):
    """The same, of a run that said where it stopped and how to go on."""


TRANSIENT = (PlexUnreachable, LibraryChanging)
"""The errors that may pass by themselves, so that a step is tried again."""


@contextmanager
def in_phase(phase: str) -> Iterator[None]:
    """Let an error of the block say in which phase it happened."""
    try:
        yield
    except PlexError as error:
        error.phase = error.phase or phase
        raise
