"""With SPREAD, a run draws guesses as far apart as the listener's own ratings."""

import numpy as np
import pytest

from engine.planning.undo_plan import Selection
from tasks.commands.undo import undo
from tests.simulator.plex import Plex
from tests.simulator.synthetic import make_library
from tests.simulator.world import World
from tests.state_machine.plain_runs import infer_plainly
from tests.tasks.first_batches import run_at, state

__all__ = ["run_at"]


def tracks(plex):
    return {item.key for item in plex.world.items() if item.kind == 10}


def deviation(values):
    return float(np.std([one for one in values if one is not None]))


@pytest.mark.parametrize("model", ["classic", "hierarchical"])
def test_guesses_are_as_far_apart_as_ratings_and_stay_where_they_are(run_at, model):
    plex = Plex(make_library(World(), 300, seed=6))
    before = {key: rating for key, (rating, _, _) in state(plex).items()}
    with run_at(plex, model=model, spread=1) as context:
        planned = infer_plainly(context)
    after = {key: rating for key, (rating, _, _) in state(plex).items()}
    with run_at(plex, "again", model=model, spread=1) as context:
        again = infer_plainly(context)
    with run_at(plex, "undo", model=model) as context:
        undo(context, Selection())

    mine = [before[key] for key in tracks(plex)]
    ours = [after[key] for key in tracks(plex) if before[key] is None]
    assert planned
    assert deviation(ours) == pytest.approx(deviation(mine), rel=0.15)
    assert again == []
    assert {key: rating for key, (rating, _, _) in state(plex).items()} == before
