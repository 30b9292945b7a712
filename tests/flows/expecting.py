"""What a run must write, whatever disturbs it: told before anything does."""

import os
from pathlib import Path
from typing import Any

import pytest

from engine.library import Level
from tasks.runtime.context import open_run
from tests.flows.listener import Ratings, ratings, tagged
from tests.oracle import expected_ratings
from tests.simulator.process import Simulator
from tests.state_machine.accounts import settings_for
from tests.state_machine.plain_runs import infer_plainly

CLASSIC = "classic"


def model() -> str:
    """Return the model with which all stories are told: PLEXBAYES_MODEL."""
    return os.environ.get("PLEXBAYES_MODEL", CLASSIC)


def inferred(plex: Simulator) -> Ratings:
    """Return ratingKey → points for every item that a run would rate now.

    The classic model is held against an independent reading of its rules.
    Another one is asked itself, in calm: no flow, no record, no write.
    """
    if model() == CLASSIC:
        return expected_ratings(plex.dump())
    settings = settings_for(plex.url, Path("none.db"), model=model())
    with open_run(settings, "calm", live=False) as context:
        planned = infer_plainly(context)
    points = {(level, guid): value for level, guid, value in planned}
    dump = plex.dump()
    return {
        item["ratingKey"]: points[level.word, item["guid"]]
        for level in Level
        for item in dump[f"{level.word}s"]
        if (level.word, item["guid"]) in points
    }


def expect_inferred(
    after: dict[str, Any], before: dict[str, Any], expected: Ratings
) -> None:
    """Expect what was rated before, what is inferred, and the tag on just that."""
    assert ratings(after) == pytest.approx(ratings(before) | expected, abs=0.011)
    assert tagged(after) == set(expected)
