"""A rating that cannot be read is never touched, and stays on record if it is ours."""

from collections.abc import Callable
from typing import Any

import pytest

from engine.edits import Capabilities
from engine.library import Level
from engine.reports.run_report import LettersFailed
from tasks.commands.recover import recover
from tasks.sync.record_lookup import recorded
from tests.simulator.process import Simulator
from tests.state_machine.plain_runs import infer_plainly, undo_plainly
from tests.tasks.building import item_in
from tests.tasks.odd_items import (
    UNREADABLE,
    before,
    everything_inferred,
    plex,
    record,
    sample,
    state_of,
)
from tests.tasks.setup import context_for

__all__ = ["before", "everything_inferred", "plex", "record", "sample"]

TAG = "Rating_Inferred"
SOME = ("-1", "10.2", "nan")
"""Of the unreadable ratings; all of them stop no command (test_odd_items)."""


@pytest.mark.parametrize("kind", SOME)
def test_a_rating_of_ours_that_cannot_be_read_stays_until_it_can(
    plex, record, before, sample, kind
):
    UNREADABLE[kind](plex, sample)
    key = sample["track"]
    ours = state_of(plex)[key]

    with context_for(plex, record) as context:
        infer_plainly(context)
        done = undo_plainly(context)
        kept = [row.key for level in Level for row in context.store.shadows(level)]
    left = state_of(plex)
    plex.set_attributes(key)
    with context_for(plex, record) as context:
        again = undo_plainly(context)

    assert len(done.unreadable) == 1
    assert f"({key})" in done.unreadable[0]
    assert (done.failed, done.gone, kept) == (0, 0, [key])
    assert left == before | {key: ours}
    assert (again.undone, again.unreadable) == (1, [])
    assert state_of(plex) == before


@pytest.mark.parametrize("kind", SOME)
def test_a_rating_that_cannot_be_read_is_a_persons_and_no_evidence(
    plex, record, before, sample, kind
):
    with context_for(plex, record) as context:
        undo_plainly(context)
    key = sample["track"]
    plex.rate(key, 10.0)
    plex.set_attributes(key, userRating=kind)

    with context_for(plex, record) as context:
        infer_plainly(context)
        (row,) = context.store.shadows(
            Level.ALBUM, [item_in(plex, sample["album"])["guid"]]
        )
        recovered = recover(context)
        done = undo_plainly(context)

    assert row.phase == 3  # from the artist: the track said nothing of its album
    assert recovered.recovered == 0
    assert done.unreadable == []
    assert state_of(plex) == before | {key: (10.0, *before[key][1:])}


def test_a_tagged_rating_that_cannot_be_read_is_neither_adopted_nor_swept(
    plex, record, sample
):
    key = sample["track"]
    plex.mood(key, add=TAG, lock=False)
    stands = state_of(plex)[key]
    plex.set_attributes(key, userRating="10.2")
    record.unlink()

    with context_for(plex, record) as context:
        recovered = recover(context)
        undo_plainly(context)

    assert [f"({key})" in name for name in recovered.unreadable] == [True]
    assert state_of(plex)[key] == stands


def test_a_rating_that_becomes_unreadable_before_it_is_written_is_left_alone(
    plex, record, sample
):
    key = sample["track"]
    plex.rate(key, None)
    with context_for(plex, record) as context:
        lay_trap = LookTrap(plex, key, context.gateway.fetch_items)
        context.gateway.fetch_items = lay_trap
        planned = infer_plainly(context)

    guid = item_in(plex, key)["guid"]
    assert guid in {planned_guid for _, planned_guid, _ in planned}
    assert item_in(plex, key)["userRating"] is None


class LookTrap:
    """Has Plex send nonsense from the first look at an item on."""

    def __init__(self, plex: Simulator, key: int, look: Callable[..., Any]) -> None:
        self._plex, self._key, self._look = plex, key, look

    def __call__(self, keys: Any) -> Any:
        """Look."""
        self._plex.set_attributes(self._key, userRating="10.2")
        return self._look(keys)


def test_a_promise_is_neither_kept_nor_dropped_while_its_rating_cannot_be_read(
    plex, record, sample, order
):
    key = sample["track"]
    plex.rate(key, None)
    order("reset_after", {"method": "PUT", "path": "userRating"})
    with (
        context_for(plex, record, Capabilities()) as context,
        pytest.raises(LettersFailed),
    ):
        infer_plainly(context)
    plex.faults([])
    plex.set_attributes(key, userRating="nan")
    with context_for(plex, record, Capabilities()) as context:
        planned = infer_plainly(context)
        open_ones = [row.key for row in recorded(context.store, Level.TRACK).expected]
    plex.set_attributes(key)
    with context_for(plex, record, Capabilities()) as context:
        infer_plainly(context)
        settled = [row.key for row in context.store.shadows(Level.TRACK)]

    assert planned == []
    assert open_ones == [key]
    assert key in settled
