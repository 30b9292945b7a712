"""What time it is for a server, which may be wrong about it."""

import time
from collections.abc import Callable


class Clock:
    """A clock that can be set forward and back."""

    def __init__(self, read: Callable[[], float] = time.time) -> None:
        self._read = read
        self.ahead = 0.0
        """Seconds by which it is ahead of what it reads."""

    def __call__(self) -> float:
        """Return the time in epoch seconds; it never goes back behind 1970."""
        return max(1.0, self._read() + self.ahead)

    def jump(self, seconds: float) -> None:
        """Set the clock forward, or back if negative."""
        self.ahead += seconds
