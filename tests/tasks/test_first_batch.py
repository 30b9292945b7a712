"""The first batch of a run is ours and undone like the rest, even if it breaks off."""

from contextlib import suppress

import pytest

from engine.errors import LibraryChanging, PlexUnreachable
from engine.planning.undo_plan import Selection
from tasks.commands.undo import undo
from tests.state_machine.accounts import served
from tests.state_machine.plain_runs import infer_plainly
from tests.tasks.first_batches import moody_world, plex, run_at, spoil, state, tried

__all__ = ["plex", "run_at"]


def test_the_first_batch_is_part_of_the_run(plex, run_at):
    before = state(plex)
    with run_at(plex) as context:
        infer_plainly(context)
        again = infer_plainly(context)
        undo(context, Selection())

    assert again == []
    assert state(plex) == before


def test_a_person_who_rates_the_very_items_comes_first(plex, run_at, monkeypatch):
    with run_at(plex) as context:
        rate_one = context.gateway.rate_one

        def meanwhile(key, points):
            rate_one(key, points)
            item = plex.world.find(key)
            plex.world.clock.tick()
            plex.world.rate(item, 10.0)

        monkeypatch.setattr(context.gateway, "rate_one", meanwhile)
        with pytest.raises(LibraryChanging):
            tried(context)
        monkeypatch.undo()
        infer_plainly(context)
        undo(context, Selection())

    tens = [r for r, _, _ in state(plex).values() if r == 10.0]
    assert len(tens) == 1


@pytest.mark.parametrize("floats", ["exact", "one-decimal"])
@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
@pytest.mark.parametrize("turn", range(7))
@pytest.mark.parametrize("ends", [False, True])
def test_a_first_batch_that_breaks_off_is_ours_and_taken_back(
    run_at, floats, fault, turn, ends
):
    with served(moody_world(), floats=floats) as plex:
        before = state(plex)
        with run_at(plex) as context:
            spoil(plex, fault, **{"from": turn, "times": 1})
            with suppress(PlexUnreachable):
                tried(context)
            plex.faults.set([])
            if not ends:
                infer_plainly(context)
                undo(context, Selection())
        if ends:  # the process died, and another one comes
            with run_at(plex, "run 2") as context:
                infer_plainly(context)
                again = infer_plainly(context)
                undo(context, Selection())
            assert again == []

        assert state(plex) == before
