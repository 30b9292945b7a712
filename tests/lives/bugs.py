"""Ten faults that our own code could have, to see that lives find each of them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine import ownership, rating_scale
from engine.ownership import RecordView
from tasks.commands import undo
from tasks.plex.client import PlexGateway
from tasks.record.lease import Lease
from tasks.record.store import ShadowStore
from tasks.sync import capability_probe, letter_writer, reconcile, record_lookup
from tasks.sync.record_lookup import Recorded

Patch = pytest.MonkeyPatch


def intent_after_write(patch: Patch) -> None:
    """Record what is to be written when Plex has accepted it."""
    record, acknowledge = ShadowStore.record_intents, ShadowStore.acknowledge
    waiting: list[tuple[Any, ...]] = []

    def later(_self: ShadowStore, *intent: Any) -> None:
        waiting.append(intent)

    def both(self: ShadowStore, batch: Any, now: float) -> None:
        for intent in waiting:
            record(self, *intent)
        waiting.clear()
        acknowledge(self, batch, now)

    patch.setattr(ShadowStore, "record_intents", later)
    patch.setattr(ShadowStore, "acknowledge", both)


def no_confirm(patch: Patch) -> None:
    """Never turn an intent that Plex shows into a rating of ours."""
    patch.setattr(ShadowStore, "confirm", lambda *_: None)


def dates_by_order(patch: Patch) -> None:
    """Take only a later date than ours for a person's."""
    right = ownership.owners

    def wrong(rating: Any, rated_at: Any, record_view: RecordView) -> Any:
        later = np.maximum(rated_at, record_view.seen_at)
        return right(rating, np.where(rated_at > 0, later, rated_at), record_view)

    patch.setattr(ownership, "owners", wrong)
    patch.setattr(record_lookup, "owners", wrong)
    patch.setattr(undo, "owners", wrong)


def tag_after_rating(patch: Patch) -> None:
    """Rate first, and give the tag when all is rated."""
    writer = letter_writer._Writer  # noqa: SLF001
    tag, write = writer._tag, writer._write_until  # noqa: SLF001
    waiting: list[Any] = []

    def later(_self: Any, affected_items: Any) -> bool:
        waiting.append(affected_items)
        return False

    def both(self: Any, *args: Any, **facts: Any) -> Any:
        left = write(self, *args, **facts)
        tag(self, waiting.pop())
        return left

    patch.setattr(writer, "_tag", later)
    patch.setattr(writer, "_write_until", both)


def undo_without_ownership(patch: Patch) -> None:
    """Take back whatever is on record, whoever rated it since."""
    patch.setattr(undo, "is_ours", lambda owner: np.ones(len(owner), np.bool_))


def lease_ignored(patch: Patch) -> None:
    """Write although another run has taken over."""
    patch.setattr(Lease, "check", lambda _: None)


def filter_believed(patch: Patch) -> None:
    """Take all that a server lists for what was asked for."""
    patch.setattr(PlexGateway, "_bearing_tag", lambda _self, _level, keys: keys)


def rounding_forgotten(patch: Patch) -> None:
    """Compare ratings to the last digit."""
    patch.setattr(rating_scale, "TOLERANCE", 1e-9)


def followed_by_key_only(patch: Patch) -> None:
    """Know items by their keys, which a re-scan changes, and not by their guids."""
    view = record_lookup.record_view_of

    def by_key(items: Any, known: Recorded) -> RecordView:
        keys = set(items.key.tolist())
        shadows = [row for row in known.shadows if row.key in keys]
        intents = [row for row in known.intents if row.key in keys]
        return view(items, Recorded(shadows, intents, known.now))

    patch.setattr(record_lookup, "moves", lambda *_: [])
    for module in (record_lookup, reconcile, letter_writer, capability_probe, undo):
        patch.setattr(module, "record_view_of", by_key)


def retry_without_look(patch: Patch) -> None:
    """Go by what items were like when a run saw them first."""
    fetch = PlexGateway.fetch_items
    seen: dict[tuple[int, Any], Any] = {}

    def stale(self: PlexGateway, keys: Any) -> Any:
        known = id(self), tuple(np.asarray(keys).tolist())
        if known not in seen:
            seen[known] = fetch(self, keys)
        return {level: replace(look) for level, look in seen[known].items()}

    patch.setattr(PlexGateway, "fetch_items", stale)


BUGS: Mapping[str, Callable[[Patch], None]] = {
    bug.__name__: bug
    for bug in (
        intent_after_write,
        no_confirm,
        dates_by_order,
        tag_after_rating,
        undo_without_ownership,
        lease_ignored,
        filter_believed,
        rounding_forgotten,
        followed_by_key_only,
        retry_without_look,
    )
}
