"""What is expected of a rated track without its rating, against taking it away."""

import numpy as np
import pytest

from engine.evaluation.cross_validation import without
from engine.hierarchical.fitting import TREE_ONLY, USUAL, fit
from engine.hierarchical.leave_one_out import left_out
from engine.hierarchical.model import FittedLibrary, predict_tracks
from tests.engine.parts import part_of, random_library


def really_left_out(part, row, assumed):
    """Take a rating away, learn anew, and guess it."""
    one = np.array([row])
    known = without(part, one)
    found = predict_tracks(FittedLibrary.of(known, fit(known, assumed)), one)
    return found.mean[0], found.sd[0]


@pytest.mark.parametrize("assumed", [TREE_ONLY, USUAL])
@pytest.mark.parametrize("seed", [0, 1, 4])
def test_it_is_nearly_as_if_the_rating_had_never_been_given(seed, assumed):
    part = part_of(random_library(seed, columns=assumed is USUAL))
    rows = np.flatnonzero(~np.isnan(part.tracks.evidence))
    survey = FittedLibrary.of(part, fit(part, assumed))

    expected, sd = left_out(survey, rows)

    exact = np.array([really_left_out(part, row, assumed) for row in rows])
    assert len(rows) > 10
    assert np.abs(expected - exact[:, 0]).mean() < 0.2
    assert np.corrcoef(expected, exact[:, 0])[0, 1] > 0.95
    assert sd == pytest.approx(exact[:, 1], rel=0.25)
