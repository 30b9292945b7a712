"""Commands do what they did when they were recorded, request by request."""

import json

import pytest

from tests.flows.recorded_runs import GOLDEN, LIVES, played


@pytest.mark.parametrize("life", LIVES)
def test_runs_are_as_they_were_recorded(life):
    recorded = json.loads(GOLDEN.read_text("utf-8"))[life]

    for run, before in zip(played(life), recorded, strict=True):
        assert run == before
