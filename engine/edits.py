"""Changes that many items undergo alike, and which of them a server can take."""

from dataclasses import dataclass
from enum import IntEnum

from engine.library import Level
from engine.rating_scale import STEP, Columns, Ints

COARSE = 0.1
"""Points; the step of servers that keep one decimal."""


class EditMode(IntEnum):
    """How many items one request may change."""

    UNSUPPORTED = 0
    """None: such a change would do harm, or is refused."""
    SINGLE = 1
    BATCH = 2


@dataclass(frozen=True)
class Capabilities:
    """How a server may be written to."""

    rating: EditMode = EditMode.BATCH
    """Singly means one rating a request, as Plex's own apps rate."""
    tagging: EditMode = EditMode.BATCH
    """Never means that no tag is given: other moods or locks would suffer."""
    has_conditional_edits: bool = False
    """Whether an edit can be limited to items that nobody rated since a moment.
    Then Plex itself spares what a person rates in the very moment of writing."""
    step: float = STEP
    """The least distance between two ratings that the server keeps, points."""
    is_step_seen: bool = True
    """Whether a rating showed that; otherwise what is written takes coarse steps."""
    is_tagging_seen: bool = True
    """Whether an item kept its moods when it was tagged."""
    is_assumed: bool = False
    """Whether nobody has tried it yet, or not all of it."""

    @property
    def guards_ratings(self) -> bool:
        """Whether Plex spares what a person rates in the very moment of writing."""
        return self.has_conditional_edits and self.rating is EditMode.BATCH

    @property
    def safe_step(self) -> float:
        """The least step that the server is known to keep, points."""
        return self.step if self.is_step_seen else COARSE


ASSUMED = Capabilities(is_step_seen=False, is_tagging_seen=False, is_assumed=True)
"""What is thought of a server that was not tried."""

RATING_ONLY = Capabilities(
    rating=EditMode.SINGLE, tagging=EditMode.UNSUPPORTED, step=COARSE
)
"""All that the server grants to an account that does not own it. What it keeps of a
rating cannot be tried out then, so ratings are such that any server keeps them."""


def limitations(capabilities: Capabilities) -> list[str]:
    """Return in sentences what a person should know of a server's shortcomings.

    >>> limitations(Capabilities())
    []
    """
    said = []
    if capabilities.rating is EditMode.SINGLE and capabilities.is_assumed:
        said.append("No batch could be tried here yet, so each item is rated alone.")
    elif capabilities.rating is EditMode.SINGLE:
        said.append("Plex takes no ratings in batches here: each item is rated alone.")
    if capabilities.tagging is EditMode.UNSUPPORTED:
        said.append(
            "No tag can be given here without harm to moods or locks, so none is: "
            "keep the state database safe, it cannot be rebuilt by `recover`."
        )
    if capabilities.tagging is EditMode.SINGLE:
        said.append("Plex takes no tags in batches here: each item is tagged alone.")
    if capabilities.step > STEP:  # not where the next run may see finer ones
        said.append(
            f"Ratings are written in steps of {capabilities.step / 2:g} stars here: "
            "Plex keeps no finer ones, as far as is known."
        )
    return said


def latest_date(rated_at: Ints) -> int:
    """Return the latest date of several items, or −1 if one of them is unknown.

    >>> import numpy as np
    >>> latest_date(np.array([0, 1700000000])), latest_date(np.array([-1, 1700000000]))
    (1700000000, -1)
    """
    return -1 if rated_at.min() < 0 else int(rated_at.max())


@dataclass(frozen=True, eq=False)
class Edit(Columns):
    """Items of one level that get or lose a rating, a tag, or both."""

    level: Level
    key: Ints
    rates: bool = False
    """Whether their rating changes."""
    points: float | None = None
    """What it becomes, if it changes; None: they are unrated again."""
    rating_locked: bool = False
    """Whether their rating is locked: a lock stays as it is."""
    adds: tuple[str, ...] = ()
    """Moods that they get."""
    drops: tuple[str, ...] = ()
    """Moods that they lose."""
    mood_locked: bool = False
    """Whether their moods are locked: that stays as it is, too."""
    spares_rated: bool = False
    """Whether what was rated since keeps its moods, too, where Plex can tell."""
    rated_until: int = 0
    """When any of them was last rated, as far as we saw, epoch seconds; 0: never,
    negative: unknown. Whatever a person rates later is not meant."""

    @property
    def tags(self) -> bool:
        """Whether moods change."""
        return bool(self.adds or self.drops)
