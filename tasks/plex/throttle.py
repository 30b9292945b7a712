"""How fast we may write: in bursts, with rests that the server asks for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal


class Throttle:
    """Rests after every burst of items; shared by all that write to a server.

    A burst ends when `batch` items were written. In "fixed" mode the rest is
    always `longest` seconds. In "adaptive" mode it is as long as the burst was
    busy beyond what the same requests took at their quickest: a server that
    answers as quickly as ever gets no rest, one that took three times as long
    rests for twice the burst, and never longer than `longest`.
    """

    def __init__(
        self,
        batch: int,
        longest: float,
        mode: Literal["adaptive", "fixed"],
        clock: Callable[[], float],
        rest: Callable[[float], None],
    ) -> None:
        self._batch = batch
        self._longest = longest
        self._mode = mode
        self._clock = clock
        self._rest = rest
        self._items = 0
        self._busy = 0.0
        self._quick = 0.0
        self._quickest: dict[tuple[int, int], float] = {}
        self.rested = 0.0
        """Seconds spent resting so far."""

    def rest_if_due(self) -> None:
        """Rest if the burst is over."""
        if self._batch and self._items >= self._batch:
            self._rest_now()

    @contextmanager
    def timed(self, level: int, items: int) -> Iterator[None]:
        """Time one request that writes so many items of a level."""
        begun = self._clock()
        yield
        self._learn((level, items.bit_length()), self._clock() - begun)
        self._items += items

    def _learn(self, kind: tuple[int, int], seconds: float) -> None:
        quickest = min(seconds, self._quickest.get(kind, seconds))
        self._quickest[kind] = quickest
        self._busy += seconds
        self._quick += quickest

    def _rest_now(self) -> None:
        asked = self._longest if self._mode == "fixed" else self._busy - self._quick
        seconds = min(asked, self._longest)
        self._items, self._busy, self._quick = 0, 0.0, 0.0
        if seconds > 0:
            self.rested += seconds
            self._rest(seconds)
