"""How changes get into Plex: in few requests where the server can be trusted."""

from collections.abc import Iterator
from dataclasses import replace

from engine.edits import Capabilities, Edit, EditMode
from engine.errors import NotThere, RequestTooLong
from engine.planning.batches import MOST_IDS
from tasks.plex.client import PlexGateway
from tasks.plex.throttle import Throttle

FEW = 5
"""Items that are rated one by one before they are looked at anew."""


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

    @property
    def at_once(self) -> int:
        """How many items go by one look: few if each takes a request of its own."""
        return FEW if self.capabilities.rating is EditMode.SINGLE else self._most

    def apply(self, edit: Edit) -> None:
        """Make an edit; Plex leaves out what is gone meanwhile.

        Raises:
            PlexUnreachable: Whether all of it arrived is not known.
            PlexRefused: The server does not do such a thing.
        """
        usual = self._most
        # A tag that is given comes beside a rating, which counts already.
        is_beside = edit.rates or bool(edit.adds)
        try:
            for part in self._parts(edit):
                if part.rates and self.capabilities.rating is EditMode.SINGLE:
                    self._rate_singly(part)
                else:
                    self._send(part, is_counted=part.rates or not is_beside)
        except RequestTooLong:
            self._most = usual  # the length was not what was wrong
            raise

    def _parts(self, edit: Edit) -> Iterator[Edit]:
        """Divide an edit into what the server takes at once."""
        able = self.capabilities
        if able.tagging is EditMode.UNSUPPORTED:
            edit = replace(edit, adds=())
        apart = edit.rates and edit.tags and able.rating is not able.tagging
        if edit.rates:
            yield replace(edit, adds=(), drops=()) if apart else edit
        if edit.tags and (apart or not edit.rates):
            yield from self._retagging(replace(edit, rates=False))

    def _retagging(self, edit: Edit) -> Iterator[Edit]:
        step = 1 if self.capabilities.tagging is EditMode.SINGLE else len(edit)
        for start in range(0, len(edit), step):
            yield edit.take(slice(start, start + step))

    def _rate_singly(self, edit: Edit) -> None:
        for at, key in enumerate(edit.key.tolist()):
            try:
                with self._throttle.timed((edit.level, edit.tags), 1):
                    self._gateway.rate_one(key, edit.points)
                    if edit.tags:
                        one = edit.take(slice(at, at + 1))
                        self._gateway.edit(replace(one, rates=False))
            except NotThere:
                continue

    def _send(self, edit: Edit, *, is_counted: bool) -> None:
        """Send an edit in as few requests as the server takes."""
        for start in range(0, len(edit), self._most):
            part = edit.take(slice(start, start + self._most))
            try:
                items = len(part) if is_counted else 0
                with self._throttle.timed(_kind(part), items):
                    self._gateway.edit(
                        part,
                        conditional=self.capabilities.has_conditional_edits,
                    )
            except RequestTooLong:
                if len(part) == 1:
                    raise
                self._most = len(part) // 2
                self._send(edit.take(slice(start, None)), is_counted=is_counted)
                return


def _kind(edit: Edit) -> tuple[int, ...]:
    """Tell requests apart that take Plex more or less time."""
    return edit.level, edit.rates, edit.tags, len(edit).bit_length()
