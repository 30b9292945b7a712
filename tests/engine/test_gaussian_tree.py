"""The Gaussian tree gives the numbers that anybody can compute by hand."""

import numpy as np
import pytest

from engine.hierarchical.gaussian_tree import (
    Prior,
    Ratings,
    Shares,
    posterior_of,
    sums_of,
    views,
)

FOUR = Ratings(
    points=np.array([8.0, 9.0, 6.0, 4.0]),
    numbers=np.ones((4, 1)),
    weight=np.ones(4),
    place=np.array([0, 0, 1, 2]),
    branch=np.array([0, 0, 0, 1]),
    is_direct=np.zeros(4, np.bool_),
)
PRIOR = Prior(np.array([7.0]), np.array([1.0]), 1.7, 1.5)

BY_HAND = [
    (
        (0.3, 0.2),
        (-9.216214, 6.441296, 3.344413),
        ((7.006073, 5.708907), (0.826089, 1.067808)),
        (7.670040, 6.718623, 5.220648, 5.708907),
        (1.501477, 1.580555, 1.652792, 1.865825),
    ),
    (
        (0.0, 0.25),
        (-9.337269, 6.652174, 3.197164),
        ((6.652174, 6.652174), (0.833688, 0.833688)),
        (7.391304, 6.489130, 5.989130, 6.652174),
        (1.768519, 1.840733, 1.840733, 1.972866),
    ),
    (
        (0.6, 0.1),
        (-9.350135, 6.312883, 3.966588),
        ((7.288344, 4.925153), (0.731688, 1.069003)),
        (7.773006, 6.966258, 4.693865, 4.925153),
        (1.273069, 1.337391, 1.459547, 1.652090),
    ),
]


@pytest.mark.parametrize(("shares", "common", "artists", "albums", "new"), BY_HAND)
def test_everything_is_as_computed_by_hand(shares, common, artists, albums, new):
    own = Shares(*shares, 1 - sum(shares))
    sums = sums_of(FOUR)

    found = posterior_of(sums, own, PRIOR)
    vectors, variance = views(sums, own)

    values = (found.log_evidence, found.slopes[0], found.variance)
    assert values == pytest.approx(common, abs=6e-7)
    off = 1 - vectors[:, 1]
    mean = vectors[:, 0] + off * found.slopes[0]
    variance = variance + off**2 * found.covariance[0, 0]
    # three rated albums, then two artists: their unrated albums are as they are
    assert mean[[0, 1, 2, 4]] == pytest.approx(albums, abs=6e-7)
    deviations = np.sqrt(found.variance * (variance[[0, 1, 2, 4]] + own.own))
    assert deviations == pytest.approx(new, abs=6e-7)
    assert mean[3:5] == pytest.approx(artists[0], abs=6e-7)
    deviations = np.sqrt(found.variance * (variance[3:5] - own.album))
    assert deviations == pytest.approx(artists[1], abs=6e-7)
