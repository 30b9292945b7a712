"""A rating that cannot be read is never touched, and stays on record if it is ours."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.edits import Capabilities
from engine.errors import PlexUnreachable
from engine.library import Level
from engine.planning.undo_plan import Selection
from tasks.commands.recover import recover
from tasks.commands.undo import undo
from tasks.sync.record_lookup import recorded
from tests.simulator.process import Simulator
from tests.state_machine.plain_runs import infer_plainly
from tests.tasks.building import item_in
from tests.tasks.odd_items import UNREADABLE, state_of
from tests.tasks.setup import context_for

TAG = "Rating_Inferred"


@pytest.fixture
def plex() -> Iterator[Simulator]:
    """A Plex of a test's own."""
    with Simulator.start(synthetic=60) as simulator:
        yield simulator


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_rating_of_ours_that_cannot_be_read_stays_until_it_can(
    plex, record, before, inferred, kind
):
    UNREADABLE[kind](plex, inferred)
    key = inferred["track"]
    ours = state_of(plex)[key]

    with context_for(plex, record) as context:
        infer_plainly(context)
        done = undo(context, Selection())
        kept = [row.key for level in Level for row in context.store.shadows(level)]
    left = state_of(plex)
    plex.set_attributes(key)
    with context_for(plex, record) as context:
        again = undo(context, Selection())

    assert len(done.unreadable) == 1
    assert f"({key})" in done.unreadable[0]
    assert (done.failed, done.gone, kept) == (0, 0, [key])
    assert left == before | {key: ours}
    assert (again.undone, again.unreadable) == (1, [])
    assert state_of(plex) == before


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_rating_that_cannot_be_read_is_a_persons_and_no_evidence(
    plex, record, before, inferred, kind
):
    with context_for(plex, record) as context:
        undo(context, Selection())
    key = inferred["track"]
    plex.rate(key, 10.0)
    plex.set_attributes(key, userRating=kind)

    with context_for(plex, record) as context:
        infer_plainly(context)
        (row,) = context.store.shadows(
            Level.ALBUM, [item_in(plex, inferred["album"])["guid"]]
        )
        recovered = recover(context)
        done = undo(context, Selection())

    assert row.phase == 3  # from the artist: the track said nothing of its album
    assert recovered.recovered == 0
    assert done.unreadable == []
    assert state_of(plex) == before | {key: (10.0, *before[key][1:])}


def test_a_tagged_rating_that_cannot_be_read_is_neither_adopted_nor_swept(
    plex, record, inferred
):
    key = inferred["track"]
    plex.mood(key, add=TAG, lock=False)
    stands = state_of(plex)[key]
    plex.set_attributes(key, userRating="10.2")
    record.unlink()

    with context_for(plex, record) as context:
        recovered = recover(context)
        undo(context, Selection())

    assert [f"({key})" in name for name in recovered.unreadable] == [True]
    assert state_of(plex)[key] == stands


def test_a_rating_that_becomes_unreadable_before_it_is_written_is_left_alone(
    plex, record, inferred
):
    key = inferred["track"]
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
    plex, record, inferred, order
):
    key = inferred["track"]
    plex.rate(key, None)
    order("reset_after", {"method": "PUT", "path": "userRating"})
    with (
        context_for(plex, record, Capabilities()) as context,
        pytest.raises(PlexUnreachable),
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
