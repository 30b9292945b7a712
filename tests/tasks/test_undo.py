"""Undo leaves no tag behind, whatever Plex does to the items meanwhile."""

from engine.planning.undo_plan import Selection
from tasks.commands.undo import undo
from tests.state_machine.plain_runs import infer_plainly
from tests.tasks.first_batches import TAG, plex, run_at, state

__all__ = ["plex", "run_at"]


def test_an_item_that_is_scanned_anew_during_an_undo_loses_its_tag(
    plex, run_at, monkeypatch
):
    with run_at(plex) as context:
        infer_plainly(context)
        world = plex.world
        moved = next(
            item
            for item in reversed(list(world.items()))
            if TAG in item.tags.get("mood", []) and not item.is_local
        )
        edit = context.gateway.edit

        def meanwhile(*args, **named):
            monkeypatch.undo()
            world.rekey(moved)
            world.rate(moved, 3.0)
            edit(*args, **named)

        monkeypatch.setattr(context.gateway, "edit", meanwhile)
        undo(context, Selection())

    bearing_now = {key for key, (_, moods, _) in state(plex).items() if TAG in moods}
    assert bearing_now == set()
    assert state(plex)[moved.key][0] == 3.0
