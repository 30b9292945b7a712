"""How changes get into Plex: in few requests where it can be trusted, and not too fast.

Bursts are followed by rests that the server asks for by its slowness.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal

from engine.edits import Capabilities, Edit, EditMode
from engine.errors import NotThere, RequestTooLong
from engine.planning.batches import MOST_IDS
from tasks.plex.client import PlexGateway

FEW = 5
"""Items that are rated one by one before they are looked at again."""

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

    @contextmanager
    def timed(self, kind: Hashable, items: int) -> Iterator[None]:
        """Time one request.

        Args:
            kind: Requests of one kind should take about the same time.
            items: How many items it writes, as far as they count.
        """
        begun = self._clock()
        yield
        seconds = self._clock() - begun
        self._quickest[kind] = min(seconds, self._quickest.get(kind, seconds))
        self._busy += seconds
        self._quick += self._quickest[kind]
        self._items += items

    def rest_if_due(self) -> None:
        """Rest if the burst is over."""
        if not self._batch or self._items < self._batch:
            return
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
                    f"{self._quick:.1f} s before, so writing slows down: pauses of "
                    f"{seconds:.1f} s now, never more than {self._longest:g} s."
                )
        elif self._busy < WELL * self._quick:
            self._is_slowed = False
            self._tell("Plex is as quick as before: back to full speed.")


class EditExecutor:
    """Makes edits, timed by the throttle, as the server's abilities allow."""

    def __init__(
        self, gateway: PlexGateway, throttle: Throttle, capabilities: Capabilities
    ) -> None:
        self.capabilities = capabilities
        self._most = MOST_IDS
        """Items in one request; fewer once the server refused so many."""
        self._gateway = gateway
        self._throttle = throttle
        self.ensure_lease: Callable[[], None] = lambda: None
        """Called before each request; fails if another run has taken over."""

    @property
    def at_once(self) -> int:
        """How many items go by one look: few if each takes a request of its own."""
        return FEW if self.capabilities.rating is EditMode.SINGLE else self._most

    def apply(self, edit: Edit) -> list[int]:
        """Make an edit; Plex leaves out what is gone meanwhile.

        Returns:
            The keys that Plex said it does not know; of a batch it never says.

        Raises:
            PlexUnreachable: Whether all of it arrived is not known.
            PlexRefused: The server does not do such a thing.
        """
        usual = self._most
        # A tag that is given comes beside a rating, which counts already.
        is_beside = edit.rates or bool(edit.adds)
        gone: list[int] = []
        try:
            for part in self._parts(edit):
                if part.rates and self.capabilities.rating is EditMode.SINGLE:
                    gone += self._rate_singly(part)
                else:
                    self._send(part, is_counted=part.rates or not is_beside)
        except RequestTooLong:
            self._most = usual  # the length was not what was wrong
            raise
        return gone

    def _parts(self, edit: Edit) -> Iterator[Edit]:
        """Divide an edit into what the server takes at once."""
        able = self.capabilities
        if able.tagging is EditMode.UNSUPPORTED:
            edit = replace(edit, adds=())
        apart = edit.rates and edit.tags and able.rating is not able.tagging
        if edit.rates:
            yield replace(edit, adds=(), drops=()) if apart else edit
        if edit.tags and (apart or not edit.rates):
            tagging = replace(edit, rates=False)
            step = 1 if able.tagging is EditMode.SINGLE else len(edit)
            for start in range(0, len(edit), step):
                yield tagging.take(slice(start, start + step))

    def _rate_singly(self, edit: Edit) -> list[int]:
        gone = []
        for at, key in enumerate(edit.key.tolist()):
            self.ensure_lease()
            try:
                with self._throttle.timed((edit.level, edit.tags), 1):
                    self._gateway.rate_one(key, edit.points)
                    if edit.tags:
                        self.ensure_lease()
                        one = edit.take(slice(at, at + 1))
                        self._gateway.edit(replace(one, rates=False))
            except NotThere:
                gone.append(key)
        return gone

    def _send(self, edit: Edit, *, is_counted: bool) -> None:
        """Send an edit in as few requests as the server takes."""
        guards = self.capabilities.has_conditional_edits
        for start in range(0, len(edit), self._most):
            part = edit.take(slice(start, start + self._most))
            size = len(part)
            kind = part.level, part.rates, part.tags, size.bit_length()
            self.ensure_lease()
            try:
                with self._throttle.timed(kind, size if is_counted else 0):
                    self._gateway.edit(part, conditional=guards)
            except RequestTooLong:
                if size == 1:
                    raise
                self._most = size // 2
                self._send(edit.take(slice(start, None)), is_counted=is_counted)
                return
