"""Do the installed packages work together? Some pairs fail without saying so."""

from dataclasses import dataclass
from importlib.metadata import version

from engine.errors import VersionsIncompatible

Release = tuple[int, ...]
"""Major and minor version."""


@dataclass(frozen=True)
class Conflict:
    """Two packages that are known not to work together."""

    older: str
    """The package that is too old for the other one ..."""
    before: Release
    """... in every release before this one."""
    newer: str
    """The package that is too new for the other one ..."""
    since: Release
    """... in this release and every later one."""
    effect: str
    """What goes wrong, as the end of a sentence."""


CONFLICTS = (
    Conflict(
        "prefect",
        (3, 9),
        "sqlalchemy",
        (2, 1),
        "its scheduler stops at once, so schedules never start a run",
    ),
    Conflict("prefect", (3, 9), "fastapi", (0, 155), "its server does not start"),
)
"""All pairs of which we know."""

PACKAGES = {name for c in CONFLICTS for name in (c.older, c.newer)}
"""The packages whose versions matter here."""


def check_versions(installed: dict[str, str] | None = None) -> None:
    """Refuse packages that are known not to work together.

    Args:
        installed: Version by package; None: what is installed.

    Raises:
        VersionsIncompatible: Two of them do not; the message names both.
    """
    if installed is None:
        installed = {name: version(name) for name in PACKAGES}
    for conflict in CONFLICTS:
        older, newer = installed[conflict.older], installed[conflict.newer]
        if _release(older) < conflict.before and _release(newer) >= conflict.since:
            raise VersionsIncompatible(
                f"{conflict.older} {older} does not work with {conflict.newer} "
                f"{newer}: {conflict.effect}. Install the versions that plexbayes "
                "is tested with: pip install --constraint constraints.txt ."
            )


def _release(text: str) -> Release:
    return tuple(int(part) for part in text.split(".")[:2])
