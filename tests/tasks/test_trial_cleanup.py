"""A trial that breaks off is made good, whenever what it sent arrives."""

from contextlib import contextmanager

import pytest

from engine.errors import PlexUnreachable
from engine.library import Level
from tasks.commands.undo import Selection, undo
from tasks.sync.capability_probe import CANARY
from tasks.sync.reconcile import read_and_reconcile
from tasks.sync.record_lookup import recorded
from tasks.sync.trial_cleanup import FIRST
from tests.state_machine.accounts import TAG
from tests.state_machine.plain_runs import infer_plainly
from tests.tasks.trials import bench_at, intended, plex, spoil, state, tried

__all__ = ["bench_at", "plex"]


@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
@pytest.mark.parametrize("turn", range(6))
def test_a_trial_that_breaks_off_leaves_nothing_that_undo_does_not_find(
    plex, bench_at, fault, turn
):
    before = state(plex)
    with bench_at(plex) as context:
        spoil(plex, fault, **{"from": turn, "times": 1})
        try:
            tried(context)
        except PlexUnreachable:
            plex.faults.set([])
            tried(context)
        infer_plainly(context)
        undo(context, Selection())

    assert state(plex) == before


@contextmanager
def late_trial(plex, context):
    """Break a trial off; what it sent arrives when the block is done."""
    spoil(plex, "reset_before", **{"from": 1, "times": 1})
    with pytest.raises(PlexUnreachable):
        tried(context)
    plex.faults.set([])
    yield
    late = [
        row.key for level in Level for row in recorded(context.store, level).in_doubt
    ]
    assert len(late) == 2
    for item in map(plex.world.find, late):
        plex.world.rate(item, FIRST)
        plex.world.add_tags(item, "mood", [CANARY, TAG])


def test_a_trial_that_arrives_when_it_was_given_back_is_given_back_again(
    plex, bench_at
):
    before = state(plex)
    with bench_at(plex) as context:
        with late_trial(plex, context):
            read_and_reconcile(context)
            assert state(plex) == before
        seen = state(plex)

        read_and_reconcile(context)

        assert seen != state(plex) == before
        assert intended(context) == []


def test_what_a_run_rated_meanwhile_is_rated_anew_after_a_late_trial(plex, bench_at):
    with bench_at(plex) as context:
        with late_trial(plex, context):
            infer_plainly(context)
            before = state(plex)

        infer_plainly(context)

        assert state(plex) == before
        assert infer_plainly(context) == []
