"""How fast we may write: in bursts, with rests that the server asks for."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Literal

SLOW = 2.0
"""A burst that takes so many times its quickest is worth a word, ..."""
NOTICEABLE = 0.5
"""... if it takes so many seconds more."""
WELL = 1.25
"""Below so many times its quickest, all is well again."""


class Throttle:
    """Rests after every burst of items; shared by all that write to a server.

    A burst ends when `batch` items were written. In "fixed" mode the rest is
    always `longest` seconds. In "adaptive" mode it is as long as the burst was
    busy beyond what the same requests took at their quickest: a server that
    answers as quickly as ever gets no rest, one that took three times as long
    rests for twice the burst, and never longer than `longest`. `tell` is told
    when that begins and when it is over.
    """

    def __init__(
        self,
        batch: int,
        longest: float,
        mode: Literal["adaptive", "fixed"],
        clock: Callable[[], float],
        rest: Callable[[float], None],
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._batch = batch
        self._longest = longest
        self._mode = mode
        self._clock = clock
        self._rest = rest
        self._tell = tell
        self._items = 0
        self._busy = 0.0
        self._quick = 0.0
        self._quickest: dict[Hashable, float] = {}
        self._is_slowed = False
        self.rested = 0.0
        """Seconds spent resting so far."""

    def rest_if_due(self) -> None:
        """Rest if the burst is over."""
        if self._batch and self._items >= self._batch:
            self._rest_now()

    @contextmanager
    def timed(self, kind: Hashable, items: int) -> Iterator[None]:
        """Time one request.

        Args:
            kind: Requests of one kind should take about the same time.
            items: How many items it writes, as far as they count.
        """
        begun = self._clock()
        yield
        self._learn(kind, self._clock() - begun)
        self._items += items

    def _learn(self, kind: Hashable, seconds: float) -> None:
        quickest = min(seconds, self._quickest.get(kind, seconds))
        self._quickest[kind] = quickest
        self._busy += seconds
        self._quick += quickest

    def _rest_now(self) -> None:
        asked = self._longest if self._mode == "fixed" else self._busy - self._quick
        seconds = min(asked, self._longest)
        if self._mode == "adaptive":
            self._say_why(seconds)
        self._items, self._busy, self._quick = 0, 0.0, 0.0
        if seconds > 0:
            self.rested += seconds
            self._rest(seconds)

    def _say_why(self, seconds: float) -> None:
        """Say that the server has slowed down, or that this is over; once each."""
        longer = self._busy - self._quick
        if not self._is_slowed:
            if longer >= NOTICEABLE and self._busy >= SLOW * self._quick and seconds:
                self._is_slowed = True
                self._tell(
                    f"Plex took {self._busy:.1f} s for what it did in "
                    f"{self._quick:.1f} s before, so it gets rests: {seconds:.1f} s "
                    f"now, never more than {self._longest:g} s."
                )
        elif self._busy < WELL * self._quick:
            self._is_slowed = False
            self._tell("Plex is as quick as before and gets no more rests.")
